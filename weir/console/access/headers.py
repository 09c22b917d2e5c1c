"""An ASGI middleware: refuses foreign hosts, and adds security headers for browsers to every response."""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SOURCES = ("script-src", "style-src", "img-src", "connect-src", "form-action")
POLICY = "; ".join(
    ("default-src 'none'", *(f"{name} 'self'" for name in _SOURCES), "base-uri 'none'", "frame-ancestors 'none'")
)
"""Browsers run only the console's own scripts, and load nothing from other sites."""
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # without any, browsers send forms with the origin `null`
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}

LARGEST_BODY = 1_000_000
"""Most bytes of a form, which is read into memory before its sender is known."""


class SafetyHeaders:
    """The middleware around the whole application.

    Args:
        app: the application.
        takes_host: whether a `Host` header is a name of the console.
    """

    def __init__(self, app: ASGIApp, takes_host: Callable[[str], bool]) -> None:
        self._app = app
        self._takes_host = takes_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        if not self._takes_host(Headers(scope=scope).get("host", "")):
            refused = PlainTextResponse(
                "This console answers on the address that it printed, and on names in console_hosts.\n", 421
            )
            await refused(scope, receive, send_with_headers)
            return
        taken = 0

        async def receive_bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > LARGEST_BODY:
                raise HTTPException(413)
            return message

        await self._app(scope, receive_bounded, send_with_headers)
