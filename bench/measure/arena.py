"""Where a run takes place: a broker of its own with logs on it, and what everybody should make of them."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.check.expected import Expected
from bench.check.fold_log import fold_log, shipped_patterns
from bench.contestants.contestant import RunEnvironment
from bench.contestants.topics import remove_topics
from bench.events.spec import LogSpec
from bench.events.write import write_log
from bench.measure.throughput import scratch
from bench.measures.place import site
from bench.measures.results import say
from weir.kafka.admin import create_topics
from weir.node_process import NodeProcess
from weir.settings import Settings
from weir.topics import EVENTS


@dataclass
class Arena:
    """A broker, and where its logs' expectations are kept."""

    settings: Settings
    folder: Path
    broker: psutil.Process
    cache: Path
    runs: int = 0
    logs: int = 0

    def log(self, spec: LogSpec) -> BenchLog:
        """Writes a log, with public topics of its own around it."""
        self.logs += 1
        changed = {
            "topic_prefix": f"log{self.logs}",
            "application_id": f"log{self.logs}",
            "partitions": spec.partitions,
        }
        settings = self.settings.model_copy(update=changed)
        create_topics(settings, only=lambda topic: topic is EVENTS)
        say(f"writes {spec.events:,} events")
        return BenchLog(self, settings, spec, write_log(spec, settings))


@dataclass
class BenchLog:
    """A log that lies on the broker."""

    arena: Arena
    settings: Settings
    spec: LogSpec
    records: int
    _expected: dict[bool, Expected] = field(default_factory=dict)

    def place(self, name: str) -> RunEnvironment:
        """For the next run of a contestant."""
        self.arena.runs += 1
        run = f"r{self.arena.runs}-{name}"
        return RunEnvironment(
            self.settings, self.spec, scratch(self.arena.folder, run), run, self.settings.names.public(EVENTS)
        )

    def expected(self, *, patterns: bool) -> Expected:
        """What everybody should publish, worked out once for each log."""
        if patterns not in self._expected:
            self._expected[patterns] = self._fold(patterns=patterns)
        return self._expected[patterns]

    def remove(self) -> None:
        """Takes the log off the broker."""
        remove_topics(self.settings, lambda name: name.startswith(f"{self.settings.topic_prefix}."))

    def _fold(self, *, patterns: bool) -> Expected:
        kept = self.arena.cache / f"expected-{self.spec.digest}{'-patterns' if patterns else ''}.pickle"
        if kept.exists():
            found = pickle.loads(kept.read_bytes())
            if isinstance(found, Expected):
                return found
        say("the reference folds the log")
        expected = fold_log(self.spec, self.settings, shipped_patterns() if patterns else None)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(expected))
        return expected


@contextmanager
def arena(cache: Path) -> Iterator[Arena]:
    """Starts a broker; it is gone afterwards."""
    with site("bench") as place:
        found = NodeProcess(place.folder / "broker").find()
        if found is None:
            raise RuntimeError("The broker has ended.")
        yield Arena(place.settings, place.folder, psutil.Process(found.pid), cache)
