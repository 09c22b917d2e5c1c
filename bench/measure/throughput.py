"""One run of one contestant over the log: CPU seconds, wall time, memory, and whether what came out is right.

The rate that counts is that of the later part of the log: from the moment at which a quarter of it is done and
committed to its end. By then interpreters have imported and virtual machines have compiled; the figures of the whole
process, from its start to its end, are told beside it. The broker's CPU seconds are those of the same stretch.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.check.expected import Expected, Judge
from bench.check.fold_log import judge
from bench.contestants.contestant import Contestant, RunEnvironment
from bench.contestants.topics import remove_topics
from bench.measure.process import Started, running, tail
from bench.measure.progress import Done, progress

WARM = 0.25
"""Share of the log that is for warming up."""
STEP_S = 0.1
LONGEST_S = 300.0


@dataclass(frozen=True)
class Sample:
    """How it stood at one moment."""

    at_s: float
    done: float
    worker_cpu_s: float
    broker_cpu_s: float


@dataclass(frozen=True)
class ThroughputRun:
    """One run."""

    contestant: str
    events: int
    """Of the stretch that counts."""
    wall_s: float
    worker_cpu_s: float
    broker_cpu_s: float
    ready_s: float
    """From its start to the first progress seen."""
    whole_wall_s: float
    whole_cpu_s: float
    whole_events: int
    peak_bytes: int
    outputs: int
    faults: tuple[str, ...]

    @property
    def per_cpu_s(self) -> float:
        """Events a CPU second of all its processes."""
        return self.events / self.worker_cpu_s

    @property
    def per_wall_s(self) -> float:
        """Events a second."""
        return self.events / self.wall_s

    def figures(self) -> dict[str, Any]:
        """For the raw results."""
        return asdict(self) | {"per_cpu_s": self.per_cpu_s, "per_wall_s": self.per_wall_s}


def run_once(
    contestant: Contestant,
    place: RunEnvironment,
    expected: Expected,
    broker: psutil.Process,
    longest_s: float = LONGEST_S,
) -> ThroughputRun:
    """Starts it, waits until the log is done, ends it, and judges what it published.

    Raises:
        RuntimeError: it ended by itself, or did not come to the end in time.
    """
    traits = contestant.traits
    output = contestant.lay_out(place)
    commands = contestant.commands(place)
    with running(commands, place.folder) as started, progress(traits, place, output, commands, expected) as done:
        samples = watch(started, done, broker, longest_s)
    judging = Judge(expected, traits.finals, traits.extras, traits.patterns)
    faults = judge(judging, place.settings, output)
    remove_topics(place.settings, lambda name: name.startswith(place.run))
    begin, end = stretch(samples, WARM)
    return ThroughputRun(
        contestant=traits.name,
        events=round((end.done - begin.done) * expected.events),
        wall_s=end.at_s - begin.at_s,
        worker_cpu_s=end.worker_cpu_s - begin.worker_cpu_s,
        broker_cpu_s=end.broker_cpu_s - begin.broker_cpu_s,
        ready_s=next(sample.at_s for sample in samples if sample.done > 0),
        whole_wall_s=end.at_s,
        whole_cpu_s=started.whole_cpu_s,
        whole_events=expected.events,
        peak_bytes=started.peak_bytes,
        outputs=judging.records,
        faults=tuple(faults),
    )


def stretch(samples: Sequence[Sample], warm: float) -> tuple[Sample, Sample]:
    """First and last look at what counts; all of it where so little was to be done that one saw nothing of it."""
    begin = next(sample for sample in samples if sample.done >= warm)
    end = samples[-1]
    return (begin, end) if end.worker_cpu_s > begin.worker_cpu_s and end.done > begin.done else (samples[0], end)


def scratch(folder: Path, name: str) -> Path:
    """An empty folder for a run."""
    made = folder / name
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    return made


def watch(started: Started, done: Done, broker: psutil.Process, longest_s: float = LONGEST_S) -> list[Sample]:
    """Looks again and again until all is done.

    Raises:
        RuntimeError: it ended by itself, or did not come to the end in time.
    """
    samples: list[Sample] = []
    while not samples or samples[-1].done < 1.0:
        started.require_alive()
        share = done()
        of_broker = broker.cpu_times()
        now_s = time.monotonic() - started.begun_s
        samples.append(Sample(now_s, share, started.cpu_s(), of_broker.user + of_broker.system))
        if now_s > longest_s:
            raise RuntimeError(f"{share:.0%} of the log after {longest_s:.0f} s: {tail(started.logs[0])}")
        time.sleep(STEP_S)
    return samples
