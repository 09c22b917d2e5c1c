"""Whether a candidate may replace the champion: a pure decision on the newest window of predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from models.gate.bounds import MOST_EVIDENCE, NO_HISTORY, Bounds, CandidateHistory, GateDecision, Judged
from models.gate.chance import UNLIKELY, chance_of_at_least
from models.gate.contradiction import contradictions

if TYPE_CHECKING:
    from models.gate.quality import Quality


def evaluate_candidate(
    window: Sequence[Judged], bounds: Bounds, history: CandidateHistory = NO_HISTORY
) -> GateDecision:
    """Compares the candidate with the champion and the naive baseline on the newest examples.

    The candidate must have a lower log loss and a higher AUC than both by a margin that chance does not explain, find
    no less among the highest scores, be calibrated, flag about as many as are abusive, be clearly worse in no segment,
    and cost no more than it may. On the newer half alone it must still be ahead of both, since what it learned last may
    have spoilt it. While labels contradict what the champion was confident of, on both sides, no candidate passes. If
    the figures leave it open, the champion stays.

    Args:
        window: The newest examples, oldest first.
        bounds: What is asked for.
        history: What else is known of the candidate.
    """
    people = [judged for judged in window if judged.people]
    by_people = bool(people) and len(people) >= bounds.minimum_people
    judges = people if by_people else list(window)
    where = f"the newest {len(judges)} " + ("human labels" if by_people else "labels, most of them weak")
    if not by_people and len(judges) < bounds.minimum_examples:
        return GateDecision(
            passes=False, why=f"There are too few labels so far to judge by: {len(judges)}.", figures={}
        )
    bad = sum(judged.bad for judged in judges)
    if min(bad, len(judges) - bad) < bounds.minimum_of_each:
        why = f"Of {where}, {bad} are bad and {len(judges) - bad} good: too one-sided to judge by."
        return GateDecision(passes=False, why=why, figures={})
    decision = _compare(judges, bounds, where, _beside(history, bounds, people=by_people))
    return replace(decision, by_people=by_people)


def _compare(
    judges: Sequence[Judged], bounds: Bounds, where: str, beside: tuple[list[str], dict[str, float]]
) -> GateDecision:
    rivals = _rivals(judges)
    labels = [judged.bad for judged in judges]
    candidate = measured([judged.candidate for judged in judges], labels)
    objections, more = beside
    figures = candidate.figures("candidate") | more
    objections = [*contradictions(judges, bounds), *objections, *_out_of_bounds(candidate, bounds)]
    for name, scores in rivals.items():
        rival = measured(scores, labels)
        figures |= rival.figures(name)
        objections += _too_weak(candidate, rival, f"the {name}", _margins(name, bounds))
        objections += _too_blunt(candidate, rival, f"the {name}", bounds)
        objections += _misses_more(judges, scores, f"the {name}", bounds)
        objections += unstable(judges, scores, f"the {name}", bounds)
    objections += _lately_too_weak(judges, rivals, bounds)
    if objections:
        return GateDecision(passes=False, why=f"On {where}: {'; '.join(objections)}.", figures=figures)
    why = (
        f"On {where} the candidate beats the {' and the '.join(rivals)}: log loss {candidate.log_loss:.3f}, "
        f"AUC {candidate.auc:.3f}, average precision {candidate.average_precision:.3f}, "
        f"calibration error {candidate.calibration_error:.3f}, "
        f"{candidate.flagged_share:.1%} flagged of {candidate.bad_share:.1%} bad."
    )
    return GateDecision(passes=True, why=why, figures=figures)


def _rivals(judges: Sequence[Judged]) -> dict[str, list[float]]:
    """The versions that the candidate must beat, by name, with their scores."""
    rivals = {"baseline": [judged.baseline for judged in judges]}
    if any(judged.champion is not None for judged in judges):
        # Where there was no champion yet, the baseline is what would have been known.
        rivals["champion"] = [judged.baseline if judged.champion is None else judged.champion for judged in judges]
    return rivals


def _margins(rival: str, bounds: Bounds) -> tuple[float, float]:
    if rival == "baseline":
        return bounds.baseline_auc_headroom, bounds.baseline_log_loss
    return bounds.champion_auc_headroom, bounds.champion_log_loss


def _too_weak(candidate: Quality, rival: Quality, name: str, margins: tuple[float, float]) -> list[str]:
    headroom, log_loss = margins
    objections = []
    # A rival that is worse than chance lowers no bar.
    auc = max(rival.auc, 0.5)
    if candidate.auc < auc + headroom * (1.0 - auc):
        objections.append(f"AUC {candidate.auc:.3f} is not clearly above {rival.auc:.3f} of {name}")
    if candidate.log_loss > log_loss * rival.log_loss:
        objections.append(f"log loss {candidate.log_loss:.3f} is not clearly below {rival.log_loss:.3f} of {name}")
    return objections


def _out_of_bounds(candidate: Quality, bounds: Bounds) -> list[str]:
    objections = []
    if candidate.calibration_error > bounds.maximum_calibration_error:
        objections.append(f"its calibration error is {candidate.calibration_error:.3f}")
    if abs(candidate.flagged_share - candidate.bad_share) > bounds.maximum_excess_flagged:
        objections.append(f"it would flag {candidate.flagged_share:.1%} where {candidate.bad_share:.1%} are bad")
    return objections


def _lately_too_weak(judges: Sequence[Judged], rivals: dict[str, list[float]], bounds: Bounds) -> list[str]:
    """Objections on the newer half, where the candidate must be better than the champion, by any margin."""
    start = len(judges) // 2
    labels = [judged.bad for judged in judges[start:]]
    if min(sum(labels), len(labels) - sum(labels)) < bounds.minimum_of_each:
        return []
    candidate = measured([judged.candidate for judged in judges[start:]], labels)
    objections = []
    for name, scores in rivals.items():
        margins = _margins(name, bounds) if name == "baseline" else (0.0, 1.0)
        objections += _too_weak(candidate, measured(scores[start:], labels), f"the {name} lately", margins)
    return objections


def _beside(history: CandidateHistory, bounds: Bounds, *, people: bool) -> tuple[list[str], dict[str, float]]:
    """Objections that do not rest on the window, and their figures."""
    objections: list[str] = []
    figures: dict[str, float] = {}
    if history.e_values is not None:
        figures["evidence"] = min(history.e_values[people], MOST_EVIDENCE)
        if figures["evidence"] < bounds.least_e_value:
            objections.append(
                f"that it is better may still be chance (evidence {figures['evidence']:.1f}, "
                f"{bounds.least_e_value:.0f} asked)"
            )
    # What it costs is no figure of the record: the same examples would give another one each time.
    if history.cost_us is not None and history.cost_us > bounds.maximum_cost_us:
        objections.append(f"a prediction takes {history.cost_us:.0f} µs")
    return objections, figures


def _too_blunt(candidate: Quality, rival: Quality, name: str, bounds: Bounds) -> list[str]:
    """Objections by the average precision, which the highest scores decide."""
    objections = []
    if candidate.average_precision < rival.average_precision - bounds.maximum_loss_of_precision:
        objections.append(
            f"average precision {candidate.average_precision:.3f} is below {rival.average_precision:.3f} of {name}"
        )
    return objections


def _misses_more(judges: Sequence[Judged], scores: Sequence[float], name: str, bounds: Bounds) -> list[str]:
    """Whether it misses what the rival finds, more often than the reverse and than chance would have it."""
    labels = [judged.bad for judged in judges]
    own = _found([judged.candidate for judged in judges], labels, bounds.false_positive_rate)
    rivals = _found(scores, labels, bounds.false_positive_rate)
    lost, won = len(rivals - own), len(own - rivals)
    # Of pairs that differ, half would be lost by chance.
    if lost <= won or chance_of_at_least(lost, lost + won, 0.5) > UNLIKELY:
        return []
    return [f"it misses {lost} that {name} finds, and finds {won} that it misses"]


def _found(scores: Sequence[float], labels: Sequence[bool], rate: float) -> set[int]:
    good = sorted((score for score, bad in zip(scores, labels, strict=True) if not bad), reverse=True)
    threshold = good[int(rate * len(good))]
    return {at for at, (score, bad) in enumerate(zip(scores, labels, strict=True)) if bad and score > threshold}


def unstable(judges: Sequence[Judged], scores: Sequence[float], name: str, bounds: Bounds) -> list[str]:
    """Segments in which the candidate is clearly worse, though it is better on the whole."""
    objections = []
    sizes = Counter(judged.segment for judged in judges)
    for segment in sorted(segment for segment, size in sizes.items() if segment and size >= bounds.minimum_segment):
        inside = [(judged, score) for judged, score in zip(judges, scores, strict=True) if judged.segment == segment]
        labels = [judged.bad for judged, _ in inside]
        candidate = measured([judged.candidate for judged, _ in inside], labels).log_loss
        rival = measured([score for _, score in inside], labels).log_loss
        if candidate > bounds.segment_log_loss * rival + 0.1:
            objections.append(f"log loss {candidate:.3f} is above {rival:.3f} of {name} among {segment}")
    return objections


def measured(scores: Sequence[float], labels: Sequence[bool]) -> Quality:
    """See `models.gate.quality.measure`."""
    from models.gate.quality import measure  # noqa: PLC0415 -- imports numpy, which no run needs that evaluates no candidate

    return measure(scores, labels)
