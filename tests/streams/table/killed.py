"""Workers of the stage killed again and again while records come in: `python -m tests.streams.table.killed --kills 25`.

Two workers share the partitions; whoever dies is started again. In the end the tables are read by DuckDB, and must have
each record once: rows, sums and places are compared with what was sent, which the sender alone knows.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from deltalake import DeltaTable

from tests.streams.table.mortal import POINTS
from tests.streams.table.records import flag, session
from tests.support.broker import begin_run, end_run, shared_broker
from tests.support.polling import eventually
from weir.kafka.admin import create_topics
from weir.kafka.sender import producer
from weir.settings import Settings
from weir.topics import FLAGS, SESSIONS

ROOT = Path(__file__).parents[3]
WORKERS = 2
A_SECOND = 400
RECOVERS_S = 90.0


@dataclass
class Sent:
    """What the tables must hold."""

    sessions: int = 0
    events: int = 0
    flags: int = 0
    revisions: int = 0
    """Records that are no row: sessions that were not final."""


@dataclass
class Outcome:
    """What became of it."""

    kills: Counter[str] = field(default_factory=Counter)
    sent: Sent = field(default_factory=Sent)
    found: dict[str, int] = field(default_factory=dict)
    orphans: int = 0
    """Files that were written and never committed."""

    @property
    def expected(self) -> dict[str, int]:
        sent = self.sent
        return {
            "sessions": sent.sessions, "events": sent.events, "places": sent.sessions,
            "flags": sent.flags, "flag places": sent.flags,
        }  # fmt: skip


def run(settings: Settings, folder: Path, kills: int, seed: int = 1) -> Outcome:
    """Sends, kills, and reads the tables when everything that was sent is in them, or time is over."""
    outcome, chance = Outcome(), random.Random(seed)
    stop = threading.Event()
    sending = threading.Thread(target=_send, args=(settings, outcome.sent, stop))
    sending.start()
    workers = [start(settings, folder, f"w{number}", _fate(chance)) for number in range(WORKERS)]
    number = WORKERS
    try:
        while outcome.kills.total() < kills:
            for at, (process, point) in enumerate(workers):
                if process.poll() is None:
                    continue
                assert process.returncode == -9, (point, process.returncode)
                outcome.kills[point] += 1
                left = kills - outcome.kills.total()
                workers[at] = start(settings, folder, f"w{number}", _fate(chance) if left > 0 else ("never", 0))
                number += 1
            time.sleep(0.05)
    finally:
        stop.set()
        sending.join()
        for process, _ in workers:
            process.kill()
            process.wait()
    last, _ = start(settings, folder, "last", ("never", 0))
    try:
        eventually(lambda: found(settings) == outcome.expected, RECOVERS_S, lambda: f"{outcome.expected}")
    finally:
        outcome.found = found(settings)
        last.terminate()
        last.wait(60)
    table = DeltaTable(f"{settings.table_uri}/sessions")
    there = set(Path(f"{settings.table_uri}/sessions").rglob("*.parquet"))
    outcome.orphans = len(there) - len(table.file_uris())
    return outcome


def found(settings: Settings) -> dict[str, int]:
    """What the tables hold."""

    def asked(name: str, what: str) -> tuple[int, ...]:
        uri = f"{settings.table_uri}/{name}"
        files = DeltaTable(uri).file_uris() if DeltaTable.is_deltatable(uri) else []
        if not files:
            return 0, 0, 0
        with duckdb.connect() as base:
            row = base.execute(f"SELECT {what} FROM read_parquet({files!r})").fetchone()
        return tuple(int(one or 0) for one in row or ())

    places = "count(DISTINCT (kafka_partition, kafka_offset))"
    sessions = asked("sessions", f"count(*), sum(events), {places}")
    flags = asked("flags", f"count(*), 0, {places}")
    return {
        "sessions": sessions[0], "events": sessions[1], "places": sessions[2],
        "flags": flags[0], "flag places": flags[2],
    }  # fmt: skip


def _fate(chance: random.Random) -> tuple[str, int]:
    return chance.choice(POINTS), chance.randint(1, 4)


def start(settings: Settings, folder: Path, name: str, fate: tuple[str, int]) -> tuple[subprocess.Popen[bytes], str]:
    """A worker with its fate: where it dies, and at which commit; and where that is."""
    given = folder / f"{name}.json"
    given.write_text(settings.model_copy(update={"model_key": None}).model_dump_json(exclude_defaults=True))
    point, commits = fate
    with (folder / f"{name}.log").open("wb") as log:
        command = [sys.executable, "-m", "tests.streams.table.mortal", str(given), point, str(commits)]
        return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log), point


def _send(settings: Settings, sent: Sent, stop: threading.Event) -> None:
    client = producer(settings)
    sessions, flags = settings.names.public(SESSIONS), settings.names.public(FLAGS)
    number = 0
    while not stop.wait(1 / 20):
        for _ in range(A_SECOND // 20):
            visitor = f"v{number % 97}"
            is_final = number % 3 > 0
            client.produce(sessions, session(number, visitor, final=is_final), visitor.encode())
            sent.sessions += is_final
            sent.events += number * is_final
            sent.revisions += not is_final
            if number % 5 == 0:
                client.produce(flags, flag(number, visitor), visitor.encode())
                sent.flags += 1
            number += 1
        client.poll(0)
    assert client.flush(30) == 0


def main() -> None:
    """Prints what became of it, as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.streams.table.killed")
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    begin_run()
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            settings = Settings(
                bootstrap_servers=shared_broker(),
                application_id="killed",
                topic_prefix="killed",
                partitions=4,
                web_port=0,
                session_timeout_s=6,
                table_uri=str(folder / "tables"),
                table_commit_s=0.3,
            )
            create_topics(settings)
            begun = time.monotonic()
            outcome = run(settings, folder, given.kills, given.seed)
            told = {
                "kills": dict(outcome.kills), "sent": outcome.expected, "found": outcome.found,
                "orphans": outcome.orphans, "seconds": round(time.monotonic() - begun),
            }  # fmt: skip
            sys.stdout.write(json.dumps(told) + "\n")
            sys.exit(outcome.found != outcome.expected)
    finally:
        end_run()


if __name__ == "__main__":
    main()
