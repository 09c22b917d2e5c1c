"""`python -m bench.measures.rolling --rate 1500`: three workers restarted one after another, under load.

Each is asked to end, a new one is started in its place, and the next follows when all three are ready. What came out is
read from the topics afterwards, as a `read_committed` consumer gets it: how much before, during and after, and the
longest stretch in which nothing came. Exit code 0 if every worker ended cleanly and all input was worked on.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl

from bench.measures.gaps import by_second, longest_gap, rate
from bench.measures.load import load
from bench.measures.place import Site, site
from bench.measures.results import arguments, keep, say, table
from bench.measures.waiting import wait_until
from bench.measures.worker import Worker, is_at_the_end, start, workers
from weir.topics import EVENTS, FLAGS, SESSIONS, Topic

mpl.use("Agg")
from matplotlib import pyplot as plt

WORKERS = 3
SETTINGS = {"partitions": 6, "gap_s": 10.0, "grace_s": 5.0, "idle_timeout_s": 10.0}
SETTLING_S = 10.0
"""Of load before anything counts: the first sessions must close."""
APART_S = 3.0
"""Between one worker that is back and the next that goes."""
OUTPUTS = (SESSIONS, FLAGS)


@dataclass
class Restarted:
    """One worker's restart, in seconds since the epoch."""

    asked_s: float
    ended_s: float = 0.0
    ready_s: float = 0.0
    """When all workers said that they are ready again."""
    code: int = 0


@dataclass
class RollingCourse:
    """What was done, and when: seconds since the epoch."""

    begun_s: float = 0.0
    restarts: list[Restarted] = field(default_factory=list)
    over_s: float = 0.0

    @property
    def phases(self) -> dict[str, tuple[float, float]]:
        """Spans that are compared."""
        first, last = self.restarts[0].asked_s, self.restarts[-1].ready_s
        return {"before": (self.begun_s, first), "during": (first, last), "after": (last, self.over_s)}


@dataclass
class Written:
    """What one topic got."""

    times_s: list[float] = field(default_factory=list)
    by_partition: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    delays_s: list[tuple[float, float]] = field(default_factory=list)
    """When a running revision was written, and how long after its event's append."""


