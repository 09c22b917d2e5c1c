"""What the summary and the report show, gathered from the records as they are written, in bounded memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from rules.heuristics.crawlers import CATEGORIES
from rules.heuristics.patterns import Patterns
from streams.replay.bins import TimeBins
from streams.replay.flow import MetricTally
from streams.replay.learning import LearningCurve
from streams.replay.quality import ScoredExamples
from weir.contracts import Flag, Limit, Session, TrainingExample
from weir.contracts.fast import decoder
from weir.kafka.records import LogRecord
from weir.topics import DEAD_LETTER, FLAGS, LIMITS, SESSIONS, TRAINING, Topic

CURVE_POINTS = 1_000
MOST_CLIENTS = 20_000
"""Flagged clients that are counted; of more, those with the fewest events are forgotten."""

_session = decoder(Session)
_flag = decoder(Flag)
_limit = decoder(Limit)
_example = decoder(TrainingExample)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Quality on the newest window after so many examples."""

    examples: int
    role: str
    auc: float
    log_loss: float


@dataclass(frozen=True, slots=True)
class ClientVerdict:
    """Whose sessions were flagged."""

    ip: str | None
    user_agent: str | None
    verdict: str
    """The last one on its sessions: a client may stand under several."""


@dataclass(slots=True)
class Figures:
    """Takes every record that the stages write; `settle` is to be called when all of a stretch's are in."""

    patterns: Patterns
    times: TimeBins = field(default_factory=TimeBins)
    sizes: Counter[int] = field(default_factory=Counter)
    """Closed sessions by the power of two below their number of events."""
    endings: Counter[str] = field(default_factory=Counter)
    """Final records: `silence`, `split`, `merged`."""
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Sessions by the stage and verdict of their last flag."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Sessions by the reasons of their last flag."""
    reason_texts: dict[str, str] = field(default_factory=dict)
    crawlers: Counter[str] = field(default_factory=Counter)
    """Closed sessions by the crawlers' patterns that they matched."""
    crawler_events: Counter[str] = field(default_factory=Counter)
    flagged: Counter[ClientVerdict] = field(default_factory=Counter)
    """Events of closed sessions whose last flag is more than `allow`."""
    limits: Counter[tuple[str, str]] = field(default_factory=Counter)
    dead_letters: Counter[str] = field(default_factory=Counter)
    """By reason."""
    examples: ScoredExamples = field(default_factory=ScoredExamples)
    labels: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Training examples by who says so and what."""
    curve: list[CurvePoint] = field(default_factory=list)
    learning: LearningCurve = field(default_factory=LearningCurve)
    _standing: dict[str, Flag] = field(default_factory=dict)
    _closing: list[tuple[str, str | None, str | None, int]] = field(default_factory=list)

    def __call__(self, topic: Topic, record: LogRecord) -> None:
        """Takes one record."""
        value = record.value
        if value is None:
            return
        if topic is SESSIONS:
            # Told before decoding: most records are revisions of open sessions.
            if b'"final":true' in value:
                self._take_session(value)
        elif topic is FLAGS:
            flag = _flag(value)
            self._standing[flag.session_id] = flag
            self.learning.see(flag)
        elif topic is LIMITS:
            limit = _limit(value)
            self.limits[limit.kind, limit.limit] += 1
        elif topic is DEAD_LETTER:
            self.dead_letters[dict(record.headers)["reason"].decode()] += 1
        elif topic is TRAINING:
            self._take_example(value)

    def settle(self, tally: MetricTally) -> None:
        """Counts the last word on sessions that have closed, and the model's quality as it stands."""
        for session_id, ip, user_agent, events in self._closing:
            flag = self._count_standing(session_id)
            if flag is not None and flag.verdict != "allow":
                self.flagged[ClientVerdict(ip, user_agent, flag.verdict)] += events
        self._closing.clear()
        if len(self.flagged) > MOST_CLIENTS:
            self.flagged = Counter(dict(self.flagged.most_common(MOST_CLIENTS // 2)))
        self._take_quality(tally)

    def finish(self, tally: MetricTally) -> None:
        """Counts the last word on the sessions that stayed open too."""
        self.settle(tally)
        for session_id in list(self._standing):
            self._count_standing(session_id)

    def _take_session(self, value: bytes) -> None:
        session = _session(value)
        if not session.final:
            return
        self._closing.append((session.session_id, session.ip, session.user_agent, session.events))
        self.endings["merged" if session.merged_into else "split" if session.split else "silence"] += 1
        if session.merged_into:
            return
        self.sizes[1 << (session.events.bit_length() - 1)] += 1
        for pattern, hits in session.heuristics.items():
            if self.patterns.info(pattern).category in CATEGORIES:
                self.crawlers[pattern] += 1
                self.crawler_events[pattern] += hits.hits

    def _take_example(self, value: bytes) -> None:
        example = _example(value)
        self.labels["weak" if example.source.startswith("weak:") else "people", example.label] += 1
        if example.source.startswith("weak:"):
            return
        self.learning.take(example)
        if example.score is not None:
            self.examples.add(example.score, bad=example.label == "bad")

    def _count_standing(self, session_id: str) -> Flag | None:
        flag = self._standing.pop(session_id, None)
        if flag is None:
            return None
        self.verdicts[flag.stage, flag.verdict] += 1
        for reason in flag.reasons:
            self.reasons[reason.id] += 1
            self.reason_texts[reason.id] = reason.text
        return flag

    def _take_quality(self, tally: MetricTally) -> None:
        examples = tally.total("examples_learned")
        if self.curve and self.curve[-1].examples == examples:
            return
        for (name, labels), auc in tally.gauges.items():
            if name == "model_auc":
                log_loss = tally.gauges.get(("model_log_loss", labels), float("nan"))
                self.curve.append(CurvePoint(examples, labels[0], auc, log_loss))
        if len(self.curve) > CURVE_POINTS:
            del self.curve[::2]
