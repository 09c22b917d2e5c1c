"""A file of business rules as it is written: its form."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from rules.business.conditions import SiteScope, When, Who
from rules.business.hours import Hours
from rules.document import Strict, as_tuple
from rules.entry import EntryHeader, EntryId, EntryReason
from weir.contracts.flag import Stage, Verdict

Owner = Annotated[str, Field(min_length=1, max_length=128)]
Probability = Annotated[float, Field(ge=0, le=1)]
ALLOW_PRIORITY, DENY_PRIORITY = 1_000, 900
"""Of the lists: a visitor on both is allowed, and no rule may come between them."""


class VerdictThresholds(Strict):
    """Scores from which on a verdict follows, in place of the model's own."""

    review: Probability | None = None
    throttle: Probability | None = None
    block: Probability | None = None

    def verdict_of(self, score: float) -> Verdict:
        """The strongest verdict that the score reaches."""
        rising: tuple[tuple[Verdict, float | None], ...] = (
            ("block", self.block),
            ("throttle", self.throttle),
            ("review", self.review),
        )
        return next((verdict for verdict, least in rising if least is not None and score >= least), "allow")


class Dated(EntryHeader):
    """What rules and entries of lists have in common."""

    owner: Owner
    """The person or team that is responsible for the entry."""
    hours: Hours | None = None
    """Hours of the week in which the entry is in force; always unless given."""

    def is_in_force(self, today: date, ts: float) -> bool:
        """Whether the entry is in force on a day, for a session whose newest event is of the time `ts`."""
        return (
            not self.is_expired(today)
            and not (self.added and self.added > today)
            and (self.hours is None or self.hours.hold_at(ts))
        )


class BusinessRuleEntry(Dated):
    """One rule."""

    priority: Annotated[int, Field(ge=-10_000, lt=DENY_PRIORITY)] = 0
    """Of the rules that hold, those with the greatest priority decide."""
    weight: Annotated[float, Field(gt=0, le=1_000)] = 1.0
    """Among those: the verdict with the greatest sum of weights; of equal sums the milder one."""
    when: When
    unless: When | None = None
    """Where this holds, the rule does not."""
    then: Verdict | None = None
    thresholds: VerdictThresholds | None = None
    """In place of `then`: the verdict follows from the score, where the model or no stage decided."""


class ListEntry(Dated):
    """One entry of an allow-list or a deny-list."""

    who: Who


class SegmentEntry(Strict):
    """A part of the traffic that rules refer to by name: a country, a customer, a part of the site."""

    id: EntryId
    where: SiteScope


class CeilingEntry(Strict):
    """What share of sessions may be throttled or blocked, and what becomes of further ones."""

    id: EntryId
    owner: Owner
    reason: EntryReason
    at_most: Annotated[float, Field(gt=0, lt=1)]
    """Share of a partition's newest sessions; above it the brake trips."""
    release_at: Annotated[float, Field(ge=0, lt=1)]
    """Share at which it lets go."""
    sessions: Annotated[int, Field(ge=100, le=1_000_000)] = 2_000
    """How many newest sessions the shares are of."""
    of: Annotated[tuple[Stage, ...], BeforeValidator(as_tuple), Field(min_length=1)] = ("heuristics", "model")
    """Stages whose verdicts count, and are held back."""
    then: Literal["review"] = "review"
    """What a verdict that is held back becomes."""
    ask_share: Probability = 0.05
    """Share of the sessions held back that people are asked about."""


class RulesFile(Strict):
    """A file of business rules."""

    version: Annotated[str, Field(min_length=1, max_length=64)]
    # Each is evaluated for every revision of a session, and compared with every other one when the file is read.
    segments: Annotated[tuple[SegmentEntry, ...], BeforeValidator(as_tuple), Field(max_length=200)] = ()
    allow: Annotated[tuple[ListEntry, ...], BeforeValidator(as_tuple), Field(max_length=200)] = ()
    deny: Annotated[tuple[ListEntry, ...], BeforeValidator(as_tuple), Field(max_length=200)] = ()
    rules: Annotated[tuple[BusinessRuleEntry, ...], BeforeValidator(as_tuple), Field(max_length=300)] = ()
    ceiling: CeilingEntry | None = None
