from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
from starlette.requests import Request

from tests.support.console import BASE, ConsoleAtHand, console_at_hand
from weir.console.access.attempts import MOST
from weir.console.access.headers import LARGEST_BODY
from weir.console.access.tickets import secret_in
from weir.console.access.users import UserFile
from weir.console.pages import now
from weir.console.pages.now import _events

PASSWORD = "correct horse battery"
TRIES = 20


def test_many_tries_at_once_are_no_more_than_as_many_one_by_one(tmp_path: Path) -> None:
    users = tmp_path / "users.json"
    UserFile(users).add("ana", "operate", PASSWORD)
    with console_at_hand(tmp_path / "console", console_users_file=users) as made:
        answers = asyncio.run(_guess(made))
        assert answers.count(401) == MOST
        assert answers.count(429) == TRIES - MOST


async def _guess(made: ConsoleAtHand) -> list[int]:
    transport = httpx2.ASGITransport(app=made.app, client=("192.0.2.9", 50_000))
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as browser:
        await browser.get("/log-in")
        ticket = made.console.door.tickets.read(browser.cookies["weir-console"])
        assert ticket is not None
        form = {"token": made.console.door.tickets.form_token(ticket), "name": "ana"}
        tries = [browser.post("/log-in", data={**form, "password": f"guess {n}"}) for n in range(TRIES)]
        return [answer.status_code for answer in await asyncio.gather(*tries)]


@pytest.mark.parametrize("wanted", ["http://[", "//[x"])
def test_an_address_to_go_on_to_that_is_none_leads_to_the_front_page(tmp_path: Path, wanted: str) -> None:
    users = tmp_path / "users.json"
    UserFile(users).add("ana", "operate", PASSWORD)
    with console_at_hand(tmp_path / "console", console_users_file=users) as made:
        answer = made.browser.get(f"/log-in?next={quote(wanted)}")
        assert answer.status_code == 200
        assert 'name="next" value="/"' in answer.text


def test_a_form_larger_than_any_of_the_consoles_is_refused(at_hand: ConsoleAtHand) -> None:
    assert at_hand.post("/review/queues", {"name": "x" * LARGEST_BODY}).status_code == 413


def test_a_form_of_another_sites_page_is_refused_whatever_it_calls_itself(at_hand: ConsoleAtHand) -> None:
    form = {"token": at_hand.token(), "action": "a" * 32, "name": "q", "verdict": "block"}
    for origin in ("http://[", "null", "http://evil.example", "http://127.0.0.1:6067.evil.example"):
        answer = at_hand.browser.post("/review/queues", data=form, headers={"origin": origin})
        assert answer.status_code == 403


@pytest.mark.parametrize("left", [b"", b"half"])
def test_a_secret_that_was_not_wholly_written_signs_nothing(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "secret").write_bytes(left)
    made = secret_in(tmp_path)
    assert len(made) >= 32
    assert secret_in(tmp_path) == made
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_who_is_removed_sees_no_more_on_a_page_that_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    users = tmp_path / "users.json"
    file = UserFile(users)
    file.add("ana", "read", PASSWORD)
    monkeypatch.setattr(now, "EVERY_S", 0.01)
    with console_at_hand(tmp_path / "console", console_users_file=users) as made:
        made.browser.get("/log-in")
        made.post("/log-in", {"name": "ana", "password": PASSWORD})
        cookie = f"weir-console={made.browser.cookies['weir-console']}"
        assert asyncio.run(_look_until_removed(made, cookie, file)) > 0


async def _look_until_removed(made: ConsoleAtHand, cookie: str, file: UserFile) -> int:
    async def receive() -> dict[str, object]:
        await asyncio.sleep(3_600)
        return {"type": "http.disconnect"}

    headers = [(b"host", b"127.0.0.1:6067"), (b"cookie", cookie.encode())]
    scope: dict[str, object] = {
        "type": "http",
        "method": "GET",
        "path": "/now/live",
        "query_string": b"",
        "headers": headers,
    }
    scope |= {"app": made.app, "client": ("192.0.2.9", 50_000)}
    seen = 0
    async with asyncio.timeout(20):
        async for _ in _events(made.console, Request(scope, receive), "15m"):
            seen += 1
            if seen == 1:
                file.remove("ana")
    return seen


def test_host_names_are_taken_in_any_case(tmp_path: Path) -> None:
    with console_at_hand(tmp_path / "console", console_hosts=("Console.Example",)) as made:
        assert made.browser.get("/", headers={"host": "console.EXAMPLE:6067"}).status_code == 200
