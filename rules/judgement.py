"""What one stage says of a session, and what the cascade makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from weir.contracts.flag import Reason, ShadowVerdict, Stage, Verdict

STRENGTH: dict[Verdict, int] = {"allow": 0, "review": 1, "throttle": 2, "block": 3}
"""Verdicts in rising strength."""


@dataclass(frozen=True, slots=True)
class StageVerdict:
    """What one stage says of a session."""

    stage: Stage
    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    trial: ShadowVerdict | None = None
    """What it would say if those of its rules counted that are in shadow, and one of them holds."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the cascade says of a session."""

    verdict: Verdict
    stage: Stage
    """The stage that settled it; the last that could, for an `allow`."""
    reasons: tuple[Reason, ...]
    shadow: tuple[ShadowVerdict, ...]
    stages: tuple[StageVerdict, ...]
    """Every stage that spoke, in order, those in shadow included."""
    seconds: Mapping[Stage, float] = field(default_factory=dict, compare=False)
    """Time that each stage took to speak, by the clock that was given."""
    trials: tuple[ShadowVerdict, ...] = ()
    """What stages would say with those of their rules that are in shadow."""
    beneath: Judgement | None = None
    """What the cascade says without people's answers, where those have a part in it."""
