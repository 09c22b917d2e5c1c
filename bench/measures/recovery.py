"""`python -m bench.measures.recovery --sessions 1000000`: how soon a worker with so many open sessions is back.

A worker folds one event each of so many visitors, and is killed once all of it lies in a checkpoint. Some more events
are sent, and a new worker is started: until it says that it is ready it must serve nothing, neither by a record of a
session or flag nor by an answer other than 503. Exit code 0 if that holds, 1 otherwise.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from bench.measures.load import TOOL_EVERY, event
from bench.measures.place import Site, site
from bench.measures.results import arguments, keep, say, table
from bench.measures.waiting import wait_until
from bench.measures.worker import STAGES, Metrics, Worker, is_at_the_end, start, workers
from streams.engine import progress as progress_records
from streams.engine.progress import PROGRESS_KEY
from weir.kafka.partition_reader import PartitionReader
from weir.kafka.sender import producer
from weir.topics import EVENTS, FLAGS, SESSIONS, Topic

OUTPUTS = {"sessionize": SESSIONS, "score": FLAGS}
PARTITIONS = 4
GAP_S = 12 * 3_600.0
"""No session ends while it is measured."""
WAITING_EVENTS = 2_000
POLL_S = 0.02
SAMPLE_S = 0.2
TOLD_EVERY_S, TOLD_EVERY_RECORDS = 10.0, 250_000
"""Between two lines about how far it is."""
STATE_TAIL = 50
"""Records at the end of a state partition among which its newest progress lies."""
MEBI = 1024 * 1024


@dataclass
class Start:
    """A worker's start as one sees it who asks for `/ready` all the time."""

    answered_after_s: float = 0.0
    """When it answered for the first time."""
    not_ready_until: float = 0.0
    """Wall clock of the last time that it was not ready."""
    ready_after_s: float = 0.0
    asked: int = 0
    refused: int = 0
    """Answers 503."""
    slowest_answer_s: float = 0.0
    stray_answers: int = 0
    """Other answers before it was ready."""


