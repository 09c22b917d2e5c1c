"""The web application: the routes of all pages and static files, and the middleware."""

from __future__ import annotations

import logging
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from weir.console.access.headers import SafetyHeaders
from weir.console.context import Console
from weir.console.pages import (
    access,
    analyses,
    audit,
    dead_letters,
    events,
    models,
    now,
    review,
    rules,
    sessions,
    system,
)
from weir.console.pages.shared import render

log = logging.getLogger("weir.console")
STATIC = Path(__file__).parent / "static"
PAGES: tuple[BaseRoute, ...] = (
    *now.ROUTES,
    *sessions.ROUTES,
    *review.ROUTES,
    *rules.ROUTES,
    *models.ROUTES,
    *analyses.ROUTES,
    *events.ROUTES,
    *dead_letters.ROUTES,
    *system.ROUTES,
    *audit.ROUTES,
    *access.ROUTES,
)
"""All routes except the static files."""


def make_app(console: Console) -> Starlette:
    """The application of one console."""
    app = Starlette(
        routes=[*PAGES, Mount("/static", StaticFiles(directory=STATIC))],
        middleware=[Middleware(SafetyHeaders, takes_host=console.door.takes_host)],
        exception_handlers={HTTPException: _as_page, Exception: _failed},
    )
    app.state.console = console
    return app


async def _as_page(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    what = {404: "There is no such page.", 405: "This page has no such method.", 413: "Too large."}.get(
        status, "The request failed."
    )
    return render(request.app.state.console, None, "error.html", status, title=what, hint="Continue at the front page.")


async def _failed(request: Request, error: Exception) -> Response:
    log.error("the page %s failed", request.url.path, exc_info=error)
    hint = "The console's log has the details; the other pages still work."
    return render(request.app.state.console, None, "error.html", 500, title="This page failed.", hint=hint)
