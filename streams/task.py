"""The interface of a stage's task: a deterministic fold with outputs, without Kafka and without a clock.

The engine drives a task on a live partition (`streams/engine/partition.py`); `weir replay` drives the same task in
memory (`streams/replay`), so both give the same results.
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
    """Outputs and metrics that follow from some input. They take effect only when their flush has committed."""

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

    The same state and the same records in the same order must give the same effects, however the records are divided
    between calls: recovery replays input and drops its outputs.
    """

    replays_from_checkpoint: ClassVar[bool] = False
    """Whether nothing but the input decides what the task does, so that its state may be written less often than its
    outputs: recovery then replays the input since the last checkpoint. False: every flush writes the state."""

    @abstractmethod
    def load(self, key: bytes, value: bytes) -> None:
        """Recovery: restores one entry that `changes` returned."""

    def loaded(self) -> None:  # noqa: B027 -- a hook: most tasks have nothing to do here
        """Recovery: all entries are restored; rebuilds the data derived from them."""

    def recovered(self) -> None:  # noqa: B027 -- a hook: most tasks have nothing to do here
        """Recovery: the state is that of the last flush; from here on, the present rules and settings hold.

        Before, the task uses those that its state names. The engine writes a checkpoint directly afterwards.
        """

    @abstractmethod
    def process(self, records: Sequence[InputRecord], effects: Effects) -> None:
        """Folds records of one input topic, in offset order, and adds what follows from them to `effects`."""

    @abstractmethod
    def changes(self) -> Iterable[tuple[bytes, bytes | None]]:
        """State entries that changed since the last call, None for dropped ones. Keys start with a type byte."""

    def tick(self, now_s: float, effects: Effects) -> None:  # noqa: B027 -- a hook, likewise
        """Does work that is due by wall time; called regularly when no input is waiting. Its outputs are written."""

    @property
    def is_outdated(self) -> bool:
        """Whether newer rules wait for `renew`. Threads call it often: it must be cheap and change nothing."""
        return False

    def renew(self) -> None:  # noqa: B027 -- a hook, likewise
        """Uses the newest rules from here on.

        The engine calls it between two flushes, when all folded input is written, and writes a checkpoint directly
        afterwards, so that one set of rules folds all input of a replay.
        """

    def progress(self) -> bytes:
        """Bytes that a replay of the same input must reproduce; written with each flush, and checked in recovery."""
        return b""
