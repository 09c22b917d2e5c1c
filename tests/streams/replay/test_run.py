"""Replay from lines to summary: accounts, order of scoring and learning, and what depends on nothing but the input."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from streams.intake.files import read
from streams.replay import run as run_module
from streams.replay.labels import read_labels
from streams.replay.report import render
from streams.replay.run import Replay
from streams.replay.summary import ReplaySummary
from streams.stages import Resources
from tests.support.crowd import SETTINGS, crowd
from weir.kafka.records import LogRecord
from weir.settings import load
from weir.topics import Topic

STARTED_S = 1_790_000_000.0
Written = dict[str, list[bytes]]


def replay(file: Path, labels: Path | None = None, **settings: str) -> tuple[ReplaySummary, Written, Replay]:
    written: Written = defaultdict(list)

    def sink(topic: Topic, record: LogRecord) -> None:
        written[topic.name].append(record.value or b"")

    resources = Resources.from_settings(load(model_key="a key for tests", **settings), now=lambda: STARTED_S)
    work = Replay(resources, read_labels(labels) if labels else [], sink, STARTED_S)
    for line in read("events", str(file)):
        work.read(line)
    return work.finish(seconds=1.0), dict(written), work


def event(number: int, visitor: str = "anna", **more: object) -> dict[str, Any]:
    plain: dict[str, Any] = {"event_id": str(number), "visitor_id": visitor, "type": "page_view"}
    return plain | {"ts": 1_767_225_600 + number} | more


def lines(path: Path, *rows: dict[str, Any] | str) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def test_every_line_is_accounted_for(tmp_path: Path) -> None:
    file = lines(
        tmp_path / "events.jsonl",
        event(1),
        event(1),
        "not JSON",
        event(9_000),
        event(2, ts=1_767_225_600 - 90_000),
        event(9_001, ts=1_990_000_000),
    )
    summary, written, _ = replay(file)
    assert summary.balanced
    assert summary.events == {"folded": 3, "duplicate": 1, "late": 1, "watermark": 3}
    assert (summary.lines, summary.unreadable, summary.clamped) == (6, 1, 1)
    assert summary.dead_letters == {"not_json": 1}
    # The event ahead of the clock belongs to a session that may go on.
    assert (summary.sessions, summary.still_open) == ({"silence": 2}, 1)
    assert [json.loads(value)["event_id"] for value in written["late"]] == ["2"]


def test_the_same_files_give_the_same_records(tmp_path: Path) -> None:
    file, labels = crowd(60, honest=True).write(tmp_path)
    _, first, _ = replay(file, labels, **SETTINGS)
    _, second, _ = replay(file, labels, **SETTINGS)
    first.pop("models"), second.pop("models")
    assert first == second


def test_no_session_and_no_verdict_depends_on_the_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, _ = crowd(40, honest=True).write(tmp_path)
    _, whole, _ = replay(file, weak_labels="false")
    monkeypatch.setattr(run_module, "CHUNK_LINES", 7)
    _, pieces, _ = replay(file, weak_labels="false")
    for name in ("sessions", "flags"):
        assert sorted(whole.get(name, [])) == sorted(pieces.get(name, []))


def test_a_session_is_scored_before_its_label_is_learned_and_a_good_candidate_is_scored_with(tmp_path: Path) -> None:
    file, labels = crowd(200, honest=True).write(tmp_path)
    summary, written, work = replay(file, labels, **SETTINGS)
    scores = [json.loads(value) for value in written["scores"]]
    assert scores[0]["model"] is None
    final = [score["session_id"] for score in scores if score["final"] and score["score"] is not None]
    assert len(set(final)) >= 200 - 10 - 2
    assert scores[-1]["model"] is not None
    assert summary.learning.decisions["promotion"] >= 1
    assert summary.learning.examples["people bad"] + summary.learning.examples["people good"] == 200
    assert summary.learning.auc is not None
    assert summary.learning.auc > 0.9
    assert summary.learning.recall is not None
    assert summary.learning.recall_without is not None
    assert summary.learning.recall > summary.learning.recall_without
    page = render(summary, work.figures, ["crowd.jsonl"])
    assert page.count("<svg") >= 5
    assert "AUC" in page


def test_a_candidate_that_learned_from_a_coins_toss_is_refused(tmp_path: Path) -> None:
    file, labels = crowd(200, honest=False).write(tmp_path)
    summary, written, _ = replay(file, labels, **SETTINGS)
    assert "promotion" not in summary.learning.decisions
    assert summary.learning.decisions["refusal"] >= 5
    scores = [json.loads(value) for value in written["scores"]]
    assert all(score["model"] is None for score in scores if score["champion"])
    assert any(score["model"] is not None for score in scores if not score["champion"])
