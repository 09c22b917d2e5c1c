"""Collects the figures of summary and report from the written records, in bounded memory."""

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
MAX_CLIENTS = 20_000
"""Most flagged clients that are counted; above that, the half with the fewest events is dropped."""

_session = decoder(Session)
_flag = decoder(Flag)
_limit = decoder(Limit)
_example = decoder(TrainingExample)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The model's quality on the newest window after a number of examples."""

    examples: int
    role: str
    auc: float
    log_loss: float


@dataclass(frozen=True, slots=True)
class ClientVerdict:
    """A client and the last verdict on its flagged sessions."""

    ip: str | None
    user_agent: str | None
    verdict: str
    """The last verdict on a session; a client may have an entry for each verdict."""


@dataclass(slots=True)
class Figures:
    """Figures of all records that the stages write. `settle` must be called after each chunk of input."""

    patterns: Patterns
    times: TimeBins = field(default_factory=TimeBins)
    sizes: Counter[int] = field(default_factory=Counter)
    """Closed sessions by their number of events, rounded down to a power of two."""
    endings: Counter[str] = field(default_factory=Counter)
    """Final records by the way the session ended: `silence`, `split`, `merged`."""
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Sessions by the stage and verdict of their last flag."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Sessions by the reasons of their last flag."""
    reason_texts: dict[str, str] = field(default_factory=dict)
    crawlers: Counter[str] = field(default_factory=Counter)
    """Closed sessions by the crawlers' patterns that they matched."""
    crawler_events: Counter[str] = field(default_factory=Counter)
    flagged: Counter[ClientVerdict] = field(default_factory=Counter)
    """Events by client, of closed sessions whose last verdict is not `allow`."""
    limits: Counter[tuple[str, str]] = field(default_factory=Counter)
    dead_letters: Counter[str] = field(default_factory=Counter)
    """Dead letters by reason."""
    examples: ScoredExamples = field(default_factory=ScoredExamples)
    labels: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Training examples by kind of source and label."""
    curve: list[CurvePoint] = field(default_factory=list)
    learning: LearningCurve = field(default_factory=LearningCurve)
    _last_flags: dict[str, Flag] = field(default_factory=dict)
    _closed: list[tuple[str, str | None, str | None, int]] = field(default_factory=list)

    def __call__(self, topic: Topic, record: LogRecord) -> None:
        """Takes one record."""
        value = record.value
        if value is None:
            return
        if topic is SESSIONS:
            # Most records are revisions of open sessions, and searching is cheaper than decoding.
            if b'"final":true' in value:
                self._take_session(value)
        elif topic is FLAGS:
            flag = _flag(value)
            self._last_flags[flag.session_id] = flag
            self.learning.add_flag(flag)
        elif topic is LIMITS:
            limit = _limit(value)
            self.limits[limit.kind, limit.limit] += 1
        elif topic is DEAD_LETTER:
            self.dead_letters[dict(record.headers)["reason"].decode()] += 1
        elif topic is TRAINING:
            self._take_example(value)

    def settle(self, tally: MetricTally) -> None:
        """Counts the last verdicts on closed sessions, and the model's present quality."""
        for session_id, ip, user_agent, events in self._closed:
            flag = self._count_last_flag(session_id)
            if flag is not None and flag.verdict != "allow":
                self.flagged[ClientVerdict(ip, user_agent, flag.verdict)] += events
        self._closed.clear()
        if len(self.flagged) > MAX_CLIENTS:
            self.flagged = Counter(dict(self.flagged.most_common(MAX_CLIENTS // 2)))
        self._take_quality(tally)

    def finish(self, tally: MetricTally) -> None:
        """Counts the last verdicts on the sessions that are still open, too."""
        self.settle(tally)
        for session_id in list(self._last_flags):
            self._count_last_flag(session_id)

    def _take_session(self, value: bytes) -> None:
        session = _session(value)
        if not session.final:
            return
        self._closed.append((session.session_id, session.ip, session.user_agent, session.events))
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
        self.learning.add_label(example)
        if example.score is not None:
            self.examples.add(example.score, bad=example.label == "bad")

    def _count_last_flag(self, session_id: str) -> Flag | None:
        flag = self._last_flags.pop(session_id, None)
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