def main() -> int:
    """Measures, and tells."""
    parser = argparse.ArgumentParser(prog="make recovery", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sessions", type=int, default=1_000_000)
    parser.add_argument("--stages", choices=[STAGES, "sessionize"], default=STAGES, help="of the worker")
    given = arguments(parser, "recovery")
    settings = {"partitions": PARTITIONS, "gap_s": GAP_S, "idle_timeout_s": GAP_S, "recovery_timeout_s": 900.0}
    with site("recovery", **settings) as place:
        figures = _measure(place, given.sessions, given.stages) | {
            "session_timeout_s": place.settings.session_timeout_s
        }
    keep(given.folder, _page(figures), figures, as_json=given.json)
    return 0 if figures["nothing_served_before_ready"] and figures["open_after"] == figures["open_expected"] else 1


def _measure(place: Site, sessions: int, stages: str) -> dict[str, Any]:
    with workers(place.settings, place.folder, 1, stages) as [first]:
        idle_bytes = int(first.system.memory_info().rss)
        begun_s = time.monotonic()
        _open(place, first, sessions, stages)
        figures = {"sessions": sessions, "opened_in_s": time.monotonic() - begun_s, "idle_bytes": idle_bytes}
        figures |= {"before_bytes": int(first.system.memory_info().rss), "before_peak_bytes": first.peak_bytes}
        say("killed; what waits for the next worker is sent")
        first.kill()
    outputs = [OUTPUTS[stage] for stage in stages.split(",")]
    begin = place.ends(*outputs)
    _send(place, sessions, WAITING_EVENTS)
    second = start(place.settings, place.folder, "recovering", stages)
    try:
        seen = _watch(second)
        figures |= _recovered(second, seen, stages)
        wait_until(lambda: is_at_the_end(place, [second], stages), "worker at the end of its input")
        figures |= _served(place, outputs, begin, seen)
        figures |= {
            "open_expected": sessions + WAITING_EVENTS,
            "open_after": second.metrics().total("weir_sessions_open"),
        }
    finally:
        second.kill()
    return figures


def _open(place: Site, worker: Worker, sessions: int, stages: str) -> None:
    say(f"{sessions:,} visitors open a session each")
    _send(place, 0, sessions, lambda sent: say(f"{sent:,} sent"))
    told_s = time.monotonic()

    def is_done() -> bool:
        nonlocal told_s
        metrics = worker.metrics()
        folded, judged = metrics.total("weir_events_total", outcome="folded"), metrics.total("weir_scores_total")
        if time.monotonic() - told_s > TOLD_EVERY_S:
            told_s = time.monotonic()
            say(f"{folded:,.0f} folded, {judged:,.0f} judged")
        done = judged if "score" in stages else folded
        return done >= sessions and is_at_the_end(place, [worker], stages)

    wait_until(is_done, "sessions all worked on", 60.0 + sessions / 1_000, step_s=0.5)
    wait_until(lambda: _is_checkpointed(place), "checkpoint of all of it", step_s=0.5)


def _send(place: Site, first: int, number: int, told: Any = lambda _: None) -> None:  # noqa: ANN401
    client = producer(place.settings, linger_ms=50, queue_buffering_max_messages=500_000)
    topic = place.settings.names.public(EVENTS)
    for at in range(first, first + number):
        key, value = event(at, at, time.time())
        while True:
            try:
                client.produce(topic, value, key)
                break
            except BufferError:
                client.poll(0.1)
        if (at + 1) % TOLD_EVERY_RECORDS == 0:
            told(at + 1)
    client.flush()


def _is_checkpointed(place: Site) -> bool:
    """Whether no stretch would have to be folded again: what is measured is reading, not folding."""
    topic, settings = place.settings.names.state("sessionize"), place.settings
    for partition in range(settings.partitions):
        with PartitionReader(settings, topic, partition) as reader:
            low, high = reader.bounds()
        with PartitionReader(settings, topic, partition, max(low, high - STATE_TAIL)) as reader:
            records = reader.read(STATE_TAIL, 1.0).records
        newest = [record.value or b"" for record in records if record.key == PROGRESS_KEY]
        if not newest or progress_records.decode(newest[-1]).has_tail:
            return False
    return True


def _watch(worker: Worker) -> Start:
    """Asks until it is ready."""
    begun_s, seen, told_s = time.monotonic(), Start(), time.monotonic()
    while True:
        asked_at_s, asked_at = time.monotonic(), time.time()
        answer = worker.answers("/ready")
        now_s = time.monotonic()
        seen.asked += 1
        if answer:
            seen.answered_after_s = seen.answered_after_s or now_s - begun_s
            seen.slowest_answer_s = max(seen.slowest_answer_s, now_s - asked_at_s)
        if answer == httpx.codes.OK:
            seen.ready_after_s = now_s - begun_s
            return seen
        seen.not_ready_until = asked_at
        seen.refused += answer == httpx.codes.SERVICE_UNAVAILABLE
        seen.stray_answers += answer not in {0, httpx.codes.SERVICE_UNAVAILABLE}
        if worker.process.poll() is not None:
            raise RuntimeError(f"The worker has ended: {worker.log.read_text()[-1_000:]}")
        if now_s - told_s > TOLD_EVERY_S:
            told_s = now_s
            say(f"recovering; {worker.system.memory_info().rss / MEBI:,.0f} MiB")
        time.sleep(POLL_S)


def _recovered(worker: Worker, seen: Start, stages: str) -> dict[str, Any]:
    metrics: Metrics = worker.metrics()
    return {
        "start": asdict(seen),
        "peak_bytes": worker.peak_bytes,
        "ready_bytes": int(worker.system.memory_info().rss),
        "stages": {
            stage: {
                "longest_s": metrics.greatest("weir_recovery_seconds", stage=stage),
                "entries": metrics.total("weir_recovered_entries", stage=stage),
            }
            for stage in stages.split(",")
        },
    }


def _served(place: Site, outputs: Sequence[Topic], begin: Mapping[tuple[str, int], int], seen: Start) -> dict[str, Any]:
    """What came out, and when the first of it was written."""
    first_at, records = {}, {}
    for topic in outputs:
        name = place.settings.names.public(topic)
        own = {place: offset for place, offset in begin.items() if place[0] == name}
        written = [record.timestamp / 1_000 for record in place.records(topic, own)]
        records[topic.name] = len(written)
        first_at[topic.name] = min(written) - seen.not_ready_until if written else None
    return {
        "served": records,
        "first_served_after_not_ready_s": first_at,
        "nothing_served_before_ready": is_served_in_time(first_at, seen),
    }


def is_served_in_time(first_after_not_ready_s: Mapping[str, float | None], seen: Start) -> bool:
    """Whether something came out of everything, and nothing of it before the worker was ready."""
    return seen.stray_answers == 0 and all(
        after_s is not None and after_s >= 0 for after_s in first_after_not_ready_s.values()
    )


def _page(figures: Mapping[str, Any]) -> str:
    seen, stages = figures["start"], figures["stages"]
    first = figures["first_served_after_not_ready_s"]
    each = (figures["peak_bytes"] - figures["idle_bytes"]) / figures["sessions"]
    rows = [
        ("from the process's start to ready", f"{seen['ready_after_s']:.1f} s"),
        ("of which until its web server answers", f"{seen['answered_after_s']:.1f} s"),
        *((f"longest recovery of a partition, {name}", f"{one['longest_s']:.1f} s") for name, one in stages.items()),
        *((f"state entries read, {name}", f"{one['entries']:,.0f}") for name, one in stages.items()),
        ("most memory while recovering", f"{figures['peak_bytes'] / MEBI:,.0f} MiB"),
        ("that is, for a session, above an idle worker's", f"{each:,.0f} bytes"),
        ("memory when ready", f"{figures['ready_bytes'] / MEBI:,.0f} MiB"),
        ("the killed worker's memory, and its most", _two(figures["before_bytes"], figures["before_peak_bytes"])),
        ("an idle worker's memory", f"{figures['idle_bytes'] / MEBI:,.0f} MiB"),
        ("answers to /ready before it was ready", f"{seen['refused']} times 503, {seen['stray_answers']} others"),
        ("slowest answer", f"{seen['slowest_answer_s']:.2f} s"),
        *(
            (f"first of {name} after the last 503", f"{after:.2f} s")
            for name, after in first.items()
            if after is not None
        ),
        ("sessions open afterwards", f"{figures['open_after']:,.0f} of {figures['open_expected']:,}"),
    ]
    verdict = "Nothing was served before the worker was ready."
    if not figures["nothing_served_before_ready"]:
        verdict = "SOMETHING WAS SERVED before the worker was ready, or nothing afterwards."
    return (
        f"# Recovery of {figures['sessions']:,} open sessions\n\n{verdict}\n\n{table(('what', 'how much'), rows)}\n"
        f"{WAITING_EVENTS:,} events waited for the new worker, one in {TOOL_EVERY} by a visitor that is to be flagged. "
        f"The group gives up a killed worker after {figures['session_timeout_s']:g} s; no new one is ready before. "
        f"Opening the sessions took {figures['opened_in_s']:.0f} s.\n"
    )


def _two(one: float, other: float) -> str:
    return f"{one / MEBI:,.0f} MiB, {other / MEBI:,.0f} MiB"


if __name__ == "__main__":
    sys.exit(main())
