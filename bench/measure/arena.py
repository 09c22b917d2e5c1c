"""Where a run takes place: a broker of its own with the log on it, and what everybody should make of the log."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.check.expected import Expected
from bench.check.fold_log import fold_log, shipped_patterns
from bench.contestants.contestant import Place
from bench.events.spec import LogSpec
from bench.events.write import write_log
from bench.measure.throughput import scratch
from tests.measures.place import site
from tests.measures.results import say
from weir.node_process import NodeProcess
from weir.settings import Settings
from weir.topics import EVENTS


@dataclass
class Arena:
    """A broker with one log."""

    settings: Settings
    spec: LogSpec
    folder: Path
    broker: psutil.Process
    cache: Path
    _runs: int = field(default=0)
    _expected: dict[bool, Expected] = field(default_factory=dict)

    def place(self, name: str) -> Place:
        """For the next run of a contestant."""
        self._runs += 1
        run = f"r{self._runs}-{name}"
        return Place(self.settings, self.spec, scratch(self.folder, run), run, self.settings.names.public(EVENTS))

    def expected(self, *, patterns: bool) -> Expected:
        """What everybody should publish, worked out once for each log."""
        if patterns not in self._expected:
            self._expected[patterns] = self._fold(patterns=patterns)
        return self._expected[patterns]

    def _fold(self, *, patterns: bool) -> Expected:
        kept = self.cache / f"expected-{self.spec.digest}{'-patterns' if patterns else ''}.pickle"
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
def arena(spec: LogSpec, cache: Path, name: str = "bench") -> Iterator[Arena]:
    """Starts a broker and writes the log; all of it is gone afterwards."""
    with site(name, partitions=spec.partitions) as place:
        say(f"writes {spec.events:,} events")
        write_log(spec, place.settings)
        found = NodeProcess(place.folder / "broker").find()
        if found is None:
            raise RuntimeError("The broker has ended.")
        yield Arena(place.settings, spec, place.folder, psutil.Process(found.pid), cache)
