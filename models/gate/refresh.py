"""Refreshes: the learner that the champion came from replaces it every few dozen examples.

A replacement by another model has to prove at the gate that it is better. A refresh is the same model with more
examples: on the labels since the champion was promoted it must only be no worse. If the figures leave it open, the
champion stays until the next check, a few examples later. So the champion is never much older than the newest labels.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, pstdev

import msgspec

from models.gate.bounds import Bounds, Judged
from models.gate.chance import chance_of_at_least
from models.gate.contradiction import CONFIDENT
from models.gate.evaluation import measured, unstable
from models.gate.evidence import squared_error

FIRST = 10
"""Examples before the learner's own opinion is worth a record."""
_SHARE = 10
"""While a model is young, it is published after a tenth of what it has learned."""
_LEAST = 5
_LATELY = (25, 50, 100)
"""So many of the newest labels, each, must not contradict the champion on both sides."""
_DOUBTFUL = 0.15
"""Chance below which they are taken to contradict it."""
ENOUGH = 20
"""Answers after a doubt before a refresh is looked at again, and before log loss, calibration and such say anything."""
_BY_CHANCE = 2.0
"""Standard errors that chance explains."""
_HOUR_S, _DAY_S = 3_600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class RefreshBounds:
    """What a refresh may not be worse by."""

    squared_error: float = 0.01
    """Mean squared error above the champion's; more where chance alone may explain more."""
    log_loss: float = 1.1
    """Log loss as a multiple of the champion's, and a fiftieth."""
    calibration_error: float = 0.05
    """Calibration error above the champion's, where it is beyond what the gate allows anybody."""
    flagged: float = 0.05
    """The same for the distance between the share flagged and the share that is bad."""
    average_precision: float = 0.03
    """How far its average precision may lie below the champion's."""


class Published(msgspec.Struct, array_like=True):
    """A refresh in the models topic."""

    version: str
    decision: int
    at: float


