"""The verdict of one stage on a session, and the judgement of the whole cascade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from weir.contracts.flag import Reason, ShadowVerdict, Stage, Verdict

STRENGTH: dict[Verdict, int] = {"allow": 0, "review": 1, "throttle": 2, "block": 3}
"""Verdicts in rising strength."""


@dataclass(frozen=True, slots=True)
class StageVerdict:
    """The verdict of one stage on a session."""

    stage: Stage
    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    trial: ShadowVerdict | None = None
    """Its verdict if its rules in shadow counted; None if none of them holds."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The judgement of the whole cascade on a session."""

    verdict: Verdict
    stage: Stage
    """The stage that settled it; the last that could, for an `allow`."""
    reasons: tuple[Reason, ...]
    shadow: tuple[ShadowVerdict, ...]
    stages: tuple[StageVerdict, ...]
    """Verdicts of all stages that ran, in order, those in shadow included."""
    seconds: Mapping[Stage, float] = field(default_factory=dict, compare=False)
    """Seconds that each stage took, by the caller's clock."""
    trials: tuple[ShadowVerdict, ...] = ()
    """Verdicts of stages if their rules in shadow counted."""
    beneath: Judgement | None = None
    """The cascade's judgement without human labels, if those have a part in it."""
