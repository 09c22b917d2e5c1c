"""People's answers on real Kafka: what they decide, how long, and what a web server makes of it."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.end_to_end.conftest import Weir
from tests.end_to_end.observed import records
from weir.asgi.follow import Follower
from weir.asgi.middleware import App, Receive, Scope, Send, WeirMiddleware
from weir.asgi.standing import Standing
from weir.contracts import Flag
from weir.kafka.bulk_sender import BulkSender
from weir.kafka.records import Output
from weir.topics import ANSWERS, EVENTS, FLAGS

pytestmark = pytest.mark.kafka
SCANNER = "Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)"
ALL = ("sessionize,score,join,train",)
EACH = ("sessionize", "score", "join", "train")


async def _application(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 -- ASGI's
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"served"})


class Site:
    """A site whose visitors are judged, with its web server."""

    def __init__(self, weir: Weir, app: App) -> None:
        self.weir = weir
        self._app = app
        self._sender = BulkSender(weir.settings)
        self._number = 0

    def visit(self, visitor: str, user_agent: str | None = None) -> None:
        """One event of the visitor's, now."""
        self._number += 1
        event = {"event_id": f"e{self._number}", "visitor_id": visitor, "type": "page_view", "ts": time.time()}
        event |= {"url": f"/p/{self._number}"} | ({"user_agent": user_agent} if user_agent else {})
        self._sender.send(Output(EVENTS, visitor.encode(), json.dumps(event).encode()))
        self._sender.flush()

    def label(self, visitor: str, label: str, source: str) -> None:
        """Somebody's answer, now."""
        self.weir.run("labels", "add", "--visitor", visitor, "--label", label, "--source", source)

    def status(self, visitor: str) -> int:
        """What the web server answers to the visitor."""

        async def ask() -> int:
            transport, cookies = httpx.ASGITransport(app=self._app), {"visitor_id": visitor}
            async with httpx.AsyncClient(transport=transport, base_url="http://shop", cookies=cookies) as client:
                return (await client.get("/")).status_code

        return asyncio.run(ask())

    def flags(self, visitor: str) -> list[Flag]:
        """All flags about the visitor."""
        found = (Flag.model_validate_json(one.value or b"") for one in records(self.weir.settings, FLAGS))
        return [flag for flag in found if flag.visitor_id == visitor]

    def last(self, visitor: str) -> tuple[str, str] | None:
        """Verdict and stage of the newest flag."""
        flags = self.flags(visitor)
        return (flags[-1].verdict, flags[-1].stage) if flags else None

    def wait(self, visitor: str, verdict: str, stage: str, status: int) -> None:
        """Until the newest flag says so, and the web server has heard of it."""
        self.weir.wait_until(lambda: self.last(visitor) == (verdict, stage), f"{verdict} by {stage} for {visitor}")
        self.weir.wait_until(lambda: self.status(visitor) == status, f"the answer {status} to {visitor}")


@pytest.fixture
def site(weir: Weir) -> Iterator[Site]:
    standing = Standing()
    with Follower(weir.settings, standing):
        yield Site(weir, WeirMiddleware(_application, standing))


WORKERS = [pytest.param(ALL, id="in one worker"), pytest.param(EACH, id="one worker a stage")]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("workers", WORKERS)
def test_answers_lift_protect_report_and_are_withdrawn_across_a_crash(site: Site, workers: tuple[str, ...]) -> None:
    environment = {
        "WEIR_HUMAN_SOURCES": "ana",
        "WEIR_ANSWER_HOLDS_S": "45",
        "WEIR_BLOCK_HOLDS_S": "3600",
        "WEIR_WEAK_LABELS": "false",
    }

    def start() -> list[Any]:
        return [site.weir.start_worker(stages, **environment) for stages in workers]

    running = start()
    # Heuristics block; a moderator frees.
    site.visit("visitor", SCANNER)
    site.wait("visitor", "block", "heuristics", 403)
    freed_s = time.time()
    site.label("visitor", "good", "ana")
    site.wait("visitor", "allow", "people", 200)
    (flag,) = [one for one in site.flags("visitor") if one.stage == "people"]
    assert flag.reasons[0].answer is not None
    assert (flag.reasons[0].answer.source, flag.until) == ("ana", flag.reasons[0].answer.until)

    # All workers die at once; who was freed stays so.
    for worker in running:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    running = start()
    site.visit("visitor", SCANNER)
    site.visit("other", SCANNER)
    site.wait("other", "block", "heuristics", 403)
    site.wait("visitor", "allow", "people", 200)

    # Ten visitors report one; three of them had led to a review.
    for number in range(10):
        site.label("reported", "bad", f"report:{number}")
        if number == 0:
            site.visit("reported")
    site.wait("reported", "throttle", "people", 429)
    assert {(one.verdict, one.stage) for one in site.flags("reported")} <= {
        ("review", "people"),
        ("throttle", "people"),
    }

    # An answer that blocks, and is withdrawn.
    site.visit("mistaken")
    site.label("mistaken", "bad", "ana")
    site.visit("mistaken")
    site.wait("mistaken", "block", "people", 403)
    site.weir.run("labels", "withdraw", "--visitor", "mistaken", "--source", "ana")
    site.wait("mistaken", "allow", "heuristics", 200)

    # What people decided is replayed from the record.
    for visitor in ("visitor", "reported", "mistaken"):
        for one in site.flags(visitor):
            if one.stage == "people":
                row = json.loads(site.weir.run("models", "replay", one.flag_id, "--json"))
                assert row["differences"] == []

    # The protection ends at its time: the next event after it is judged as anybody's.
    until_s = flag.reasons[0].answer.until
    assert freed_s + 40.0 <= until_s <= freed_s + 50.0
    site.weir.wait_until(lambda: time.time() > until_s, "the end of the protection")
    # A running revision is written as a session grows, not for each event.
    for _ in range(8):
        site.visit("visitor", SCANNER)
    site.wait("visitor", "block", "heuristics", 403)
    assert len({record.key for record in records(site.weir.settings, ANSWERS)}) == 3
