"""One run: load, workers and faults together, then the judgement of what lies on the topics."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.arena import Arena, arena
from tests.chaos.cleaning import Cleaned, cleaned
from tests.chaos.epilogue import Stopped
from tests.chaos.faults import Faults, LeftOutError
from tests.chaos.fleet import Ended, Fleet
from tests.chaos.member import environment_of
from tests.chaos.plan import Planned, impossible
from tests.support import command
from weir.errors import ClusterError
from weir.kafka.reader import LogReader
from weir.settings import Settings
from weir.topics import ANSWERS, EVENTS, LABELS, SCORES, SESSIONS

ROOT = Path(__file__).parents[2]
STEP_S = 0.2
LONGEST_END_S = 120.0
INPUTS = (EVENTS, SESSIONS, SCORES, LABELS, ANSWERS)
"""Of the stages that the workers run."""


@dataclass(frozen=True)
class Options:
    """What a run is to be."""

    seed: int
    seconds: float
    rate: float
    nodes: int = 1
    workers: int = 2
    partitions: int = 4
    part: int = 1
    """Of the seed's plan."""
    has_every_fault: bool = False
    """Whether the run goes on until all faults that were planned have happened; else its time is over when it is."""


@dataclass(frozen=True)
class Happened:
    """A fault as it was; times are seconds of the run."""

    planned: Planned
    begun_s: float
    over_s: float
    back_s: float | None
    """When all workers were ready again; None where the next fault did not wait for that."""
    note: str
    """What it did to whom."""


@dataclass
class Done:
    """What was done to the workers, and how they took it."""

    begun_ms: int = 0
    faults: list[Happened] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    """Faults that did not happen, and why."""
    ended: list[Ended] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    """Workers that ended by themselves at a start at which none must."""
    sent: dict[str, Any] = field(default_factory=dict)
    """What the load told."""
    cleaned: list[Cleaned] = field(default_factory=list)
    stopped: list[Stopped] = field(default_factory=list)
    """How workers took the loss of their input, in the end."""


@contextmanager
def disturbed(
    folder: Path, options: Options, planned: Sequence[Planned], told: Callable[[str], None]
) -> Iterator[tuple[Arena, Done]]:
    """Runs load, workers and faults to their end; the cluster stands still, for judges, while the context lasts.

    Raises:
        TimeoutError: the workers did not come back after a fault, or not to the end of the input.
    """
    with arena(folder, options.nodes, options.partitions) as place:
        fleet = Fleet(environment_of(place.proxied), folder, options.workers)
        faults = Faults(place.proxied, fleet, place.nodes, place.proxies, folder)
        done = Done(left_out=list(impossible(options.nodes).items()))
        fleet.start()
        try:
            _wait(lambda: fleet.is_ready, "ready workers")
            done.begun_ms = int(time.time() * 1000)
            with _load(place.direct, folder, options, done):
                _disturb(faults, planned, options, done, told)
            told("the load has ended; waiting until all of it is worked on")
            _end_input(place.direct, folder)
            _wait_for_the_end(fleet, place.direct, told)
        finally:
            fleet.stop()
            done.ended, done.unasked = fleet.ended, fleet.unasked
        done.cleaned = cleaned(place.direct, place.nodes)
        yield place, done


@contextmanager
def _load(settings: Settings, folder: Path, options: Options, done: Done) -> Iterator[None]:
    given, told = folder / "load.json", folder / "load-told.json"
    given.write_text(settings.model_dump_json(exclude_defaults=True))
    # Other traffic in each part; the first is the seed's own.
    traffic_seed = options.seed + 1_000 * (options.part - 1)
    arguments = [str(given), str(traffic_seed), str(options.rate), str(told)]
    process = subprocess.Popen([sys.executable, "-m", "tests.chaos.load", *arguments], cwd=ROOT)
    try:
        yield
        process.terminate()
        if process.wait(LONGEST_END_S):
            raise RuntimeError("The load ended by an error; it is printed above.")
        done.sent = json.loads(told.read_text())
    finally:
        process.kill()
        process.wait()


