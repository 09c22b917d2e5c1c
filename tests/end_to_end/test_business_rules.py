"""Business rules on Kafka: each override names its rule, and the brake holds back what would stop the shop."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import Weir
from tests.end_to_end.observed import records
from weir.topics import FLAGS

pytestmark = pytest.mark.kafka
RULES = """
version: "7"
segments:
  - {id: segment/partner, where: {account_prefixes: [acme-]}}
allow:
  - {id: allow/test-team, owner: shop, reason: Our own test team., who: {visitors: [tester]}}
deny:
  - {id: deny/scraper, owner: shop, reason: Copies all prices., who: {networks: [203.0.113.0/25]}}
rules:
  - {id: partner/look, owner: sales, reason: Ask before a partner is blocked., priority: 5,
     when: {segments: [segment/partner], verdicts: [block]}, then: review}
  - {id: old/everybody, owner: sales, reason: A campaign that is over., priority: 50,
     when: {at_least: {events: 1}}, then: review, expires: 2020-01-01}
ceiling: {id: ceiling/a-fifth, owner: shop, reason: More than we ever block., at_most: 0.2, release_at: 0.1,
  sessions: 100}
"""
ATTACK = "/?q=%27%20UNION%20SELECT%20password%20FROM%20users--"


def traffic(now_s: float) -> Iterator[dict[str, Any]]:
    def event(visitor: str, number: int, **fields: object) -> dict[str, Any]:
        given = {"visitor_id": visitor, "event_id": visitor, "type": "page_view", "url": "/", "ip": "198.51.100.1"}
        return given | {"ts": now_s - 60.0 + number / 10.0} | fields

    yield event("tester", 0, url=ATTACK)
    yield event("scraper", 1, ip="203.0.113.9")
    yield event("partner", 2, url=ATTACK, account_id="acme-7")
    for number in range(3, 100):
        yield event(f"person-{number}", number)
    for number in range(100, 200):
        yield event(f"scanner-{number}", number, url=ATTACK)


@pytest.mark.timeout(900)
def test_overrides_name_their_rules_and_the_brake_trips(new_weir: Callable[..., Weir], tmp_path: Path) -> None:
    weir = new_weir(partitions=1)
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in traffic(time.time())))
    weir.start_worker("sessionize,score", WEIR_BUSINESS_RULES_FILE=str(tmp_path / "rules.yaml"))
    weir.run("produce", tmp_path / "events.jsonl")

    def flags() -> dict[str, dict[str, Any]]:
        told = (json.loads(record.value) for record in records(weir.settings, FLAGS) if record.value)
        return {flag["visitor_id"]: flag for flag in told}

    weir.wait_until(lambda: "scanner-199" in flags(), "a verdict on the last scanner")
    found = flags()
    last_word = {name: (found[name]["verdict"], found[name]["reasons"][0]) for name in ("tester", "scraper", "partner")}
    assert {name: (verdict, reason["id"]) for name, (verdict, reason) in last_word.items()} == {
        "tester": ("allow", "allow/test-team"),
        "scraper": ("block", "deny/scraper"),
        "partner": ("review", "partner/look"),
    }
    assert all(reason["version"] == "7" for _, reason in last_word.values())
    assert not any(name.startswith("person") for name in found)

    verdicts = Counter(flag["verdict"] for name, flag in found.items() if name.startswith("scanner"))
    assert verdicts["block"] + verdicts["review"] == 100
    # Until a fifth of the newest hundred are scanners, they are blocked.
    assert 20 <= verdicts["block"] <= 35
    assert found["scanner-199"]["reasons"][0]["id"] == "ceiling/a-fifth"
    assert "block by heuristics" in found["scanner-199"]["reasons"][0]["text"]
