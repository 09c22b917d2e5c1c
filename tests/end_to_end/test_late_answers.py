"""Answers one second after a session's end, and three weeks later: each session is scored, then its answer learned."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from streams.replay.run import Replay
from streams.stages import Resources
from tests.end_to_end.conftest import Weir
from tests.end_to_end.observed import records
from tests.support.command import weir as command
from weir.kafka.records import LogRecord
from weir.settings import load
from weir.topics import SCORES, TRAINING, Topic

VISITORS = 40
WEEKS_S = 21 * 86_400.0


def written(folder: Path, *, apart_s: float, after_s: float) -> tuple[Path, Path]:
    start_s = time.time() - 100 * 86_400.0
    events: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    for number in range(VISITORS):
        visitor, began_s = f"visitor-{number}", start_s + number * apart_s
        events += [
            {
                "event_id": f"{number}-{n}",
                "visitor_id": visitor,
                "type": "page_view",
                "ts": began_s + at,
                "url": f"/p/{n}",
            }
            for n, at in enumerate((0.0, 7.0, 20.0))
        ]
        said = "bad" if number % 2 else "good"
        labels.append({"visitor_id": visitor, "ts": began_s + 20.0 + after_s, "label": said, "source": "moderation"})
    for name, rows in (("events", events), ("labels", labels)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "events.jsonl", folder / "labels.jsonl"


CASES = [
    pytest.param(45.0, 1.0, id="a second later"),
    pytest.param(172_800.0, WEEKS_S, id="three weeks later"),
]


@pytest.mark.parametrize(("apart_s", "after_s"), CASES)
def test_in_replay_each_session_is_scored_then_its_answer_is_learned(
    tmp_path: Path, apart_s: float, after_s: float
) -> None:
    events, labels = written(tmp_path, apart_s=apart_s, after_s=after_s)
    called = command(
        *("replay", str(events), "--labels", str(labels), "--json", "--set", "weak_labels=false"),
        *("--sessions", str(tmp_path / "sessions.jsonl")),
    )
    (summary,) = called.rows()
    assert summary["learning"]["examples"] == {"people bad": 20, "people good": 20}
    assert summary["sessions"] == {"silence": VISITORS}


@pytest.mark.parametrize(("apart_s", "after_s"), CASES)
def test_in_replay_an_example_comes_after_the_score_of_a_final_revision(
    tmp_path: Path, apart_s: float, after_s: float
) -> None:
    from streams.intake.files import read  # noqa: PLC0415
    from streams.replay.labels import read_labels  # noqa: PLC0415

    events, labels = written(tmp_path, apart_s=apart_s, after_s=after_s)
    closed: set[str] = set()
    learned: list[str] = []

    def sink(topic: Topic, record: LogRecord) -> None:
        row = json.loads(record.value or b"null")
        if topic is SCORES and row["final"]:
            closed.add(row["session_id"])
        elif topic is TRAINING:
            assert row["session_id"] in closed
            learned.append(row["session_id"])

    settings = load(model_key="a key for tests", weak_labels="false")
    work = Replay(Resources.from_settings(settings, now=time.time), read_labels(labels), sink, time.time())
    for line in read("events", str(events)):
        work.read(line)
    work.finish(1.0)
    assert len(learned) == len(set(learned)) == VISITORS


@pytest.mark.kafka
@pytest.mark.parametrize(("apart_s", "after_s"), CASES)
def test_live_each_session_is_scored_then_its_answer_is_learned(
    weir: Weir, tmp_path: Path, apart_s: float, after_s: float
) -> None:
    events, labels = written(tmp_path, apart_s=apart_s, after_s=after_s)
    weir.start_worker("sessionize,score,join,train", WEIR_WEAK_LABELS="false", WEIR_IDLE_TIMEOUT_S="2")
    weir.run("produce", events, "--end-of-input")
    weir.run("labels", "add", "--file", labels)

    def learned() -> list[str]:
        return [json.loads(record.value or b"")["session_id"] for record in records(weir.settings, TRAINING)]

    weir.wait_until(lambda: len(learned()) >= VISITORS, "the answers to be learned")
    assert len(learned()) == len(set(learned())) == VISITORS