def is_due(since: int, age_s: float, examples: int, every: int, every_s: float) -> bool:
    """Whether it is time to publish: after `every` examples or `every_s` seconds, sooner while there are few.

    With `every` 0 it never is.
    """
    if examples < FIRST or not since or not every:
        return False
    return since >= min(every, max(_LEAST, examples // _SHARE)) or age_s >= every_s


def objections(
    fresh: Sequence[Judged],
    newest: Sequence[Judged],
    gate: Bounds,
    bounds: RefreshBounds = RefreshBounds(),
    *,
    is_after_doubt: bool = False,
) -> tuple[list[str], dict[str, float]]:
    """Objections to a refresh, and the figures that they rest on.

    Args:
        fresh: Labels since the champion was promoted, which neither it nor the refresh had learned when they predicted.
        newest: The newest labels, those before the champion's promotion included.
        gate: Bounds of all versions that score.
        bounds: Further bounds of a refresh.
        is_after_doubt: Whether the learner has learned labels that were doubted since the champion's promotion: then
            chance is not accepted as an explanation.
    """
    found = doubts(newest, gate)
    judged = [one for one in fresh if one.champion is not None]
    if not judged:
        return found, {}
    leads = [
        squared_error(one.champion or 0.0, bad=one.bad) - squared_error(one.candidate, bad=one.bad) for one in judged
    ]
    lead, chance = fmean(leads), 0.0 if is_after_doubt else _BY_CHANCE * pstdev(leads) / sqrt(len(leads))
    figures = {"answers": float(len(judged)), "mean_lead": lead}
    if lead < -max(bounds.squared_error, chance):
        found.append(f"its squared error is higher than the champion's by {-lead:.3f} each")
    if len(judged) >= ENOUGH:
        found += _by_measure(judged, gate, bounds, figures, gate.minimum_of_each if is_after_doubt else ENOUGH)
    return found, figures


def superseded(
    published: Sequence[Published], in_use: Collection[str], now_s: float
) -> tuple[list[Published], list[Published]]:
    """Refreshes to keep in the topic, and those to delete: those in use stay, one an hour for a day, and one a day."""
    kept: list[Published] = []
    gone: list[Published] = []
    spans: set[tuple[str, int]] = set()
    # The newest of each span is the one that stays: it has learned most of it.
    for one in reversed(published):
        span = ("hour", int(one.at // _HOUR_S)) if now_s - one.at < _DAY_S else ("day", int(one.at // _DAY_S))
        if one.version in in_use or span not in spans:
            spans.add(span)
            kept.append(one)
        else:
            gone.append(one)
    return kept[::-1], gone[::-1]


def why(figures: Mapping[str, float], against: Sequence[str]) -> str:
    """The reason of the decision, for people."""
    answers = int(figures.get("answers", 0))
    if against:
        return f"Not refreshed: {'; '.join(against)}."
    if not answers:
        return "It has learned more of the same, and no label since is an objection."
    lead = figures["mean_lead"]
    direction = "lower" if lead >= 0 else "higher"
    return (
        f"On {answers} labels since the last refresh it is no worse: squared error {direction} by {abs(lead):.4f} each."
    )


def doubts(newest: Sequence[Judged], gate: Bounds) -> list[str]:
    """Whether the newest labels contradict both kinds of verdict that the champion was confident of, beyond chance.

    A new kind of abuse contradicts confident benign verdicts alone. Unlike at the gate both kinds count together, since
    refreshes are checked often, on few labels each time.
    """
    for count in _LATELY:
        judged = [one for one in newest[-count:] if one.champion is not None]
        benign = [one.bad for one in judged if (one.champion or 0.0) <= 1.0 - CONFIDENT]
        abusive = [not one.bad for one in judged if (one.champion or 0.0) >= CONFIDENT]
        if any(sum(wrong) <= gate.maximum_contradicted * len(wrong) for wrong in (benign, abusive)):
            continue
        wrong = [*benign, *abusive]
        if chance_of_at_least(sum(wrong), len(wrong), gate.maximum_contradicted) <= _DOUBTFUL:
            good, bad = (f"{sum(side) / len(side):.0%}" for side in (benign, abusive))
            found = (
                f"of what the champion was confident of, the newest {count} labels contradict {good} of the benign "
                f"and {bad} of the abusive sessions"
            )
            return [found]
    return []


def _by_measure(
    judged: Sequence[Judged], gate: Bounds, bounds: RefreshBounds, figures: dict[str, float], of_each: int
) -> list[str]:
    labels = [one.bad for one in judged]
    scores = [one.champion or 0.0 for one in judged]
    own, rival = measured([one.candidate for one in judged], labels), measured(scores, labels)
    figures |= own.figures("candidate") | rival.figures("champion")
    found = unstable(judged, scores, "the champion", gate)
    # Of a few bad ones, one that is ranked lower moves the average precision by more than it may differ.
    is_two_sided = min(sum(labels), len(labels) - sum(labels)) >= of_each
    if is_two_sided and own.average_precision < rival.average_precision - bounds.average_precision:
        found.append(
            f"its average precision is {own.average_precision:.3f}, the champion's {rival.average_precision:.3f}"
        )
    if own.log_loss > bounds.log_loss * rival.log_loss + 0.02:
        found.append(f"its log loss is {own.log_loss:.3f}, the champion's {rival.log_loss:.3f}")
    if own.calibration_error > max(gate.maximum_calibration_error, rival.calibration_error + bounds.calibration_error):
        found.append(f"its calibration error is {own.calibration_error:.3f}")
    excess, of_rival = (abs(one.flagged_share - one.bad_share) for one in (own, rival))
    if excess > max(gate.maximum_excess_flagged, of_rival + bounds.flagged):
        found.append(f"it would flag {own.flagged_share:.1%} where {own.bad_share:.1%} are bad")
    return found
