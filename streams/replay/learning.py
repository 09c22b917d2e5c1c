"""Compares the cascade with the same cascade without a model, on human labels."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass

from weir.contracts import Flag, TrainingExample

WINDOW = 200
"""Number of newest human labels from which a point of the curve is computed."""
LABELS_PER_POINT = 10
"""Number of human labels between two points."""
MAX_POINTS = 1_000
MAX_SESSIONS = 200_000
"""Number of newest sessions whose verdict without the model is stored."""


@dataclass(frozen=True, slots=True)
class FlaggedShares:
    """Flagged shares of abusive and of benign sessions."""

    recall: float | None
    false_positives: float | None


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the curve, after a number of human labels."""

    answers: int
    with_learning: FlaggedShares
    without: FlaggedShares


class LearningCurve:
    """Shares of flagged sessions among human labels, by the verdict before the model learns the label."""

    def __init__(self) -> None:
        self.points: list[Point] = []
        self._by_rules: OrderedDict[str, bool] = OrderedDict()
        self._window: deque[tuple[bool, bool, bool]] = deque(maxlen=WINDOW)
        self._answers = 0
        self._totals: list[list[int]] = [[0, 0, 0], [0, 0, 0]]
        """For benign and abusive: number of sessions, flagged with learning, flagged without."""

    def add_flag(self, flag: Flag) -> None:
        """Stores whether the session is flagged by rules alone; verdicts of people are ignored."""
        if flag.stage == "people":
            return
        self._by_rules[flag.session_id] = flag.verdict != "allow" and flag.stage != "model"
        self._by_rules.move_to_end(flag.session_id)
        if len(self._by_rules) > MAX_SESSIONS:
            self._by_rules.popitem(last=False)

    def add_label(self, example: TrainingExample) -> None:
        """Takes a human label."""
        bad = example.label == "bad"
        flagged = example.verdict not in {None, "allow"}
        by_rules = flagged and self._by_rules.get(example.session_id, False)
        self._window.append((bad, flagged, by_rules))
        own = self._totals[bad]
        own[0] += 1
        own[1] += flagged
        own[2] += by_rules
        self._answers += 1
        if self._answers % LABELS_PER_POINT == 0:
            self.points.append(Point(self._answers, self._found(1), self._found(2)))
        if len(self.points) > MAX_POINTS:
            del self.points[::2]

    def totals(self) -> tuple[FlaggedShares, FlaggedShares]:
        """Shares over all human labels, with learning and without."""
        (goods, good_with, good_without), (bads, bad_with, bad_without) = self._totals
        return (
            FlaggedShares(_share(bad_with, bads), _share(good_with, goods)),
            FlaggedShares(_share(bad_without, bads), _share(good_without, goods)),
        )

    def _found(self, at: int) -> FlaggedShares:
        bad = [one[at] for one in self._window if one[0]]
        good = [one[at] for one in self._window if not one[0]]
        return FlaggedShares(_share(sum(bad), len(bad)), _share(sum(good), len(good)))


def _share(hits: int, of: int) -> float | None:
    return round(hits / of, 4) if of else None
