"""The figures of a replay as plain values, for the terminal, for `--json` and for the report."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from streams.replay.figures import Figures
from streams.replay.flow import MetricTally

TOP = 15


class Crawler(BaseModel):
    """A crawler that was recognised by its user agent."""

    pattern: str
    name: str
    sessions: int
    events: int


class Verdicts(BaseModel):
    """Number of sessions whose last flag has this stage and verdict."""

    stage: str
    verdict: str
    sessions: int


class ReasonCount(BaseModel):
    """Number of sessions whose last flag has this reason."""

    id: str
    text: str
    sessions: int


class FlaggedClient(BaseModel):
    """A client with sessions whose last flag has this verdict."""

    ip: str | None
    user_agent: str | None
    verdict: str
    events: int


class Learning(BaseModel):
    """Training examples, the gate's decisions, and the quality of scores and verdicts."""

    examples: dict[str, int]
    decisions: dict[str, int]
    scored_and_labelled: int
    auc: float | None
    """AUC of the scores at the time of scoring, on human labels."""
    recall: float | None = None
    """Flagged share of the sessions with human label `bad`."""
    false_positives: float | None = None
    """Flagged share of the sessions with human label `good`."""
    recall_without: float | None = None
    """Recall of the same cascade without a model."""
    false_positives_without: float | None = None
    """False positives of the same cascade without a model."""


class ReplaySummary(BaseModel):
    """The figures of one replay."""

    model_config = ConfigDict(frozen=True)

    lines: int
    unreadable: int
    """Lines that are not valid events; they become dead letters, as in `weir produce`."""
    events: dict[str, int]
    """Records of the events topic by outcome."""
    clamped: int
    dead_letters: dict[str, int]
    sessions: dict[str, int]
    """Final records by the way the session ended: `silence`, `split`, `merged`."""
    revisions: int
    still_open: int
    flags_published: int
    verdicts: list[Verdicts]
    reasons: list[ReasonCount]
    crawlers: list[Crawler]
    flagged: list[FlaggedClient] = []
    """Clients by strength of the verdict, then by number of events, both descending."""
    limits: dict[str, int]
    learning: Learning
    seconds: float

    @property
    def taken(self) -> int:
        """Lines that are events."""
        return self.lines - self.unreadable

    @property
    def balanced(self) -> bool:
        """Whether every line has one outcome. Rekeyed events are read twice, and watermark records are no lines."""
        own = self.events.get("watermark", 0) + self.events.get("rekeyed", 0)
        return self.lines == self.unreadable + sum(self.events.values()) - own


def summarise(lines: int, unreadable: int, tally: MetricTally, figures: Figures, seconds: float) -> ReplaySummary:
    """The summary of a replay that has ended."""
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
