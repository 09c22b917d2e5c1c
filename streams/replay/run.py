"""Replays lines of files and labels through all stages in memory, in the order of time."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from streams.intake.bad_lines import bad_line_letter
from streams.intake.line import BadLine, Line
from streams.intake.order import arrival_ms, when
from streams.replay.figures import Figures
from streams.replay.flow import Flow, Sink
from streams.replay.installation import DriverResources
from streams.replay.log import MemoryLog
from streams.replay.summary import ReplaySummary, summarise
from streams.sessionize.end_of_input import EndOfInput
from streams.sessionize.silence import Silence
from streams.sessionize.watermark import read_watermark
from weir.contracts import Label
from weir.contracts.fast import encode
from weir.kafka.records import LogRecord, Output
from weir.topics import EVENTS, LABELS, Topic

CHUNK_LINES = 1_000
"""Lines that are processed together. Sessions don't depend on this number, but scores do: a new champion scores only
from the next chunk on."""


class Replay:
    """One replay, from its first line to its summary.

    `started_s` is the append time of every record. A label is learned when the time of the input has passed the label's
    time, so that all events before the label are scored by then.
    """

    def __init__(self, resources: DriverResources, labels: Sequence[Label], sink: Sink, started_s: float) -> None:
        settings = resources.settings
        self.figures = Figures(resources.patterns)
        self._sink = sink
        self._started_s = started_s
        self._labels = deque(labels)
        self._newest_s = 0.0
        self._end = EndOfInput(settings.gap_s, settings.grace_s)
        self._longest_wait_s = settings.label_wait_s + settings.gap_s + settings.grace_s + settings.idle_timeout_s
        self._silence = Silence(settings.gap_s, settings.grace_s, settings.idle_timeout_s)
        self._lines = 0
        self._unreadable = 0
        wiring = resources.all_in_one()
        inputs = {topic for topics in wiring.inputs.values() for topic in topics}
        self._log = MemoryLog(settings.names, settings.partitions, round(started_s * 1000), inputs)
        self._flow = Flow(
            self._log,
            wiring,
            self._take_record,
        )

    def read(self, line: Line | BadLine) -> None:
        """Takes one line, and runs the stages after each `CHUNK_LINES` lines."""
        self._lines += 1
        if isinstance(line, BadLine):
            self._unreadable += 1
            self._refuse(line)
        else:
            at = when(line)
            self._learn_labels_until(at)
            self._advance_to(at)
            record = self._log.append(Output(EVENTS, line.key, line.value), arrival_ms(line, self._started_s))
            self._end.observe(record.partition, at)
            self._silence.observe(record.partition, at)
            self.figures.times.add(at)
        if self._lines % CHUNK_LINES == 0:
            self._settle()

    def finish(self, seconds: float) -> ReplaySummary:
        """Ends the input, closes all sessions, and learns the remaining labels; `seconds` is the replay's duration."""
        self._settle()
        for output in self._end.records():
            self._log.append(output)
        self._settle()
        for label in self._labels:
            self._learn(label)
        # Ends every wait for a time, such as that of labels for their sessions.
        self._flow.tick(self._started_s + self._longest_wait_s)
        self._settle()
        self.figures.finish(self._flow.tally)
        return summarise(self._lines, self._unreadable, self._flow.tally, self.figures, seconds)

    def _learn_labels_until(self, ts: float) -> None:
        self._newest_s = max(self._newest_s, ts)
        while self._labels and self._labels[0].ts < self._newest_s:
            self._learn(self._labels.popleft())

    def _advance_to(self, ts: float) -> None:
        for output in self._silence.advance_to(ts):
            record = self._log.append(output)
            self._end.observe_watermark(record.partition, read_watermark(record, len(record.value or b"")))

    def _learn(self, label: Label) -> None:
        self._advance_to(label.ts)
        self._flow.settle()
        # The figures count only records that stages write, but the sink gets every record of the labels' topic.
        self._sink(LABELS, self._log.append(Output(LABELS, label.visitor_id.encode(), encode(label))))
        self._flow.settle()

    def _refuse(self, line: BadLine) -> None:
        output = bad_line_letter(line)
        self._take_record(output.topic, self._log.append(output))

    def _settle(self) -> None:
        self._flow.settle()
        self._flow.forget_changes()
        self.figures.settle(self._flow.tally)

    def _take_record(self, topic: Topic, record: LogRecord) -> None:
        self.figures(topic, record)
        self._sink(topic, record)
