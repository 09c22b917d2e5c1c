"""A shop that refuses visitors named by Weir: `uvicorn --factory docs.examples.shop_app:shop`, or any ASGI server."""

from __future__ import annotations

from contextlib import AbstractContextManager

from rules.limits.budgets import load_budgets
from weir.asgi import Follower, Standing, WeirMiddleware, by_cookie
from weir.asgi.middleware import App, Receive, Scope, Send
from weir.networks import Networks
from weir.settings import Settings, load


async def pages(_scope: Scope, _receive: Receive, send: Send) -> None:
    """The shop's own pages."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"Shoes, size 42."})


class Lifespan:
    """Follows limits and flags from the server's start to its end."""

    def __init__(self, app: App, follower: AbstractContextManager[object]) -> None:
        self._app = app
        self._follower = follower

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection, or the server's own start and end."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        await receive()
        with self._follower:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def shop(settings: Settings | None = None) -> App:
    """The application; the cluster and the limits' file are those in Weir's settings."""
    chosen = settings or load()
    budgets = load_budgets(chosen.limits_file)
    standing = Standing(Networks(budgets.networks, budgets.addresses))
    guarded = WeirMiddleware(pages, standing, by_cookie("visitor_id"))
    return Lifespan(guarded, Follower(chosen, standing))
