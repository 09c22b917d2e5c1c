"""An ASGI middleware that refuses requests by limits and flags, before the application gets them.

    app = WeirMiddleware(app, standing, by_cookie("visitor_id"))

It needs no framework: Starlette, FastAPI, Django and Quart applications are ASGI applications.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

from weir.asgi.standing import Refusal, Standing

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
_TITLES = {429: "Too many requests", 403: "Forbidden"}


@dataclass(frozen=True, slots=True)
class Client:
    """The client of a request, named as in the events; unknown fields are None."""

    visitor: str | None = None
    address: str | None = None
    account: str | None = None
    user_agent: str | None = None


def by_cookie(name: str = "visitor_id") -> Callable[[Scope], Client]:
    """Identifies the visitor by a cookie, and the address by the connection.

    Behind a proxy the connection has the proxy's address. Configure the server to replace it by the client's address,
    from trusted proxies only (uvicorn's `--proxy-headers --forwarded-allow-ips`). This function reads no forwarding
    header, since any client can send one.
    """

    def identify(scope: Scope) -> Client:
        headers = list(scope.get("headers") or ())
        client = scope.get("client")
        return Client(
            visitor=_cookie(headers, name),
            address=client[0] if client else None,
            user_agent=dict(headers).get(b"user-agent", b"").decode("latin-1"),
        )

    return identify


class WeirMiddleware:
    """Refuses with 429 and Retry-After, or with 403; everything else goes to the application.

    Args:
        app: The application.
        standing: The limits and flags in force; a `Follower` updates it.
        identify: Returns the client of a request, with the ids that the site's events have.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        app: App,
        standing: Standing,
        identify: Callable[[Scope], Client] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._standing = standing
        self._identify = identify or by_cookie()
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection."""
        refused = self._refusal(scope) if scope["type"] in {"http", "websocket"} else None
        if refused is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            # The server responds with 403 if a WebSocket is closed before it is accepted.
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _answer(refused, send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        client = self._identify(scope)
        return self._standing.refusal(
            self._clock(),
            visitor=client.visitor,
            address=client.address,
            account=client.account,
            user_agent=client.user_agent,
        )


async def _answer(refused: Refusal, send: Send) -> None:
    headers: Iterable[tuple[bytes, bytes]] = (
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
    )
    if refused.status == 429:  # noqa: PLR2004 -- its name in HTTP
        headers = (*headers, (b"retry-after", b"%d" % max(1, math.ceil(refused.retry_after_s))))
    # The reason of a 403 is not sent: it would show an abusive client how to evade the rule.
    reason = refused.reason if refused.status == 429 else ""  # noqa: PLR2004 -- likewise
    body = json.dumps({"error": _TITLES[refused.status], **({"reason": reason} if reason else {})}).encode()
    headers = (*headers, (b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": refused.status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


def _cookie(headers: Iterable[tuple[bytes, bytes]], name: str) -> str | None:
    """The cookie's value; of several cookies with the name the last one's, as in most frameworks.

    `http.cookies` is not used, since it stops at the first cookie that it can't parse.
    """
    found = None
    for header, value in headers:
        # An HTTP/2 client may send each cookie in a separate header.
        for part in value.decode("latin-1").split(";") if header == b"cookie" else ():
            word, is_given, text = part.strip().partition("=")
            if is_given and word.strip() == name:
                found = text.strip().strip('"')
    return found or None
