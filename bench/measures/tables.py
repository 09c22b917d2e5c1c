"""`python -m bench.measures.tables`: sessions a CPU second into the table, and how long a day's funnel takes over many.

The first part sends sessions as sessionize publishes them (some 1.5 KB each) to a real broker, starts one worker of
the stage, and takes its CPU time from ready until the last row is committed. The second writes so many rows of one day
into a table, and asks for that day's funnel with a distinct count of its visitors by `weir query`.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from bench.events.spec import LogSpec
from bench.events.write import log_of
from bench.measures.results import say
from bench.measures.worker import WEIR
from bench.micro.task import records_of, task
from streams.task import Effects
from tests.support.broker import begin_run, end_run, shared_broker
from weir.contracts import Session
from weir.contracts.fast import decoder
from weir.kafka.admin import create_topics
from weir.kafka.sender import producer
from weir.settings import Settings
from weir.tables.catalogue import SESSIONS_TABLE
from weir.tables.columns import RecordPosition, rows
from weir.topics import SESSIONS

LONGEST_S = 600.0
FUNNEL = """
SELECT day, count(*) AS sessions, count(DISTINCT visitor_id) AS visitors,
    count(*) FILTER (page_views > 0) AS viewed, count(*) FILTER (carts > 0) AS carted,
    count(*) FILTER (purchases > 0) AS purchased
FROM sessions WHERE day = DATE '{day}' GROUP BY day
"""


def main() -> None:
    """Prints both figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.measures.tables")
    parser.add_argument("--sessions", type=int, default=300_000, help="into the table by the stage; 0: not measured")
    parser.add_argument("--rows", type=int, default=10_000_000, help="that the funnel is asked of; 0: not measured")
    given = parser.parse_args()
    found: dict[str, Any] = {}
    values = list(_values())
    with tempfile.TemporaryDirectory() as name:
        if given.sessions:
            begin_run()
            try:
                found["into the table"] = _written(Path(name), values, given.sessions)
            finally:
                end_run()
        if given.rows:
            found["funnel"] = _asked(Path(name) / "large", values, given.rows)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


def _values() -> Iterator[bytes]:
    """Closed sessions as sessionize publishes them."""
    stage, effects, whole = task(plain=False), Effects(), LogSpec()
    spec = msgspec.structs.replace(whole, events=60_000, partitions=1, visitors=1_000, span_s=7_200)
    stage.process(records_of(log_of(spec)), effects)
    decode = decoder(Session)
    for output in effects.outputs:
        if output.topic is SESSIONS and output.value and decode(output.value).final:
            yield output.value


def _written(folder: Path, values: list[bytes], number: int) -> dict[str, Any]:
    settings = Settings(
        bootstrap_servers=shared_broker(),
        application_id="tables",
        topic_prefix="tables",
        partitions=4,
        web_port=0,
        table_uri=str(folder / "tables"),
    )
    create_topics(settings)
    client, topic = producer(settings), settings.names.public(SESSIONS)
    for at in range(number):
        client.produce(topic, values[at % len(values)], b"v%d" % (at % 50_021))
        if at % 10_000 == 0:
            client.flush(30)
    client.flush(60)
    say(f"sent {number:,} sessions of {sum(map(len, values)) // len(values)} bytes")
    environment = {
        "WEIR_BOOTSTRAP_SERVERS": settings.bootstrap_servers, "WEIR_APPLICATION_ID": "tables",
        "WEIR_TOPIC_PREFIX": "tables", "WEIR_PARTITIONS": "4", "WEIR_WEB_PORT": "0",
        "WEIR_TABLE_URI": str(settings.table_uri), "PATH": "/usr/bin:/bin",
    }  # fmt: skip
    begun_s = time.monotonic()
    with (folder / "worker.log").open("wb") as log:
        worker = subprocess.Popen([str(WEIR), "worker", "--stages", "table"], env=environment, stdout=log, stderr=log)
    try:
        process = psutil.Process(worker.pid)
        while not re.search(r"probes at", (folder / "worker.log").read_text()):
            time.sleep(0.02)
        before_s, ready_s = _cpu_s(process), time.monotonic()
        while _count(settings) < number:
            if worker.poll() is not None or time.monotonic() - begun_s > LONGEST_S:
                raise RuntimeError((folder / "worker.log").read_text()[-2_000:])
            time.sleep(0.2)
        cpu_s, wall_s = _cpu_s(process) - before_s, time.monotonic() - ready_s
        rss = process.memory_info().rss // 2**20
    finally:
        worker.terminate()
        worker.wait()
    return {
        "sessions": number, "cpu_s": round(cpu_s, 2), "wall_s": round(wall_s, 2),
        "sessions_a_cpu_s": round(number / cpu_s), "rss_mib": rss,
    }  # fmt: skip


def _cpu_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


def _count(settings: Settings) -> int:
    uri = f"{settings.table_uri}/sessions"
    if not DeltaTable.is_deltatable(uri):
        return 0
    actions = DeltaTable(uri).get_add_actions(flatten=True)
    return int(sum(pa.table(actions)["num_records"].to_pylist()))


def _asked(folder: Path, values: list[bytes], number: int) -> dict[str, Any]:
    decode = decoder(Session)
    records = [decode(value) for value in values]
    made = rows(SESSIONS_TABLE, records, [RecordPosition(0, at, 0) for at in range(len(records))])
    day = made["day"][0]
    chunk, at = pa.concat_tables([made] * (500_000 // made.num_rows + 1)).combine_chunks().slice(0, 500_000), 0
    names = chunk.schema.names
    while at < number:
        part = chunk.slice(0, min(chunk.num_rows, number - at))
        size = part.num_rows
        # A visitor has three sessions or so.
        visitors = pa.array([f"{(at + one) * 2_654_435_761 % (number // 3):032x}" for one in range(size)])
        sessions = pa.array([f"{(at + one) * 40_503:032x}" for one in range(size)])
        part = part.set_column(names.index("visitor_id"), part.schema.field("visitor_id"), visitors)
        part = part.set_column(names.index("session_id"), part.schema.field("session_id"), sessions)
        part = part.set_column(
            names.index("day"), part.schema.field("day"), pa.array([day.as_py()] * size, pa.date32())
        )
        write_deltalake(str(folder / "sessions"), part, mode="append", partition_by=["day"])
        at += size
        say(f"{at:,} rows")
    took = []
    for _ in range(3):
        begun_s = time.perf_counter()
        asked = subprocess.run(
            [str(WEIR), "query", FUNNEL.format(day=day), "--table", str(folder), "--json"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        took.append(round(time.perf_counter() - begun_s, 2))
    size_mib = sum(one.stat().st_size for one in folder.rglob("*.parquet")) // 2**20
    return {"rows": number, "seconds": took, "mib": size_mib, "answer": json.loads(asked.stdout)}


if __name__ == "__main__":
    main()
