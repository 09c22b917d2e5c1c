"""Budgets over all partitions, from events on Kafka to what a web server answers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from docs.examples.shop_app import shop
from tests.end_to_end.conftest import Weir
from tests.end_to_end.observed import records
from weir.asgi.middleware import App, Message
from weir.topics import FLAGS, LIMITS, SCORES, Topic

pytestmark = pytest.mark.kafka
LIMITS_FILE = """
version: "1"
budgets:
  - {id: visitor-requests, kind: visitor, capacity: 40, refill_per_s: 0.5, reason: Too fast for a person.}
  - {id: address-requests, kind: address, capacity: 60, refill_per_s: 0.5, reason: Too many for an office.}
  - {id: account-logins, kind: account, capacity: 10, refill_per_s: 0.01, default_cost: 0, costs: {login: 1},
     reason: Somebody tries passwords.}
distinct:
  - {id: account-addresses, kind: account, of: addresses, at_most: 20, reason: One account in too many places.}
networks:
  - {id: office, treat: shared, ranges: [192.0.2.0/24], reason: Hundreds of people.}
  - {id: searchbot, treat: crawler, user_agent: SearchBot, ranges: [203.0.113.0/24], reason: It may.}
"""
BOT_PREFIX = "2001:db8:bad:1"
SCANNER_URL = "/?q=%27%20UNION%20SELECT%20password%20FROM%20users--"


def written(file: Path, events: Iterable[dict[str, Any]]) -> Path:
    lines = sorted(events, key=lambda event: float(event["ts"]))
    file.write_text("".join(json.dumps({"event_id": f"e{n}", **line}) + "\n" for n, line in enumerate(lines)))
    return file


def traffic(now_s: float) -> Iterator[dict[str, Any]]:
    """Half a minute of a shop, seven kinds of visitors in it."""

    def event(visitor: str, at_s: float, ip: str, **fields: object) -> dict[str, Any]:
        return {"visitor_id": visitor, "ts": now_s - 30.0 + at_s, "type": "page_view", "url": "/", "ip": ip, **fields}

    for number in range(300):
        at_s = number / 10.0
        # Drops its cookie each time, and moves within its prefix.
        yield event(f"dropper-{number}", at_s, f"{BOT_PREFIX}::{number:x}")
        # Keeps its cookie.
        yield event("hurried", at_s, "198.51.100.1")
        # An office: many people, none of them fast.
        yield event(f"colleague-{number % 30}", at_s, "192.0.2.7")
        yield event(f"crawl-{number}", at_s, "203.0.113.9", user_agent="SearchBot/1.0")
        yield event(f"false-crawl-{number}", at_s, "203.0.112.9", user_agent="SearchBot/1.0")
        if number % 5 == 0:
            # Tries passwords of one account from ever new addresses.
            login = {"type": "login", "account_id": "victim"}
            yield event(f"stuffer-{number}", at_s, f"198.18.{number % 250}.{number // 5}", **login)
    yield event("scanner", 1.0, "198.51.100.3", url=SCANNER_URL)
    # Time goes on: the windows end in every partition.
    for number in range(200):
        yield event(f"later-{number}", 29.5 + number / 400.0, f"198.51.100.{100 + number % 100}")


def values(weir: Weir, topic: Topic) -> list[dict[str, Any]]:
    return [json.loads(record.value) for record in records(weir.settings, topic) if record.value]


def over(weir: Weir) -> set[tuple[str, str, str]]:
    return {(limit["kind"], limit["subject"], limit["limit"]) for limit in values(weir, LIMITS)}


WANTED = {
    ("visitor", "hurried", "visitor-requests"),
    ("address", f"{BOT_PREFIX}::/64", "address-requests"),
    ("address", "203.0.112.9", "address-requests"),
    ("account", "victim", "account-logins"),
    ("account", "victim", "account-addresses"),
}


async def statuses(app: App, clients: dict[str, tuple[str, str, str]]) -> dict[str, tuple[int, str | None]]:
    """What each client is answered: status and Retry-After."""
    found = {}
    for name, (visitor, address, user_agent) in clients.items():
        transport = httpx.ASGITransport(app=app, client=(address, 1))
        headers = {"cookie": f"visitor_id={visitor}", "user-agent": user_agent}
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
            answer = await client.get("/", headers=headers)
        found[name] = (answer.status_code, answer.headers.get("retry-after"))
    return found


async def once_it_follows(app: App, clients: dict[str, tuple[str, str, str]]) -> dict[str, tuple[int, str | None]]:
    """What clients are answered by the example's shop, served from its start to its end."""
    starts, said = asyncio.Queue[Message](), asyncio.Queue[Message]()
    served = asyncio.create_task(_serve(app, starts, said))
    starts.put_nowait({"type": "lifespan.startup"})
    assert (await said.get())["type"] == "lifespan.startup.complete"
    deadline = time.monotonic() + 30.0
    while True:
        answers = await statuses(app, clients)
        if (answers["scanner"][0], answers["hurried"][0]) == (403, 429):
            break
        assert time.monotonic() < deadline, answers
        await asyncio.sleep(0.2)
    # All flags and limits are read together: whoever is served now was not named.
    answers = await statuses(app, clients)
    starts.put_nowait({"type": "lifespan.shutdown"})
    await served
    return answers


