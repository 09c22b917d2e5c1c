"""The front page: the live stream, kept up to date by server-sent events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, get_args

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from weir.console.context import Console
from weir.console.html import environment
from weir.console.pages.shared import COOKIE, Visit, as_json, page, render
from weir.console.store.reading import StoreMissingError
from weir.console.store.search import STAGES, VERDICTS
from weir.console.store.totals import RANGES, Range, newest_flagged, open_sessions, over_time, per_s

EVERY_S = 1.0
"""Least seconds between two updates of a page."""
KEEP_ALIVE_S = 15.0
_templates = environment()
_PARTS = ("progress", "numbers", "charts", "flags")


def now(console: Console, visit: Visit) -> Response:
    """The complete page."""
    range_ = _range(visit.query.get("range"))
    values = gather(console, range_)
    if visit.wants_json:
        return as_json(
            {name: value for name, value in values.items() if name in {"outcomes", "open", "lag", "champion"}}
        )
    return render(console, visit, "now.html", ranges=tuple(RANGES), **values)


def gather(console: Console, range_: Range) -> dict[str, Any]:
    """The values that the page shows."""
    now_s = console.clock()
    outcomes = console.workers.outcomes_per_s() or per_s(console.store, "arrived", now_s)
    return {
        "range_": range_,
        "outcomes": outcomes,
        "open": open_sessions(console.store),
        "lag": console.workers.total("weir_lag_records"),
        "workers": console.workers.workers(),
        "champion": champion(console),
        "verdicts": over_time(console.store, "verdict", range_, now_s, VERDICTS),
        "stages": over_time(console.store, "stage", range_, now_s, STAGES),
        "arrived": over_time(console.store, "arrived", range_, now_s),
        "bar_s": RANGES[range_][1],
        "clocks": _clocks(range_),
        "flagged": newest_flagged(console.store),
        "questions": console.store.number("SELECT count(*) FROM questions WHERE answered = 0"),
    }


def champion(console: Console) -> str:
    """The version that scores, in words."""
    if console.installation.ledger is None:
        return "not known: the console has no model key"
    scorer = console.installation.champion.scorer_for("")
    return f"{scorer.ref.id} {scorer.ref.version}" if scorer is not None else "none yet"


async def live(request: Request) -> Response:
    """The parts of the page that changed, as server-sent events, until the browser leaves."""
    console: Console = request.app.state.console
    if not await run_in_threadpool(_is_known, console, request):
        return Response("Log in first.\n", 401, media_type="text/plain")
    range_ = _range(request.query_params.get("range"))
    return StreamingResponse(
        _events(console, request, range_), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
    )


async def _events(console: Console, request: Request, range_: Range) -> AsyncIterator[str]:
    sent: dict[str, str] = {}
    said_s = anyio.current_time()
    # Browsers that lose the connection reconnect after so many milliseconds.
    yield "retry: 2000\n\n"
    while not await request.is_disconnected():
        parts = await run_in_threadpool(_parts, console, range_)
        changed = {name: html for name, html in parts.items() if sent.get(name) != html}
        if changed:
            sent |= changed
            said_s = anyio.current_time()
            yield f"data: {json.dumps(changed)}\n\n"
        elif anyio.current_time() - said_s > KEEP_ALIVE_S:
            said_s = anyio.current_time()
            yield ": still here\n\n"
        await anyio.sleep(EVERY_S)
        if not await run_in_threadpool(_is_known, console, request):
            break


def _is_known(console: Console, request: Request) -> bool:
    """Whether the user still has access: a removed user, or a user whose log-in has ended, has none."""
    ticket = console.door.tickets.read(request.cookies.get(COOKIE))
    address = request.client.host if request.client else ""
    return console.door.person(ticket, request.headers, address) is not None


def _parts(console: Console, range_: Range) -> Mapping[str, str]:
    """The parts of the page; all readers within a second get the same parts."""
    key, at_s = f"now {range_}", console.clock()
    held = console.shown.get(key)
    if held is not None and 0 <= at_s - held[0] < EVERY_S:
        return held[1]
    try:
        values = gather(console, range_)
        parts = {
            name: _templates.get_template(f"now_{name}.html").render(
                now_s=at_s, progress=console.follower.progress, **values
            )
            for name in _PARTS
        }
    except StoreMissingError:
        parts = {}
    console.shown[key] = (at_s, parts)
    return parts


def _range(wanted: str | None) -> Range:
    return next((one for one in get_args(Range) if one == wanted), "15m")


def _clocks(range_: Range) -> Callable[[list[float]], list[str]]:
    form = {"15m": "%H:%M:%S", "24h": "%H:%M", "7d": "%a %H:%M"}[range_]
    return lambda starts_s: [datetime.fromtimestamp(start_s, UTC).strftime(form) for start_s in starts_s]


ROUTES: tuple[BaseRoute, ...] = (page("/", now), Route("/now/live", live, methods=["GET"]))
