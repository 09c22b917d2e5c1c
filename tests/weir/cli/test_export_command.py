from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from streams.sessionize.arrival import rekeyed
from streams.sessionize.watermark import idle_watermark
from tests.support.command import weir
from tests.support.sessions import make_session
from weir.cli.export_records import AppendWindow, Selection
from weir.contracts.fast import encode
from weir.kafka.bulk_sender import BulkSender
from weir.kafka.records import LogRecord, Output
from weir.settings import Settings
from weir.tables.catalogue import EVENTS_TABLE, SESSIONS_TABLE
from weir.topics import EVENTS, SESSIONS

EVENT = {"event_id": "e", "visitor_id": "v", "type": "click", "ts": "2023-11-14T22:13:20Z"}


def record(value: bytes | None, headers: Any = (), timestamp: int = 5_000) -> LogRecord:  # noqa: ANN401 -- any headers
    return LogRecord("weir.events", 0, 7, timestamp, b"v", value, headers)


def test_a_window_takes_its_beginning_and_not_its_end() -> None:
    window = AppendWindow(5.0, 6.0)
    assert [record(b"", timestamp=at) in window for at in (4_999, 5_000, 5_999, 6_000)] == [False, True, True, False]
    assert record(b"") in AppendWindow()


def test_of_events_what_is_none_is_left_out_and_counted_by_kind() -> None:
    selection = Selection(Settings(), EVENTS_TABLE, all_revisions=False)
    event = json.dumps(EVENT).encode()
    copy = rekeyed(record(event), "v2")
    watermark = idle_watermark(0, 5.0)
    taken = [
        selection.take(record(value, headers)) is not None
        for value, headers in (
            (event, ()),
            (copy.value, copy.headers),
            (watermark.value, watermark.headers),
            (b"\xff", ()),
            (None, ()),
        )
    ]
    assert taken == [True, False, False, False, False]
    assert (selection.copies, selection.watermarks, selection.unreadable) == (1, 1, 2)
    assert selection.first_unreadable == "partition 0, offset 7: The record's bytes are not UTF-8."


def test_of_sessions_only_the_final_ones_are_taken_unless_all_are_asked_for() -> None:
    values = [encode(make_session(final=final)) for final in (False, True)]
    finals = Selection(Settings(), SESSIONS_TABLE, all_revisions=False)
    every = Selection(Settings(), SESSIONS_TABLE, all_revisions=True)
    assert [finals.take(record(value)) is not None for value in values] == [False, True]
    assert finals.revisions == 1
    assert [every.take(record(value)) is not None for value in values] == [True, True]
    assert not list(every.left_out())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("scores", "--jsonl", "-"), "scores can't be exported"),
        (("events",), "writes one file"),
        (("events", "--jsonl", "-", "--parquet", "x"), "writes one file"),
        (("events", "--parquet", "-"), "standard output"),
        (("events", "--jsonl", "-", "--all-revisions"), "only to sessions"),
        (("events", "--jsonl", "-", "--since", "6", "--until", "6"), "not later"),
        (("events", "--jsonl", "-", "--since", "yesterday"), "is not a time"),
        (("events", "--jsonl", "/dev/null", "--force"), "not a regular file"),
        (("events", "--jsonl", "no/such/folder"), "no folder no/such"),
        (("events", "--jsonl", __file__), "exists already"),
    ],
)
def test_a_wrong_call_is_refused_before_kafka_is_asked(arguments: tuple[str, ...], told: str) -> None:
    called = weir("export", *arguments)
    assert (called.code, told in called.err) == (2, True), called.err


def send(installation: Settings, *outputs: Output) -> None:
    sender = BulkSender(installation)
    for output in outputs:
        sender.send(output)
    sender.flush()


def events(installation: Settings, names: str) -> None:
    values = [json.dumps(EVENT | {"event_id": name, "properties": {"n": [1]}}, indent=1) for name in names]
    send(installation, *(Output(EVENTS, b"v", value.encode()) for value in values))


@pytest.mark.kafka
def test_events_become_lines_and_rows_and_what_is_no_event_is_told(installation: Settings, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    events(installation, "ab")
    send(installation, idle_watermark(0, 5.0), Output(EVENTS, b"v", b"no JSON"))
    lines, rows = tmp_path / "events.jsonl", tmp_path / "events.parquet"

    called = weir("export", "events", "--jsonl", str(lines), on=installation)
    assert called.code == 1
    assert "Watermark records left out, since they are not events: 1." in called.err
    assert "lacks the records that could not be read: 1. The first is at partition " in called.err
    assert f"{lines}: records 2, bytes {lines.stat().st_size:,}." in called.err
    assert [json.loads(line)["event_id"] for line in lines.read_text().splitlines()] == ["a", "b"]
    assert weir("export", "events", "--jsonl", "-", on=installation).out == lines.read_text()

    called = weir("export", "events", "--parquet", str(rows), on=installation)
    assert called.code == 1
    table = parquet.read_table(rows).to_pylist()
    assert [row["event_id"] for row in table] == ["a", "b"]
    assert [row["properties"] for row in table] == ['{"n":[1]}'] * 2
    assert len({(row["kafka_partition"], row["kafka_offset"]) for row in table}) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [lines.name, rows.name]

    before = rows.read_bytes()
    assert weir("export", "events", "--parquet", str(rows), on=installation).code == 2
    assert rows.read_bytes() == before
    assert weir("export", "events", "--jsonl", str(rows), "--force", on=installation).code == 1
    assert rows.read_bytes() == lines.read_bytes()


@pytest.mark.kafka
def test_a_window_of_append_times_is_exported_and_final_sessions_alone(installation: Settings) -> None:
    events(installation, "a")
    time.sleep(0.05)
    middle_s = time.time()
    time.sleep(0.05)
    events(installation, "b")
    for option, name in (("--until", "a"), ("--since", "b")):
        called = weir("export", "events", "--jsonl", "-", option, f"{middle_s:.3f}", on=installation)
        assert (called.code, [row["event_id"] for row in called.rows()]) == (0, [name]), called.err

    values = [encode(make_session(revision=revision, final=revision == 2)) for revision in (1, 2)]
    send(installation, *(Output(SESSIONS, b"v1", value) for value in values))
    until = f"{time.time() + 60:.3f}"
    called = weir("export", "sessions", "--jsonl", "-", "--until", until, on=installation)
    assert called.out.encode() == values[1] + b"\n"
    assert "Revisions before a session's final one left out (--all-revisions takes them): 1." in called.err
    assert len(weir("export", "sessions", "--jsonl", "-", "--all-revisions", on=installation).rows()) == 2