def main() -> int:
    """Measures, and tells."""
    parser = argparse.ArgumentParser(prog="make rolling", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rate", type=float, default=1_500.0, help="events a second")
    parser.add_argument("--around", type=float, default=30.0, help="seconds of load before, and as many after")
    given = arguments(parser, "rolling")
    with site("rolling", **SETTINGS) as place:
        course, complete = _restart_all(place, given.rate, given.around)
        say("reading what came out")
        written = {topic.name: _written(place, topic) for topic in (EVENTS, *OUTPUTS)}
    figures = _figures(given, course, written, complete=complete)
    given.folder.mkdir(parents=True, exist_ok=True)
    _draw(given.folder / "rolling.png", course, written)
    keep(given.folder, _page(figures), figures, as_json=given.json)
    return 0 if complete and not any(restart.code for restart in course.restarts) else 1


def _restart_all(place: Site, events_per_s: float, around_s: float) -> tuple[RollingCourse, bool]:
    course = RollingCourse()
    with workers(place.settings, place.folder, WORKERS) as running:
        with load(place, events_per_s):
            say(f"{events_per_s:,.0f} events a second, {WORKERS} workers")
            time.sleep(SETTLING_S)
            course.begun_s = time.time()
            time.sleep(around_s)
            for number in range(WORKERS):
                course.restarts.append(_restart(place, running, number))
                time.sleep(APART_S)
            time.sleep(max(0.0, around_s - APART_S))
            course.over_s = time.time()
        say("the load has ended; waiting until all of it is worked on")
        wait_until(lambda: is_at_the_end(place, running), "workers at the end of the input")
        return course, True


def _restart(place: Site, running: list[Worker], number: int) -> Restarted:
    restart = Restarted(time.time())
    restart.code = running[0].stop()
    restart.ended_s = time.time()
    running.append(start(place.settings, place.folder, f"new-worker-{number + 1}"))
    del running[0]
    wait_until(lambda: all(worker.is_ready for worker in running), "ready workers", step_s=0.05)
    restart.ready_s = time.time()
    say(
        f"restart {number + 1}: ended after {restart.ended_s - restart.asked_s:.1f} s with exit code {restart.code}, "
        f"all ready after {restart.ready_s - restart.asked_s:.1f} s"
    )
    return restart


def _written(place: Site, topic: Topic) -> Written:
    found = Written()
    for record in place.records(topic):
        time_s = record.timestamp / 1_000
        found.times_s.append(time_s)
        found.by_partition[record.partition].append(time_s)
        appended = dict(record.headers).get("appended_ms")
        if appended is not None and b'"final":false' in (record.value or b""):
            found.delays_s.append((time_s, time_s - int(appended) / 1_000))
    return found


def _figures(
    given: argparse.Namespace, course: RollingCourse, written: Mapping[str, Written], *, complete: bool
) -> dict[str, Any]:
    return {
        "rate": given.rate,
        "workers": WORKERS,
        "settings": SETTINGS,
        "complete": complete,
        "machine_load": os.getloadavg()[1],
        "restarts": [
            {
                "at_s": restart.asked_s - course.begun_s,
                "ended_after_s": restart.ended_s - restart.asked_s,
                "all_ready_after_s": restart.ready_s - restart.asked_s,
                "code": restart.code,
            }
            for restart in course.restarts
        ],
        "phases": {
            name: {"seconds": over_s - begun_s}
            | {topic: _of_phase(found, begun_s, over_s) for topic, found in written.items()}
            for name, (begun_s, over_s) in course.phases.items()
        },
    }


def _of_phase(found: Written, begun_s: float, over_s: float) -> dict[str, Any]:
    mean, median = rate(by_second(found.times_s), begun_s, over_s)
    gap = longest_gap(found.times_s, begun_s, over_s)
    parts = [longest_gap(times_s, begun_s, over_s).seconds for times_s in found.by_partition.values()]
    delays = sorted(delay_s for time_s, delay_s in found.delays_s if begun_s <= time_s < over_s)
    return {
        "mean_per_s": mean,
        "median_per_s": median,
        "longest_gap_s": gap.seconds,
        "longest_gap_of_a_partition_s": max(parts, default=over_s - begun_s),
        "delay_p50_s": delays[len(delays) // 2] if delays else None,
        "delay_p99_s": delays[len(delays) * 99 // 100] if delays else None,
        "delay_max_s": delays[-1] if delays else None,
    }


def _page(figures: Mapping[str, Any]) -> str:
    phases = figures["phases"]
    rows = [("seconds", *(f"{phase['seconds']:.0f}" for phase in phases.values()))]
    for topic, meaning in ((EVENTS, "events in"), (SESSIONS, "revisions out"), (FLAGS, "flags out")):
        rows.append((f"{meaning}, a second", *(f"{phase[topic.name]['mean_per_s']:,.1f}" for phase in phases.values())))
    for topic in OUTPUTS:
        for key, meaning in (("longest_gap_s", "all"), ("longest_gap_of_a_partition_s", "one partition's")):
            what = f"longest gap in {meaning} {topic.name}"
            rows.append((what, *(f"{phase[topic.name][key]:.2f} s" for phase in phases.values())))
    for key, meaning in (("delay_p50_s", "half"), ("delay_p99_s", "99 %"), ("delay_max_s", "all")):
        what = f"event's append to revision, {meaning} within"
        rows.append((what, *(_seconds(phase[SESSIONS.name][key]) for phase in phases.values())))
    restarts = [
        (
            str(at),
            f"{restart['at_s']:.1f} s",
            f"{restart['ended_after_s']:.1f} s",
            f"{restart['all_ready_after_s']:.1f} s",
            str(restart["code"]),
        )
        for at, restart in enumerate(figures["restarts"], 1)
    ]
    during = phases["during"][SESSIONS.name]
    return (
        f"# Rolling restart of {figures['workers']} workers at {figures['rate']:,.0f} events a second\n\n"
        f"**While workers were restarted, the longest stretch without a session record was "
        f"{during['longest_gap_s']:.2f} s; without one of some partition, "
        f"{during['longest_gap_of_a_partition_s']:.2f} s.** The machine's load was {figures['machine_load']:.1f} over "
        f"5 minutes on {os.cpu_count()} processors.\n\n"
        f"{table(('what', *phases), rows)}\n"
        f"{table(('worker', 'asked to end', 'ended after', 'all ready after', 'exit code'), restarts)}\n"
        "![events, revisions and flags by second, restarts shaded](rolling.png)\n"
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"


def _draw(file: Path, course: RollingCourse, written: Mapping[str, Written]) -> None:
    figure, panels = plt.subplots(3, 1, sharex=True, figsize=(13, 9), layout="constrained")
    rates, flags, delays = panels
    _draw_rates(rates, course, written, {EVENTS: "events in", SESSIONS: "revisions out"})
    _draw_rates(flags, course, written, {FLAGS: "flags out"})
    worst: Counter[int] = Counter()
    for time_s, delay_s in written[SESSIONS.name].delays_s:
        second = int(time_s - course.begun_s)
        worst[second] = max(worst[second], delay_s)  # type: ignore[assignment]  # typeshed has Counter hold ints alone
    seconds = sorted(second for second in worst if second >= -SETTLING_S)
    delays.plot(seconds, [worst[second] for second in seconds], linewidth=0.8, marker=".", markersize=3)
    delays.set_ylabel("greatest delay, s")
    delays.set_xlabel("seconds")
    for axes in panels:
        for restart in course.restarts:
            axes.axvspan(
                restart.asked_s - course.begun_s, restart.ready_s - course.begun_s, alpha=0.15, color="tab:red"
            )
    figure.savefig(file, dpi=100)
    plt.close(figure)


def _draw_rates(axes: Any, course: RollingCourse, written: Mapping[str, Written], topics: Mapping[Topic, str]) -> None:  # noqa: ANN401 -- matplotlib's own
    seconds: Sequence[int] = range(-int(SETTLING_S), int(course.over_s - course.begun_s))
    for topic, label in topics.items():
        counts = by_second(time_s - course.begun_s for time_s in written[topic.name].times_s)
        axes.plot(seconds, [counts[second] for second in seconds], label=label, linewidth=0.8)
    axes.set_ylabel("records a second")
    axes.legend(loc="upper right")


if __name__ == "__main__":
    sys.exit(main())
