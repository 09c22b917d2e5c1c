"""Drives the stages' tasks in memory until no stage has records to read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from streams.replay.log import MemoryLog
from streams.task import CounterSeries, Effects, GaugeSeries, Task
from streams.wiring import Wiring
from weir.kafka.records import LogRecord, Output
from weir.topics import Topic

Sink = Callable[[Topic, LogRecord], None]
"""Takes each record that a stage wrote, in order."""


@dataclass(slots=True)
class MetricTally:
    """Counters and gauges of the tasks."""

    counts: Counter[CounterSeries] = field(default_factory=Counter)
    gauges: dict[GaugeSeries, float] = field(default_factory=dict)

    def total(self, metric: str, *labels: str) -> int:
        """Sum of a counter's series whose labels begin with `labels`."""
        return round(sum(n for (name, values), n in self.counts.items() if _begins(name, values, metric, labels)))

    def by_label(self, metric: str, position: int = 0) -> Counter[str]:
        """A counter's values by one of its labels."""
        found: Counter[str] = Counter()
        for (name, values), count in self.counts.items():
            if name == metric:
                found[values[position]] += round(count)
        return found

    def gauge(self, metric: str) -> float:
        """Sum of a gauge over its series."""
        return sum(value for (name, _), value in self.gauges.items() if name == metric)


class Flow:
    """The stages of one installation over a log in memory.

    Stages run in the order in which records pass through them, each until it has no records to read. So the results
    depend only on the input, and not on timing.
    """

    def __init__(self, log: MemoryLog, wiring: Wiring, sink: Sink) -> None:
        self.log = log
        self.tally = MetricTally()
        self._wiring = wiring
        self._followers: dict[str, list[Callable[[bytes, bytes | None], None]]] = defaultdict(list)
        for topic, take in wiring.followed:
            self._followers[topic.name].append(take)
        self._sink = sink
        self._tasks: dict[tuple[str, int], Task] = {}

    def settle(self) -> None:
        """Runs the stages until none has records to read."""
        while any(self._work(stage) for stage in self._wiring.inputs):
            pass

    def forget_changes(self) -> None:
        """Reads the tasks' changed state entries, as a checkpoint does, and drops them, which bounds the memory."""
        for task in self._tasks.values():
            for _ in task.changes():
                pass

    def tick(self, now_s: float) -> None:
        """Ticks all stages and settles. Sessionize is left out, as its time comes only from its input."""
        for (stage, _), task in list(self._tasks.items()):
            if stage != "sessionize":
                effects = Effects()
                task.tick(now_s, effects)
                self._apply(effects)
        self.settle()

    def _work(self, stage: str) -> bool:
        worked = False
        for topic in self._wiring.inputs[stage]:
            for partition in range(topic.partitions(self._wiring.visitors)):
                records = self.log.take(topic, partition)
                if records:
                    effects = Effects()
                    self._task(stage, partition).process(records, effects)
                    self._apply(effects)
                    worked = True
        return worked

    def _task(self, stage: str, partition: int) -> Task:
        task = self._tasks.get((stage, partition))
        if task is None:
            task = self._tasks[stage, partition] = self._wiring.make_task(stage, partition)
            task.loaded()
            task.recovered()
        return task

    def _apply(self, effects: Effects) -> None:
        self.tally.counts.update(effects.counts)
        self.tally.gauges.update(effects.gauges)
        for output in effects.outputs:
            self._write(output)

    def _write(self, output: Output) -> None:
        record = self.log.append(output)
        for take in self._followers.get(output.topic.name, ()):
            if record.key is not None:
                take(record.key, record.value)
        self._sink(output.topic, record)


def _begins(name: str, values: tuple[str, ...], metric: str, labels: tuple[str, ...]) -> bool:
    return name == metric and values[: len(labels)] == labels
