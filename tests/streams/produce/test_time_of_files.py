"""What a file says of time is the same, whether it is replayed or sent: lines from the future, silent partitions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from streams.intake.choose_format import FormatRequest
from streams.intake.files import Inputs
from streams.intake.line import Line
from streams.produce.run import produce
from streams.replay import run
from streams.replay.flow import Flow
from streams.replay.log import MemoryLog
from streams.replay.sessions import Sessions
from streams.sessionize.task import SessionizeTask
from streams.stages import Resources
from streams.wiring import Wiring
from tests.streams.intake.layouts.logs import AGENT
from weir.contracts import Session
from weir.kafka.reader import read_all
from weir.kafka.records import LogRecord
from weir.partitioner import partition_for
from weir.settings import Settings
from weir.topics import EVENTS, SESSIONS, Topic

pytestmark = pytest.mark.kafka


def log(path: Path) -> Path:
    lines = []
    for second in range(60):
        stamp = "20/Dec/2025" if second == 30 else "17/May/2025"
        when = f"{stamp}:10:00:{second:02} +0000"
        lines.append(f'203.0.113.{second % 3} - - [{when}] "GET /{second} HTTP/1.1" 200 5 "-" "{AGENT}"\n')
    path.write_text("".join(lines))
    return path


def told(session: Session) -> tuple[Any, ...]:
    return session.ip, session.start, session.end, session.events, session.entry_url


def folded(records: Iterable[LogRecord], settings: Settings) -> list[dict[str, Any]]:
    """The last revisions of the sessions that a worker makes of these records."""
    resources = Resources.from_settings(settings)
    memory = MemoryLog(settings.names, settings.partitions, 0, (EVENTS,))
    newest: dict[str, dict[str, Any]] = {}

    def written(topic: Topic, record: LogRecord) -> None:
        if topic is SESSIONS:
            session = json.loads(record.value or b"")
            newest[session["session_id"]] = session

    def task(_: str, partition: int) -> SessionizeTask:
        return SessionizeTask(partition, settings.partitions, resources.config, lambda _: resources.patterns)

    flow = Flow(memory, Wiring({"sessionize": (EVENTS,)}, settings.partitions, task), written)
    for record in records:
        memory.put(EVENTS, record)
    flow.settle()
    return list(newest.values())


def test_a_line_from_the_future_is_clamped_as_replay_clamps_it(installation: Settings, tmp_path: Path) -> None:
    name = str(log(tmp_path / "access.log"))
    replayed: list[Session] = []
    sessions = Sessions(
        Resources.from_settings(installation), Resources.from_settings(installation).patterns, replayed.append
    )
    for line in Inputs([name], FormatRequest(), installation).read():
        assert isinstance(line, Line)
        sessions.read(line)
    sessions.finish()
    produced = produce(installation, Inputs([name], FormatRequest(), installation).read(), end_of_input=True)
    assert (produced.events, len(produced.ended_partitions) > 0) == (60, True)
    live = folded(read_all(installation, EVENTS), installation)
    assert sorted(map(told, replayed)) == sorted(
        (one["ip"], one["start"], one["end"], one["events"], one["entry_url"]) for one in live
    )
    assert len(replayed) == 3
    assert sum(one.events for one in replayed) == 60


def test_sessions_of_a_silent_partition_close_as_replay_closes_them(
    installation: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "CHUNK_LINES", 1)
    quiet = next(f"v{n}" for n in range(50) if partition_for(f"v{n}".encode(), 2) == 0)
    busy = next(f"v{n}" for n in range(50) if partition_for(f"v{n}".encode(), 2) == 1)
    visits = [(quiet, 0), *((busy, 60 * minute) for minute in range(1, 120)), (quiet, 7_300), (busy, 7_400)]
    events = [
        {"event_id": f"e{n}", "visitor_id": visitor, "type": "click", "ts": 1_700_000_000.0 + second}
        for n, (visitor, second) in enumerate(visits)
    ]
    name = str(tmp_path / "events.jsonl")
    Path(name).write_text("".join(json.dumps(event) + "\n" for event in events))
    closed: list[dict[str, Any]] = []

    def sink(topic: Topic, record: LogRecord) -> None:
        if topic is SESSIONS:
            session = json.loads(record.value or b"")
            closed.extend([session] if session["final"] else [])

    resources = Resources.from_settings(installation.model_copy(update={"model_key": SecretStr("a key for tests")}))
    work = run.Replay(resources, [], sink, time.time())
    for line in Inputs([name], FormatRequest(), installation).read():
        work.read(line)
    produced = produce(installation, Inputs([name], FormatRequest(), installation).read())
    assert produced.watermarks > 0
    live = [one for one in folded(read_all(installation, EVENTS), installation) if one["final"]]
    assert [(one["visitor_id"], one["end"]) for one in closed] == [(quiet, 1_700_000_000.0)]
    assert [(one["session_id"], one["revision"]) for one in live] == [
        (one["session_id"], one["revision"]) for one in closed
    ]


def test_no_time_passes_by_itself_while_others_send(installation: Settings, tmp_path: Path) -> None:
    event = {"event_id": "e", "visitor_id": "v", "type": "click", "ts": 1_700_000_000.0}
    name = tmp_path / "events.jsonl"
    name.write_text("".join(json.dumps(event | {"ts": event["ts"] + 10_000 * n}) + "\n" for n in range(3)))  # type: ignore[operator]
    produce(installation, Inputs([str(name)], FormatRequest(), installation).read())
    assert produce(installation, Inputs([str(name)], FormatRequest(), installation).read()).watermarks == 0
