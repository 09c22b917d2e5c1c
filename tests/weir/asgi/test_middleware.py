from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.weir.asgi.test_standing import NOW_S, flag, limit
from weir.asgi import Standing, WeirMiddleware, by_cookie
from weir.asgi.middleware import Message, Receive, Scope, Send


async def hello(scope: Scope, _receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})
    else:
        await send({"type": f"{scope['type']}.served"})


def asked(standing: Standing, cookie: str | None = "ann", address: str = "192.0.2.1") -> httpx.Response:
    app = WeirMiddleware(hello, standing, clock=lambda: NOW_S)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, client=(address, 1234))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
            return await client.get("/", headers={"cookie": f"visitor_id={cookie}"} if cookie else {})

    return asyncio.run(ask())


def test_who_is_not_named_gets_the_page() -> None:
    answer = asked(Standing())
    assert (answer.status_code, answer.text) == (200, "hello")


def test_who_is_over_a_limit_is_told_when_to_come_back() -> None:
    standing = Standing()
    standing.take_limit(limit(retry_after_s=12.2, until=NOW_S + 99.0), NOW_S)
    answer = asked(standing)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "13")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {"error": "Too many requests", "reason": "Too much."}
    assert asked(standing, "ben").status_code == 200


def test_an_address_over_a_limit_is_refused_without_a_cookie() -> None:
    standing = Standing()
    standing.take_limit(limit("address", "192.0.2.1"), NOW_S)
    assert asked(standing, None).status_code == 429
    assert asked(standing, None, "192.0.2.2").status_code == 200


def test_who_is_blocked_is_not_told_why() -> None:
    standing = Standing()
    standing.take_flag(flag(), NOW_S)
    answer = asked(standing)
    assert (answer.status_code, answer.json()) == (403, {"error": "Forbidden"})
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize(("kind", "sent"), [("lifespan", "lifespan.served"), ("websocket", "websocket.close")])
def test_other_connections_are_served_or_closed(kind: str, sent: str) -> None:
    standing = Standing()
    standing.take_flag(flag(), NOW_S)
    said: list[Message] = []

    async def send(message: Message) -> None:
        said.append(message)

    async def receive() -> Message:
        return {}

    scope = {"type": kind, "headers": [(b"cookie", b"visitor_id=ann")]}
    asyncio.run(WeirMiddleware(hello, standing, clock=lambda: NOW_S)(scope, receive, send))
    assert [message["type"] for message in said] == [sent]


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([b"visitor_id=ann"], "ann"),
        ([b'prefs={"a":1, "b":[2]}; x[1]=2; =; visitor_id="ann"'], "ann"),
        ([b"a=1", b"visitor_id=ann", b"b=2"], "ann"),
        ([b"visitor_id=ben; visitor_id=ann"], "ann"),
        ([b"my_visitor_id=ben; visitor_id"], None),
        ([b"visitor_id="], None),
        ([], None),
    ],
)
def test_the_cookie_is_found_whatever_stands_around_it(headers: list[bytes], found: str | None) -> None:
    assert by_cookie()({"headers": [(b"cookie", value) for value in headers]}).visitor == found


@given(st.binary(max_size=80), st.none() | st.tuples(st.text(max_size=20), st.integers()))
def test_no_header_makes_it_raise(cookie: bytes, client: Any) -> None:  # noqa: ANN401 -- whatever a server gives
    found = by_cookie()({"type": "http", "headers": [(b"cookie", cookie), (b"user-agent", cookie)], "client": client})
    Standing().refusal(NOW_S, visitor=found.visitor, address=found.address, user_agent=found.user_agent)
