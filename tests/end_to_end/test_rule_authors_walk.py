"""The walk of docs/rules.md on a real broker: fail, mend, simulate, shadow, graduate, roll back; the worker runs on."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.end_to_end.conftest import Weir
from tests.support import command
from tests.support.packs import pack_text
from weir.kafka.reader import read_all
from weir.settings import Settings
from weir.topics import FLAGS, SESSIONS, Topic

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]

RULE: dict[str, Any] = {"id": "mine/price-export", "regex": "^/export/prices", "match": ["/export/prices.csv"]}
VISITORS = 12
HOUR_S = 3_600.0


def values(settings: Settings, topic: Topic) -> Iterator[dict[str, Any]]:
    return (json.loads(record.value) for record in read_all(settings, topic) if record.value)


class Walk:
    """What an author works with: a pack, logs, and a worker that runs all the time."""

    def __init__(self, weir: Weir) -> None:
        self.weir = weir
        self.pack = weir.folder / "mine.yaml"
        self.began_s = round(time.time() - 12 * HOUR_S)

    def write(self, **changed: object) -> Path:
        self.pack.write_text(pack_text(RULE | changed))
        return self.pack

    def log(self, phase: int) -> Path:
        """Visitors of a phase, two hours after those of the one before; each fetches the export once."""
        file = self.weir.folder / f"phase-{phase}.jsonl"
        lines = [
            {
                "event_id": f"e{phase}-{at}",
                "visitor_id": f"visitor-{phase}-{at}",
                "type": "page_view",
                "ts": self.began_s + phase * 2 * HOUR_S + at,
                "url": "/export/prices.csv",
            }
            for at in range(VISITORS)
        ]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return file

    def rules(self, *arguments: object) -> command.Called:
        return command.weir("rules", *map(str, arguments), on=self.weir.settings)

    def produce(self, phase: int) -> None:
        """Sends a phase's log to its end, and waits until all its sessions are closed and judged."""
        self.weir.run("produce", self.log(phase), "--end-of-input")
        self.weir.wait_until(lambda: len(self.closed(phase)) == VISITORS, f"the sessions of phase {phase}")

    def closed(self, phase: int) -> list[dict[str, Any]]:
        found = values(self.weir.settings, SESSIONS)
        return [one for one in found if one["final"] and one["visitor_id"].startswith(f"visitor-{phase}-")]

    def flags(self, phase: int) -> list[dict[str, Any]]:
        return [
            one
            for one in values(self.weir.settings, FLAGS)
            if one["visitor_id"].startswith(f"visitor-{phase}-")
            and any(reason["id"] == RULE["id"] for reason in one["reasons"])
        ]

    def until_worker_has(self, version: str) -> None:
        """Workers hear of a version a moment after it was published, and say so in their metrics."""
        found = re.search(r"probes at (http://\S+)", self.weir.logs())
        address = found[1] if found else ""
        wanted = f'weir_pack_version_info{{pack="mine",version="{version}"}} 1.0'
        what = f"a worker with {wanted}"
        self.weir.wait_until(lambda: wanted in httpx.get(f"{address}/metrics", timeout=5).text, what)

    def hits(self, phase: int) -> set[str]:
        """Versions under which the rule has matched in a phase."""
        return {one["heuristics"][RULE["id"]]["version"] for one in self.closed(phase) if one["heuristics"]}


def test_a_rule_from_its_first_mistake_to_its_rollback(weir: Weir) -> None:
    walk = Walk(weir)
    worker = weir.start_worker("sessionize,score", "--set", "shadow=model")
    weir.wait_until(lambda: "probes at" in weir.logs(), "a worker")

    # It fails its own example, and says where.
    failing = walk.rules("test", walk.write(match=["/prices/export.csv"]))
    assert (failing.code, "does not match its example" in failing.err) == (1, True)
    assert walk.rules("publish", walk.pack, "--why", "a mistake").code == 1

    # Mended, it is well; yesterday's log says what it would have done.
    assert walk.rules("check", walk.write(shadow=True), "--on", walk.log(0)).code == 0
    simulated = walk.rules("simulate", walk.log(0), "--pack", walk.write(), "--json")
    assert {row["kind"] for row in simulated.rows()} == {"newly flagged"}
    assert len(simulated.rows()) == VISITORS

    # In shadow it is counted and flags nobody.
    (row,) = walk.rules("publish", walk.write(shadow=True), "--why", "on trial", "--json").rows()
    in_shadow = row["version"]
    walk.until_worker_has(in_shadow)
    walk.produce(1)
    assert walk.hits(1) == {in_shadow}
    assert not walk.flags(1)

    # Nobody has answered yet: it stays there. Then people say that it is right.
    assert "stays in shadow: people have answered about 0" in walk.rules("graduate", RULE["id"], "--max-share", 1).err
    answers = weir.folder / "answers.jsonl"
    answers.write_text(
        "".join(
            json.dumps(
                {
                    "visitor_id": one["visitor_id"],
                    "session_id": one["session_id"],
                    "ts": one["end"],
                    "label": "bad",
                    "source": "ann",
                }
            )
            + "\n"
            for one in walk.closed(1)
        )
    )
    weir.run("labels", "add", "--file", answers)
    stats = {row["rule"]: row for row in walk.rules("stats", "--json").rows()}[RULE["id"]]
    assert (stats["shadow"], stats["sessions"], stats["alone"]) == (True, VISITORS, VISITORS)
    assert (stats["answers_alone"], stats["marginal_precision"]) == (VISITORS, 1.0)
    (row,) = walk.rules("graduate", RULE["id"], "--max-share", 1, "--json").rows()
    graduated = row["version"]
    assert graduated != in_shadow
    walk.until_worker_has(graduated)

    # Now it flags, and each flag names the version.
    walk.produce(2)
    weir.wait_until(lambda: len(walk.flags(2)) == VISITORS, "flags of the rule that graduated")
    assert {reason["version"] for flag in walk.flags(2) for reason in flag["reasons"]} == {graduated}

    # Rolled back, it is in shadow again; the worker never stopped.
    (row,) = walk.rules("rollback", "mine", "--why", "a customer was throttled", "--json").rows()
    assert row["version"] == in_shadow
    walk.until_worker_has(in_shadow)
    walk.produce(3)
    assert walk.hits(3) == {in_shadow}
    assert not walk.flags(3)
    assert weir.stop(worker) == 0
