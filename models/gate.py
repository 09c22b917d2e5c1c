"""Whether a candidate may take the champion's place: a pure decision on the newest window of predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.quality import Quality, measure


@dataclass(frozen=True, slots=True)
class Judged:
    """One example of the window: what each of them predicted before it was learned, and what it turned out to be."""

    bad: bool
    people: bool
    """Whether a person said so."""
    candidate: float
    champion: float | None
    baseline: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the gate asks for."""

    minimum_people: int = 30
    """With at least so many answers of people in the window, only those judge."""
    minimum_examples: int = 50
    """With fewer of all kinds, nothing is decided."""
    minimum_of_each: int = 5
    """So many good and so many bad ones at least."""
    baseline_auc_headroom: float = 0.2
    """Share of the way from the baseline's AUC to 1 that the candidate must have gone."""
    baseline_log_loss: float = 0.95
    """The candidate's log loss, at most this share of the baseline's."""
    champion_auc_headroom: float = 0.02
    """As for the baseline: a margin that shrinks as the champion nears perfection."""
    champion_log_loss: float = 0.98
    """Likewise."""
    maximum_calibration_error: float = 0.15
    """What the candidate claims may be off by so much on average."""
    maximum_excess_flagged: float = 0.15
    """How far the share that the candidate would flag may lie from the share that is bad."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """What the gate decided, why, and on which figures."""

    promote: bool
    why: str
    figures: dict[str, float]


def meet(window: Sequence[Judged], bounds: Bounds) -> Meeting:
    """Lets the candidate meet the champion and the naive baseline on the newest examples.

    It must beat both on log loss and AUC by a margin, be calibrated and flag about as much as is bad; and on the newer
    half alone it must still be ahead of both, or what it learned last has spoilt it. In doubt the champion stays:
    stale beats misbehaving.
    """
    people = [judged for judged in window if judged.people]
    by_people = bool(people) and len(people) >= bounds.minimum_people
    judges = people if by_people else list(window)
    where = f"the newest {len(judges)} " + ("answers of people" if by_people else "labels, most of them weak")
    if not by_people and len(judges) < bounds.minimum_examples:
        return Meeting(promote=False, why=f"Only {len(judges)} labels so far: too few to judge by.", figures={})
    bad = sum(judged.bad for judged in judges)
    if min(bad, len(judges) - bad) < bounds.minimum_of_each:
        why = f"Of {where}, {bad} are bad and {len(judges) - bad} good: too one-sided to judge by."
        return Meeting(promote=False, why=why, figures={})
    return _compare(judges, bounds, where)


def _compare(judges: Sequence[Judged], bounds: Bounds, where: str) -> Meeting:
    rivals = _rivals(judges)
    labels = [judged.bad for judged in judges]
    candidate = measure([judged.candidate for judged in judges], labels)
    figures = candidate.figures("candidate")
    objections = _out_of_bounds(candidate, bounds)
    for name, scores in rivals.items():
        rival = measure(scores, labels)
        figures |= rival.figures(name)
        objections += _too_weak(candidate, rival, f"the {name}", _margins(name, bounds))
    objections += _lately_too_weak(judges, rivals, bounds)
    if objections:
        return Meeting(promote=False, why=f"On {where}: {'; '.join(objections)}.", figures=figures)
    why = (
        f"On {where} the candidate beats the {' and the '.join(rivals)}: log loss {candidate.log_loss:.3f}, "
        f"AUC {candidate.auc:.3f}, calibration error {candidate.calibration_error:.3f}, "
        f"{candidate.flagged_share:.1%} flagged of {candidate.bad_share:.1%} bad."
    )
    return Meeting(promote=True, why=why, figures=figures)


def _rivals(judges: Sequence[Judged]) -> dict[str, list[float]]:
    """Whom the candidate must beat, with their scores."""
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
    """What speaks against it on the newer half: there the champion need not be far behind, but behind."""
    start = len(judges) // 2
    labels = [judged.bad for judged in judges[start:]]
    if min(sum(labels), len(labels) - sum(labels)) < bounds.minimum_of_each:
        return []
    candidate = measure([judged.candidate for judged in judges[start:]], labels)
    objections = []
    for name, scores in rivals.items():
        margins = _margins(name, bounds) if name == "baseline" else (0.0, 1.0)
        objections += _too_weak(candidate, measure(scores[start:], labels), f"the {name} lately", margins)
    return objections
