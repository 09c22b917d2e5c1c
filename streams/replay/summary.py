"""What a replay found, as plain values: for the terminal, for `--json` and for the report."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from streams.replay.figures import Figures
from streams.replay.flow import MetricTally

TOP = 15


class Crawler(BaseModel):
    """A crawler that named itself."""

    pattern: str
    name: str
    sessions: int
    events: int


class Verdicts(BaseModel):
    """Sessions whose last word came from this stage."""

    stage: str
    verdict: str
    sessions: int


class ReasonCount(BaseModel):
    """Sessions whose last flag gave this reason."""

    id: str
    text: str
    sessions: int


class FlaggedClient(BaseModel):
    """A client with sessions under this verdict."""

    ip: str | None
    user_agent: str | None
    verdict: str
    events: int


class Learning(BaseModel):
    """What came of the labels."""

    examples: dict[str, int]
    decisions: dict[str, int]
    scored_and_labelled: int
    auc: float | None
    """Of scores as they were given, on people's labels."""
    recall: float | None = None
    """Share of what people call bad that had been flagged."""
    false_positives: float | None = None
    """Share of what they call good that had been."""
    recall_without: float | None = None
    """The same, by the same cascade without a model."""
    false_positives_without: float | None = None


class ReplaySummary(BaseModel):
    """The figures of one replay."""

    model_config = ConfigDict(frozen=True)

    lines: int
    unreadable: int
    """Lines that never became an event; dead-lettered as `weir produce` does."""
    events: dict[str, int]
    """Records of the events topic by what became of them."""
    clamped: int
    dead_letters: dict[str, int]
    sessions: dict[str, int]
    """Final records by how the session ended."""
    revisions: int
    still_open: int
    flags_published: int
    verdicts: list[Verdicts]
    reasons: list[ReasonCount]
    crawlers: list[Crawler]
    flagged: list[FlaggedClient] = []
    """Clients, the strongest verdicts first, of each those with the most events."""
    limits: dict[str, int]
    learning: Learning
    seconds: float

    @property
    def taken(self) -> int:
        """Lines that are events."""
        return self.lines - self.unreadable

    @property
    def balanced(self) -> bool:
        """Whether every line is accounted for: re-keyed events are read twice, watermark records are Weir's own."""
        own = self.events.get("watermark", 0) + self.events.get("rekeyed", 0)
        return self.lines == self.unreadable + sum(self.events.values()) - own


def summarise(lines: int, unreadable: int, tally: MetricTally, figures: Figures, seconds: float) -> ReplaySummary:
    """The summary of a replay that has come to its end."""
    return ReplaySummary(
        lines=lines,
        unreadable=unreadable,
        events=dict(tally.by_label("events")),
        clamped=tally.total("events_clamped"),
        dead_letters=dict(figures.dead_letters.most_common()),
        sessions=dict(figures.endings.most_common()),
        revisions=tally.total("session_revisions"),
        still_open=round(tally.gauge("sessions_open")),
        flags_published=tally.total("flags"),
        verdicts=[Verdicts(stage=s, verdict=v, sessions=n) for (s, v), n in figures.verdicts.most_common()],
        reasons=[
            ReasonCount(id=reason, text=figures.reason_texts[reason], sessions=n)
            for reason, n in figures.reasons.most_common(TOP)
        ],
        crawlers=_crawlers(figures),
        flagged=_flagged(figures),
        limits={f"{kind} {limit}": n for (kind, limit), n in figures.limits.most_common()},
        learning=_learning(tally, figures),
        seconds=round(seconds, 2),
    )


def _crawlers(figures: Figures) -> list[Crawler]:
    return [
        Crawler(pattern=p, name=_name(p), sessions=sessions, events=figures.crawler_events[p])
        for p, sessions in figures.crawlers.most_common()
    ]


def _flagged(figures: Figures) -> list[FlaggedClient]:
    strength = ("block", "throttle", "review")
    ordered = sorted(figures.flagged.items(), key=lambda one: (strength.index(one[0].verdict), -one[1]))
    return [
        FlaggedClient(ip=client.ip, user_agent=client.user_agent, verdict=client.verdict, events=events)
        for client, events in ordered[:TOP]
    ]


def _name(pattern: str) -> str:
    """The crawler's own name: the part of the pattern's id behind the pack's."""
    return pattern.rpartition("/")[2]


def _learning(tally: MetricTally, figures: Figures) -> Learning:
    auc = figures.examples.auc()
    found, without = figures.learning.totals()
    return Learning(
        examples={f"{kind} {label}": n for (kind, label), n in figures.labels.most_common()},
        decisions=dict(tally.by_label("model_decisions")),
        scored_and_labelled=figures.examples.examples,
        auc=None if auc is None else round(auc, 4),
        recall=found.recall,
        false_positives=found.false_positives,
        recall_without=without.recall,
        false_positives_without=without.false_positives,
    )
