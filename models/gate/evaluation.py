"""Whether a candidate may take the champion's place: a pure decision on the newest window of predictions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from models.gate.quality import Quality


class Judged(msgspec.Struct, frozen=True, array_like=True):
    """One example of the window: what each of them predicted before it was learned, and what it turned out to be."""

    bad: bool
    people: bool
    """Whether a person said so."""
    candidate: float
    champion: float | None
    baseline: float
    segment: str = ""
    """Part of the traffic that it belongs to."""
    challenger: float | None = None
    """Who is on trial, if anybody."""


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
    maximum_loss_of_precision: float = 0.03
    """How far the candidate's average precision may lie below the champion's."""
    false_positive_rate: float = 0.05
    """Share of the good that may be called bad, for the candidate's recall: no lower than the champion's, as far as
    chance doesn't explain it. Nearer to 0, wrong answers alone would decide."""
    fortune: float = 10.0
    """Least e-value that the candidate's errors are smaller, see `models.gate.evidence`. By chance alone it gets
    there in one of ten tenures of a champion."""
    maximum_calibration_error: float = 0.15
    """What the candidate claims may be off by so much on average."""
    maximum_excess_flagged: float = 0.15
    """How far the share that the candidate would flag may lie from the share that is bad."""
    minimum_segment: int = 20
    """Segments with fewer examples in the window are not looked at."""
    segment_log_loss: float = 1.25
    """In none of them may the candidate's log loss be more than this many times the champion's, and a tenth."""
    maximum_contradicted: float = 0.12
    """Share of the champion's sure verdicts of either kind that may turn out wrong; more, in both kinds at once, and
    the answers are doubted, not the champion. What chance could explain is no doubt."""
    maximum_cost_us: float = 2_000.0
    """Microseconds that a prediction may take on average."""


_UNLIKELY = 0.05
_MOST_WAYS = 1_029
"""Of one try more, the number of ways is beyond what a float holds: logarithms are summed from there on."""
MOST_EVIDENCE = 1_000.0
"""More is as sure, and no figure for a person to read."""
SURE = 0.85
"""A score from which, and below whose opposite, the champion was sure."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """What the gate decided, why, and on which figures."""

    promote: bool
    why: str
    figures: dict[str, float]
    by_people: bool = True
    """Whether people's answers alone were looked at."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a candidate beside the window."""

    fortune: Mapping[bool, float] | None = None
    """Evidence against the rival by answers of people alone, and by all labels; None: it isn't asked for."""
    cost_us: float | None = None
    """Mean time of a prediction; None where no clock is."""


def meet(window: Sequence[Judged], bounds: Bounds, record: Record = Record()) -> Meeting:
    """Lets the candidate meet the champion and the naive baseline on the newest examples.

    It must beat both on log loss and AUC by a margin that chance doesn't explain, find no less at the top, be
    calibrated, flag about as much as is bad, fail no segment and cost no more than it may; and on the newer half alone
    it must still be ahead of both, or what it learned last has spoilt it. While answers contradict what the champion
    was sure of both ways, nobody is promoted on them. In doubt the champion stays: stale beats misbehaving.
    """
    people = [judged for judged in window if judged.people]
    by_people = bool(people) and len(people) >= bounds.minimum_people
    judges = people if by_people else list(window)
    where = f"the newest {len(judges)} " + ("answers of people" if by_people else "labels, most of them weak")
    if not by_people and len(judges) < bounds.minimum_examples:
        return Meeting(promote=False, why=f"There are too few labels so far to judge by: {len(judges)}.", figures={})
    bad = sum(judged.bad for judged in judges)
    if min(bad, len(judges) - bad) < bounds.minimum_of_each:
        why = f"Of {where}, {bad} are bad and {len(judges) - bad} good: too one-sided to judge by."
        return Meeting(promote=False, why=why, figures={})
    meeting = _compare(judges, bounds, where, _beside(record, bounds, people=by_people))
    return replace(meeting, by_people=by_people)