def _disturb(
    faults: Faults, planned: Sequence[Planned], options: Options, done: Done, told: Callable[[str], None]
) -> None:
    """Has each fault happen in its time, and notes how it went."""
    begun_s = time.monotonic()

    def now_s() -> float:
        return time.monotonic() - begun_s

    for number, fault in enumerate(planned):
        _wait_until_s(begun_s + fault.at_s)
        at_s = now_s()
        if at_s > options.seconds and not options.has_every_fault:
            happened = {before.planned.fault for before in done.faults} | {fault for fault, _ in done.left_out}
            never = dict.fromkeys(late.fault for late in planned[number:] if late.fault not in happened)
            done.left_out += [(late, "the faults before took their time") for late in never]
            told(f"time is over; of what was planned, {', '.join(never) or 'no fault'} did not happen once")
            break
        told(f"{at_s:6.1f} s  {fault.family}: {fault.fault}")
        try:
            note = faults.happen(fault)
        except LeftOutError as reason:
            done.left_out.append((fault.fault, str(reason)))
            told(f"          left out: {reason}")
            continue
        over_s, back_s = now_s(), None
        if not fault.is_followed_at_once:
            # What was broken comes back, or the faults would only be one long outage.
            _wait(lambda: faults.fleet.is_ready, "ready workers")
            back_s = now_s()
        done.faults.append(Happened(fault, at_s, over_s, back_s, note))
        told(f"          {note}; {over_s - at_s:.1f} s, and {_seconds(over_s, back_s)}")
    _wait(lambda: faults.fleet.is_ready, "ready workers")
    _wait_until_s(begun_s + options.seconds)


def _seconds(over_s: float, back_s: float | None) -> str:
    return "the next follows at once" if back_s is None else f"{back_s - over_s:.1f} s until all were ready again"


def _end_input(settings: Settings, folder: Path) -> None:
    """Closes what is open: one event more, and the end of input."""
    last = {"event_id": "last", "visitor_id": "last", "type": "ping", "ts": time.time()}
    file = folder / "last.jsonl"
    file.write_text(json.dumps(last) + "\n")
    called = command.weir("produce", str(file), "--end-of-input", on=settings)
    if called.code:
        raise RuntimeError(called.err)


def _wait(reached: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LONGEST_END_S
    while not reached():
        if time.monotonic() > deadline:
            raise TimeoutError(f"There were no {what} within {LONGEST_END_S:.0f} s; see the workers' logs.")
        time.sleep(STEP_S)


def _wait_for_the_end(fleet: Fleet, settings: Settings, told: Callable[[str], None]) -> None:
    """Waits until all that lies on the stages' inputs is worked on; as long as it takes, while it grows less.

    Sessions that are open count as work that is left: a worker writes idle watermarks for them, and one that it writes
    while it is told to stop would lie on the topic unread.
    """
    least, left, zeros = sys.maxsize, sys.maxsize, 0
    deadline = time.monotonic() + LONGEST_END_S
    while zeros < 2:
        if left < least:
            least, deadline = left, time.monotonic() + LONGEST_END_S
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"{left:,} records and open sessions were left for {LONGEST_END_S:.0f} s; see the workers' logs."
            )
        time.sleep(STEP_S)
        with suppress(ClusterError):  # a broker that stumbles is no reason to end: the deadline is
            left = _left(fleet, settings)
            # Twice: the last idle watermark may have come, and closed all sessions, in the middle of the first look.
            zeros = 0 if left else zeros + 1
    told("all of it is worked on")


def _left(fleet: Fleet, settings: Settings) -> int:
    """Records on the stages' inputs that are not yet worked on and committed, and open sessions.

    As far as the workers tell: a partition that none tells of counts as one open session.
    """
    # Positions before ends: what is written in between is then left, and no stage's output is overlooked.
    committed = {
        (topic, partition["partition"]): position
        for status in fleet.statuses()
        for partition in status["partitions"]
        if partition["ready"]
        for topic, position in partition["committed"].items()
    }
    with LogReader(settings, [settings.names.public(topic) for topic in INPUTS]) as reader:
        ends = {place: span.end for place, span in reader.ranges().items()}
    records: int = sum(end - committed.get(place, 0) for place, end in ends.items())
    open_sessions = fleet.open_sessions()
    return records + sum(int(open_sessions.get(partition, 1)) for partition in range(settings.partitions))


def _wait_until_s(at_s: float) -> None:
    time.sleep(max(0.0, at_s - time.monotonic()))
