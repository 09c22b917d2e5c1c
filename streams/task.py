"""What a driver asks of a stage: a deterministic fold with outputs, which knows neither Kafka nor a clock.

The engine drives a task on a live partition (`streams/engine/partition.py`); `weir replay` drives the same task in
memory (`streams/replay`). Nothing else differs between the two.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from weir.kafka.records import InputRecord, Output
from weir.metric_names import CounterName, GaugeName, HistogramName

Labels = tuple[str, ...]
CounterSeries = tuple[CounterName, Labels]
"""A counter's name and the values of its labels; likewise for the other kinds."""
GaugeSeries = tuple[GaugeName, Labels]
HistogramSeries = tuple[HistogramName, Labels]


@dataclass(slots=True)
class Effects:
    """What some input led to. Nothing of it is real before the flush that carries it has committed."""

    outputs: list[Output] = field(default_factory=list)
    counts: Counter[CounterSeries] = field(default_factory=Counter)
    """Increments of counters."""
    observations: list[tuple[HistogramSeries, float]] = field(default_factory=list)
    """Observations for histograms."""
    gauges: dict[GaugeSeries, float] = field(default_factory=dict)
    """Newest values of gauges."""

    def count(self, metric: CounterName, *labels: str, by: float = 1) -> None:
        """Adds to a counter."""
        self.counts[metric, labels] += by  # type: ignore[assignment]  # typeshed has Counter hold ints alone

    def observe(self, value: float, metric: HistogramName, *labels: str) -> None:
        """Adds an observation to a histogram."""
        self.observations.append(((metric, labels), value))

    def set(self, value: float, metric: GaugeName, *labels: str) -> None:
        """Sets a gauge."""
        self.gauges[metric, labels] = value


class Task(ABC):
    """One stage's work on one partition.

    The same state and the same records in the same order give the same effects, wherever the calls are cut: recovery
    replays input, drops its outputs, and relies on it.
    """

    replays_from_checkpoint: ClassVar[bool] = False
    """Whether nothing but the input decides what the task does, so that its state may be written less often than its
    outputs: recovery then replays the input since the last checkpoint. False: every flush writes the state."""

    @abstractmethod
    def load(self, key: bytes, value: bytes) -> None:
        """Recovery: takes back one entry that `changes` gave."""

    def loaded(self) -> None:  # noqa: B027 -- a hook: most tasks have nothing to do here
        """Recovery: all entries are in; rebuild what is derived from them."""

    def recovered(self) -> None:  # noqa: B027 -- a hook: most tasks have nothing to do here
        """Recovery: the state stands where it stood at the last flush; from here on newer rules and settings hold.

        Until then the task works by those that its state names. The engine checkpoints directly afterwards.
        """

    @abstractmethod
    def process(self, records: Sequence[InputRecord], effects: Effects) -> None:
        """Folds records of one input topic, in offset order, and adds what follows from them to `effects`."""

    @abstractmethod
    def changes(self) -> Iterable[tuple[bytes, bytes | None]]:
        """State entries changed since the last call, None for those that are gone. Keys start with a type byte."""

    def tick(self, now_s: float, effects: Effects) -> None:  # noqa: B027 -- a hook, likewise
        """Called now and then while caught up: work that waits for time, not for input. Its outputs are real."""

    @property
    def is_outdated(self) -> bool:
        """Whether newer rules wait for `renew`. Asked often, on any thread: it must cost nothing and change nothing."""
        return False

    def renew(self) -> None:  # noqa: B027 -- a hook, likewise
        """Works by newer rules from here on.

        The engine calls it between two flushes, when all that was folded is written, and checkpoints directly
        afterwards: input that is replayed is folded by one set of rules.
        """

    def progress(self) -> bytes:
        """What must be equal after folding the same input again; checked at recovery, and kept with each flush."""
        return b""
