"""A file of business rules as it is written: its form."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from rules.business.conditions import SiteScope, When, Who
from rules.business.hours import Hours
from rules.document import Strict, as_date, as_tuple
from weir.contracts.flag import Stage, Verdict

Day = Annotated[date, BeforeValidator(as_date)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._/-]{0,127}$")]
Owner = Annotated[str, Field(min_length=1, max_length=128)]
Why = Annotated[str, Field(min_length=8, max_length=300)]
Probability = Annotated[float, Field(ge=0, le=1)]
ALLOW_PRIORITY, DENY_PRIORITY = 1_000, 900
"""Of the lists: who is on both is allowed, and no rule may stand between."""


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


class Dated(Strict):
    """What every entry says of itself."""

    id: Id
    owner: Owner
    """Who answers for it."""
    reason: Why
    """For the person who reads the flag."""
    added: Day | None = None
    expires: Day | None = None
    """From this day (UTC) on it is off."""
    hours: Hours | None = None
    """Hours of the week in which it is in force; always unless given."""
    enabled: bool = True


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
    """In place of `then`: the verdict follows from the score, where the model or nobody decided."""


class ListEntry(Dated):
    """One entry of an allow-list or a deny-list."""

    who: Who


class SegmentEntry(Strict):
    """A part of the traffic that rules refer to by name: a country, a customer, a part of the site."""

    id: Id
    where: SiteScope


class CeilingEntry(Strict):
    """What share of sessions may be throttled or blocked, and what becomes of further ones."""

    id: Id
    owner: Owner
    reason: Why
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
    # Each is asked for every revision of a session, and compared with every other one when the file is read.
    segments: Annotated[tuple[SegmentEntry, ...], BeforeValidator(as_tuple), Field(max_length=200)] = ()
    allow: Annotated[tuple[ListEntry, ...], BeforeValidator(as_tuple), Field(max_length=200)] = ()
    deny: Annotated[tuple[ListEntry, ...], BeforeValidator(as_tuple), Field(max_length=200)] = ()
    rules: Annotated[tuple[BusinessRuleEntry, ...], BeforeValidator(as_tuple), Field(max_length=300)] = ()
    ceiling: CeilingEntry | None = None
