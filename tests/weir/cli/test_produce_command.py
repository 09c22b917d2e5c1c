from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command import weir
from tests.support.patience import give_up_after
from weir.settings import Settings

GONE = ("--bootstrap-servers", "127.0.0.1:1")


def event(number: int) -> str:
    return json.dumps({"event_id": f"e{number}", "visitor_id": "anna", "type": "click", "ts": 1_700_000_000 + number})


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join([event(1), event(2), "no event", event(3)]) + "\n")
    return path


@pytest.mark.kafka
def test_counts_say_what_became_of_every_line(installation: Settings, events: Path) -> None:
    called = weir("produce", str(events), "--end-of-input", "--json", on=installation)
    assert called.code == 0, called.err
    (counts,) = called.rows()
    assert (counts["lines"], counts["events"], counts["dead_letters"]) == (4, 3, {"not_json": 1})
    assert len(counts["ended_partitions"]) == 1


@pytest.mark.kafka
def test_people_read_a_table(installation: Settings, events: Path) -> None:
    called = weir("produce", str(events), str(events), on=installation)
    assert called.code == 0, called.err
    assert "events sent" in called.out
    assert "dead letters: not_json" in called.out
    assert "produce: 4 lines" in called.err
    assert "events.jsonl has the same content as" in called.err
    assert "1 of 4 lines: not_json. Line 3:" in called.err


@pytest.mark.kafka
def test_an_empty_file_is_the_callers_mistake_unless_it_ends_the_input(installation: Settings, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    called = weir("produce", str(empty), on=installation)
    assert (called.code, called.out) == (2, "")
    assert "The input has no lines" in called.err
    assert weir("produce", str(empty), "--end-of-input", on=installation).code == 0


def test_every_file_is_looked_at_before_anything_is_sent(events: Path, tmp_path: Path) -> None:
    for name, said in ((tmp_path, "is a directory"), (tmp_path / "none", "no file")):
        called = weir("produce", str(events), str(name), *GONE)
        assert called.code == 2
        assert said in called.err
        assert "Traceback" not in called.err


def test_an_unknown_format_is_the_callers_mistake(events: Path) -> None:
    called = weir("produce", str(events), "--format", "csv", *GONE)
    assert called.code == 2
    assert "access-log" in called.err


def test_a_broker_that_is_not_there_is_one_sentence_and_what_to_do(
    events: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_up_after(monkeypatch)
    called = weir("produce", str(events), *GONE)
    assert called.code == 1
    assert "No Kafka broker answers at 127.0.0.1:1." in called.err
    assert "Traceback" not in called.err
