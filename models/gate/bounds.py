"""Input, bounds and decision of the gate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

MOST_EVIDENCE = 1_000.0
"""E-values above this are shown as this: greater ones mean the same to a reader."""
FIRST_LABELS = 20
"""Human labels, or labels of all kinds, that a first champion is evaluated on at least."""


class Judged(msgspec.Struct, frozen=True, array_like=True):
    """One example of the window: its label, and what each version predicted before the learner learned it."""

    bad: bool
    people: bool
    """Whether the label is a human one."""
    candidate: float
    champion: float | None
    baseline: float
    segment: str = ""
    """Part of the traffic that the example belongs to."""
    challenger: float | None = None
    """Score of the version that is in its rollout, if there is one."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the gate asks for."""

    minimum_people: int = 30
    """With at least so many human labels in the window, only those count."""
    minimum_examples: int = 50
    """With fewer labels of all kinds, nothing is decided."""
    minimum_of_each: int = 5
    """So many benign and so many abusive examples at least."""
    baseline_auc_headroom: float = 0.2
    """Share of the way from the baseline's AUC to 1 that the candidate must have gone."""
    baseline_log_loss: float = 0.95
    """The candidate's log loss, at most this share of the baseline's."""
    champion_auc_headroom: float = 0.02
    """As for the baseline: a margin that shrinks as the champion nears perfection."""
    champion_log_loss: float = 0.98
    """The candidate's log loss, at most this share of the champion's."""
    maximum_loss_of_precision: float = 0.03
    """How far the candidate's average precision may lie below the champion's."""
    false_positive_rate: float = 0.05
    """Share of benign examples above the threshold at which recall is compared: the candidate's is no lower than the
    champion's, within what chance explains. At a lower rate a few wrong labels would decide."""
    least_e_value: float = 10.0
    """Least e-value that the candidate's errors are smaller, see `models.gate.evidence`. By chance alone it gets there
    in one of ten tenures of a champion."""
    maximum_calibration_error: float = 0.15
    """How far the candidate's scores may be from the shares of abuse, on average."""
    maximum_excess_flagged: float = 0.15
    """How far the share that the candidate would flag may lie from the share that is abusive."""
    minimum_segment: int = 20
    """Segments with fewer examples in the window are not looked at."""
    segment_log_loss: float = 1.25
    """In no segment may the candidate's log loss exceed so many times the champion's, and a tenth."""
    maximum_contradicted: float = 0.12
    """Share of the champion's confident verdicts of either kind that may turn out wrong. If more do, in both kinds at
    once and beyond what chance explains, the labels are doubted rather than the champion."""
    maximum_cost_us: float = 2_000.0
    """Microseconds that a prediction may take on average."""


@dataclass(frozen=True, slots=True)
class GateDecision:
    """What the gate decided, why, and on which figures."""

    passes: bool
    why: str
    figures: dict[str, float]
    by_people: bool = True
    """Whether human labels alone counted."""


@dataclass(frozen=True, slots=True)
class CandidateHistory:
    """What is known of a candidate beside the window."""

    e_values: Mapping[bool, float] | None = None
    """E-value by human labels alone (True) and by all labels (False); None: it is not asked for."""
    cost_us: float | None = None
    """Mean microseconds of a prediction; None if it was not measured."""


NO_HISTORY = CandidateHistory()
"""Of a candidate of which nothing is known beside the window."""


def first_bounds(bounds: Bounds, labels: int) -> Bounds:
    """What the gate asks of a first champion: fewer labels, and no more calibration than so few labels can show."""
    by_chance = 0.5 / math.sqrt(max(labels, 1))
    return replace(
        bounds,
        minimum_people=min(bounds.minimum_people, FIRST_LABELS),
        minimum_examples=min(bounds.minimum_examples, FIRST_LABELS),
        maximum_calibration_error=bounds.maximum_calibration_error + by_chance,
        maximum_excess_flagged=bounds.maximum_excess_flagged + by_chance,
    )