def _compare(
    judges: Sequence[Judged], bounds: Bounds, where: str, beside: tuple[list[str], dict[str, float]]
) -> Meeting:
    rivals = _rivals(judges)
    labels = [judged.bad for judged in judges]
    candidate = measured([judged.candidate for judged in judges], labels)
    objections, more = beside
    figures = candidate.figures("candidate") | more
    objections = [*contradicted(judges, bounds), *objections, *_out_of_bounds(candidate, bounds)]
    for name, scores in rivals.items():
        rival = measured(scores, labels)
        figures |= rival.figures(name)
        objections += _too_weak(candidate, rival, f"the {name}", _margins(name, bounds))
        objections += _too_blunt(candidate, rival, f"the {name}", bounds)
        objections += _misses_more(judges, scores, f"the {name}", bounds)
        objections += unstable(judges, scores, f"the {name}", bounds)
    objections += _lately_too_weak(judges, rivals, bounds)
    if objections:
        return Meeting(promote=False, why=f"On {where}: {'; '.join(objections)}.", figures=figures)
    why = (
        f"On {where} the candidate beats the {' and the '.join(rivals)}: log loss {candidate.log_loss:.3f}, "
        f"AUC {candidate.auc:.3f}, average precision {candidate.average_precision:.3f}, "
        f"calibration error {candidate.calibration_error:.3f}, "
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
    candidate = measured([judged.candidate for judged in judges[start:]], labels)
    objections = []
    for name, scores in rivals.items():
        margins = _margins(name, bounds) if name == "baseline" else (0.0, 1.0)
        objections += _too_weak(candidate, measured(scores[start:], labels), f"the {name} lately", margins)
    return objections


def _beside(record: Record, bounds: Bounds, *, people: bool) -> tuple[list[str], dict[str, float]]:
    """What speaks against it beside the window, and the figures of that."""
    objections: list[str] = []
    figures: dict[str, float] = {}
    if record.fortune is not None:
        figures["evidence"] = min(record.fortune[people], MOST_EVIDENCE)
        if figures["evidence"] < bounds.fortune:
            objections.append(
                f"that it is better may still be chance (evidence {figures['evidence']:.1f}, "
                f"{bounds.fortune:.0f} asked)"
            )
    # What it costs is no figure of the record: the same examples would give another one each time.
    if record.cost_us is not None and record.cost_us > bounds.maximum_cost_us:
        objections.append(f"a prediction takes {record.cost_us:.0f} µs")
    return objections, figures


def _too_blunt(candidate: Quality, rival: Quality, name: str, bounds: Bounds) -> list[str]:
    """What speaks against it where it matters: among the highest scores."""
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
    if lost <= won or chance_of_so_many(lost, lost + won, 0.5) > _UNLIKELY:
        return []
    return [f"it misses {lost} that {name} finds, and finds {won} that it misses"]


def _found(scores: Sequence[float], labels: Sequence[bool], rate: float) -> set[int]:
    good = sorted((score for score, bad in zip(scores, labels, strict=True) if not bad), reverse=True)
    threshold = good[int(rate * len(good))]
    return {at for at, (score, bad) in enumerate(zip(scores, labels, strict=True)) if bad and score > threshold}


def chance_of_so_many(hits: int, of: int, share: float) -> float:
    """Probability of at least so many hits, each of that probability (above 0 and below 1).

    Up to `_MOST_WAYS` tries it is the plain sum: it must give what it gave when the decisions on record were taken.
    """
    if of <= _MOST_WAYS:
        return sum(math.comb(of, at) * share**at * (1.0 - share) ** (of - at) for at in range(hits, of + 1))
    if hits <= 0:
        return 1.0
    log_hit, log_miss = math.log(share), math.log1p(-share)

    def chance(at: int) -> float:
        log_ways = math.lgamma(of + 1) - math.lgamma(at + 1) - math.lgamma(of - at + 1)
        return math.exp(log_ways + at * log_hit + (of - at) * log_miss)

    return math.fsum(map(chance, range(hits, of + 1)))


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


def contradicted(judges: Sequence[Judged], bounds: Bounds) -> list[str]:
    """Whether the newer half's answers contradict both kinds of what the champion was sure of.

    A new kind of abuse contradicts one kind, sure innocence; a new kind of visitor the other. Answers that are wrong
    at random, or by intent, contradict both.
    """
    newer = [judged for judged in judges[len(judges) // 2 :] if judged.champion is not None]
    innocent = [judged.bad for judged in newer if judged.champion is not None and judged.champion <= 1.0 - SURE]
    guilty = [not judged.bad for judged in newer if judged.champion is not None and judged.champion >= SURE]
    if any(
        chance_of_so_many(sum(wrong), len(wrong), bounds.maximum_contradicted) > _UNLIKELY
        for wrong in (innocent, guilty)
    ):
        return []
    good, bad = (f"{sum(wrong) / len(wrong):.0%}" for wrong in (innocent, guilty))
    return [
        f"of what the champion was sure of, answers of late contradict {good} of the good and {bad} of the bad",
    ]


def measured(scores: Sequence[float], labels: Sequence[bool]) -> Quality:
    """See `models.gate.quality.measure`."""
    from models.gate.quality import measure  # noqa: PLC0415 -- imports numpy, which no run needs that evaluates no candidate

    return measure(scores, labels)
