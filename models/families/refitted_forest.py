"""A forest of extremely randomised trees that is refitted to a bounded sample of the examples.

River's forests grow with the stream: after a hundred examples, few of their leaves have split. A hundred examples are
few enough to grow all trees again. 24 trees of depth 6 on 400 examples take 18 ms on arrays, and are grown again when
a twelfth of the sample is new.

References:
    Geurts, Ernst and Wehenkel, "Extremely Randomized Trees", Machine Learning 63, 2006.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from models.families.base import LearnedPart
from models.families.tree_growing import DECIMALS, Shape, Split, grow

_LEAST_EXAMPLES = 8
"""Examples before the first trees are grown."""


class RefittedForest(LearnedPart):
    """Forest over rows of numbers, with the sample of examples that it is grown from.

    Args:
        columns: Numbers in a row.
        shape: Number, depth and split candidates of the trees.
        kept: Examples in the sample. When it is full, a new example replaces a random one.
        seed: Seed of the sample and of the splits.

    Example:
        >>> forest = RefittedForest(1, Shape(trees=3, depth=2, candidates=4), kept=20, seed=1)
        >>> for number in range(10):
        ...     forest.learn([float(number)], bad=number > 4, weight=1.0)
        >>> forest.log_odds([9.0]) > 0 > forest.log_odds([0.0])
        True

    References:
        Geurts, Ernst and Wehenkel, "Extremely Randomized Trees", Machine Learning 63, 2006.
    """

    def __init__(self, columns: int, shape: Shape, kept: int, seed: int) -> None:
        import numpy as np  # noqa: PLC0415 -- slow to import, see `models.families.regression`

        self._columns, self._shape, self._kept, self._seed = columns, shape, kept, seed
        self._rows = np.zeros((kept, columns))
        self._weights = np.zeros((kept, 2))
        self._seen = 0
        self._grown_at = 0
        self.splits: list[list[Split]] = []
        """Column and threshold of each node of each tree; children of node n are 2n+1 and 2n+2, column -1 is a leaf."""
        self.leaves: list[list[float]] = []
        """Log-odds of abuse in each node."""

    def log_odds(self, row: Sequence[float]) -> float:
        """Mean log-odds of abuse over the trees.

        Args:
            row: `columns` numbers, in the scale of the learned rows.

        Returns:
            Log-odds; 0 before the first trees are grown.
        """
        if not self.splits:
            return 0.0
        total = 0.0
        for splits, leaves in zip(self.splits, self.leaves, strict=True):
            node = 0
            column, threshold = splits[0]
            while column >= 0:
                node = 2 * node + (2 if row[column] > threshold else 1)
                column, threshold = splits[node]
            total += leaves[node]
        return total / len(self.splits)

    def learn(self, row: Sequence[float], *, bad: bool, weight: float) -> None:
        """Adds an example to the sample, and grows the trees again if a twelfth of the sample is new.

        Args:
            row: As for `log_odds`.
            bad: Whether the example was labelled abusive.
            weight: Weight of the example, above 0.
        """
        import numpy as np  # noqa: PLC0415 -- as above

        chance = np.random.default_rng((self._seed, self._seen))
        at = self._seen if self._seen < self._kept else int(chance.integers(self._kept))
        self._rows[at] = [round(value, DECIMALS) for value in row]
        self._weights[at] = (0.0, weight) if bad else (weight, 0.0)
        self._seen += 1
        held = min(self._seen, self._kept)
        if held >= _LEAST_EXAMPLES and self._seen - self._grown_at >= max(2, held // 12):
            grown = grow(self._rows[:held], self._weights[:held], self._shape, chance)
            self._grown_at = self._seen
            if grown is not None:
                self.splits, self.leaves = grown

    def state(self) -> dict[str, Any]:
        """The sample and the trees."""
        held = min(self._seen, self._kept)
        return {
            "seen": self._seen,
            "grown_at": self._grown_at,
            "rows": self._rows[:held].tolist(),
            "weights": self._weights[:held].tolist(),
            "splits": [[list(split) for split in splits] for splits in self.splits],
            "leaves": self.leaves,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Replaces everything learned by a state, a result of `state`.

        Raises:
            IndexError, KeyError, TypeError, ValueError: the state is of another kind or has impossible values.
        """
        self._seen, self._grown_at = int(state["seen"]), int(state["grown_at"])
        held = min(self._seen, self._kept)
        if len(state["rows"]) != held or len(state["weights"]) != held:
            raise ValueError(f"rows or weights that are not {held}")
        if held:
            self._rows[:held] = state["rows"]
            self._weights[:held] = state["weights"]
        nodes = self._shape.nodes
        self.splits = [[(int(column), float(at)) for column, at in splits] for splits in state["splits"]]
        self.leaves = [[float(value) for value in leaves] for leaves in state["leaves"]]
        sizes = {len(splits) for splits in self.splits} | {len(leaves) for leaves in self.leaves}
        if len(self.splits) != len(self.leaves) or not sizes <= {nodes}:
            raise ValueError("trees of another depth")
        _check(self.splits, self._columns, nodes)


def _check(trees: Sequence[Sequence[Split]], columns: int, nodes: int) -> None:
    """Raises ValueError if a split has a foreign column or no children, so that a walk would end outside the tree."""
    for splits in trees:
        for number, (column, threshold) in enumerate(splits):
            if column >= columns or not math.isfinite(threshold) or (column >= 0 and 2 * number + 2 >= nodes):
                raise ValueError(f"an impossible split in node {number}: column {column}, threshold {threshold}")