async def _serve(app: App, starts: asyncio.Queue[Message], said: asyncio.Queue[Message]) -> None:
    await app({"type": "lifespan"}, starts.get, said.put)


@pytest.mark.timeout(900)
def test_limits_over_all_partitions_reach_a_web_server_and_spare_the_office(weir: Weir, tmp_path: Path) -> None:
    file = tmp_path / "limits.yaml"
    file.write_text(LIMITS_FILE)
    weir.start_worker("sessionize,score", WEIR_LIMITS_FILE=str(file))
    weir.run("produce", written(tmp_path / "events.jsonl", traffic(time.time())))
    # A machine that is busy with other tests takes its time to start a worker.
    weir.wait_until(lambda: values(weir, SCORES), "a worker that works")
    weir.wait_until(lambda: over(weir) >= WANTED, "limits of visitors, addresses and accounts")
    weir.wait_until(lambda: any(flag["verdict"] == "block" for flag in values(weir, FLAGS)), "the scanner's flag")
    assert over(weir) == WANTED
    assert not any(flag["visitor_id"].startswith("colleague") for flag in values(weir, FLAGS))

    settings = weir.settings.model_copy(update={"limits_file": file})
    answers = asyncio.run(
        once_it_follows(
            shop(settings),
            {
                "hurried": ("hurried", "198.51.100.1", "Firefox"),
                "dropper": ("new", f"{BOT_PREFIX}::ffff", "Firefox"),
                "neighbour": ("new-too", "2001:db8:bad:2::1", "Firefox"),
                "colleague": ("colleague-1", "192.0.2.7", "Firefox"),
                "crawler": ("crawl-1", "203.0.113.9", "SearchBot/1.0"),
                "impostor": ("false-crawl-1", "203.0.112.9", "SearchBot/1.0"),
                "scanner": ("scanner", "198.51.100.3", "Firefox"),
                "anybody": ("ann", "198.51.100.200", "Firefox"),
            },
        )
    )
    assert {name: status for name, (status, _) in answers.items()} == {
        "hurried": 429,
        "dropper": 429,
        "neighbour": 200,
        "colleague": 200,
        "crawler": 200,
        "impostor": 429,
        "scanner": 403,
        "anybody": 200,
    }
    assert all(1 <= int(after) <= 120 for status, after in answers.values() if status == 429 and after)


@pytest.mark.timeout(900)
def test_sums_of_addresses_survive_a_kill(weir: Weir, tmp_path: Path) -> None:
    """Half of what an address spends in a window lies before the kill, half behind it; neither alone is too much."""
    file = tmp_path / "limits.yaml"
    file.write_text(
        'version: "1"\nbudgets:\n'
        "  - {id: address-requests, kind: address, capacity: 60, refill_per_s: 0.1, reason: Too many for an office.}\n"
    )
    start_s = time.time() // 10.0 * 10.0 - 30.0
    address = "198.51.100.77"

    def part(name: str, first: int) -> Path:
        events = [
            {"visitor_id": f"v{n}", "ts": start_s + n / 100.0, "type": "page_view", "url": "/", "ip": address}
            for n in range(first, first + 50)
        ]
        return written(tmp_path / name, [event | {"event_id": f"{name}-{n}"} for n, event in enumerate(events)])

    worker = weir.start_worker("sessionize,score", WEIR_LIMITS_FILE=str(file))
    weir.run("produce", part("first.jsonl", 0))
    weir.wait_until(lambda: len(values(weir, SCORES)) >= 50, "scores of the first half")
    worker.kill()
    worker.wait()
    weir.start_worker("sessionize,score", WEIR_LIMITS_FILE=str(file))
    weir.run("produce", part("second.jsonl", 50))
    later = [
        {"visitor_id": f"later-{n}", "ts": start_s + 20.0, "type": "page_view", "url": "/", "ip": None}
        for n in range(100)
    ]
    weir.run("produce", written(tmp_path / "later.jsonl", later))
    weir.wait_until(lambda: ("address", address, "address-requests") in over(weir), "the address's limit")
    (limit,) = [one for one in values(weir, LIMITS) if one["subject"] == address]
    assert limit["observed"] >= 90
