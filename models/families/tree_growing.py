"""Grows extremely randomised trees, level by level and all trees at once, on arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

DECIMALS = 5
"""Decimal places of numbers in samples and trees: snapshots carry them, and a double has 17 digits."""
Split = tuple[int, float]
"""Column, or -1 at a leaf, and threshold: larger values go right."""
_SMOOTHING = 1.0
"""Added to both classes of a leaf, so that a leaf of one class has finite log-odds."""
_LEAST_GAIN = 1e-9
"""A split with less gain in purity is rounding error."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Number and size of the trees of a forest.

    Example:
        >>> Shape(trees=24, depth=6, candidates=12).nodes
        127
    """

    trees: int
    """Number of trees."""
    depth: int
    """Levels of splits."""
    candidates: int
    """Random splits that are tried for a node, of which the best is taken."""

    @property
    def nodes(self) -> int:
        """Nodes of a full tree."""
        return (2 << self.depth) - 1


def grow(
    rows: np.ndarray, weights: np.ndarray, shape: Shape, chance: np.random.Generator
) -> tuple[list[list[Split]], list[list[float]]] | None:
    """Grows a forest.

    Args:
        rows: Float array of shape (examples, columns).
        weights: Float array of shape (examples, 2): the weight of each example as a benign and as an abusive one, one
            of which is 0.
        shape: Number and size of the trees.
        chance: Random generator for the candidates.

    Returns:
        Splits, then log-odds of abuse, of each node of each tree; children of node n are 2n+1 and 2n+2. None if all
        examples are of one class.

    Example:
        >>> import numpy as np
        >>> rows, weights = np.array([[0.0], [1.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
        >>> splits, leaves = grow(rows, weights, Shape(1, 1, 2), np.random.default_rng(1))
        >>> splits[0][0][0], leaves[0]
        (0, [0.0, -0.69315, 0.69315])
    """
    import numpy as np  # noqa: PLC0415 -- slow to import, see `models.families.regression`

    totals = weights.sum(axis=0)
    if not totals.min() > 0:
        return None
    # Both classes get the same total weight: the pool that calibrates the forest learns the share of abuse.
    weights = weights * (totals.sum() / (2 * totals))
    trees, nodes, held = shape.trees, shape.nodes, len(rows)
    tree, example = np.arange(trees)[:, None], np.tile(np.arange(held), trees)
    node = np.zeros((trees, held), dtype=np.int64)
    columns = np.full((trees, nodes), -1, dtype=np.int64)
    thresholds = np.zeros((trees, nodes))
    counts = _sums((tree * nodes + node).ravel(), example, weights, trees * nodes)
    varying = np.flatnonzero(rows.min(axis=0) < rows.max(axis=0))
    for level in range(shape.depth if len(varying) else 0):
        first, width = (1 << level) - 1, 1 << level
        inside = (node >= first).ravel()
        slots = (tree * width + node - first).ravel()[inside]
        found = _Level(rows, weights, example[inside], slots, trees * width)
        column, threshold = found.best(shape.candidates, varying, chance)
        columns[:, first : first + width] = column.reshape(trees, width)
        thresholds[:, first : first + width] = threshold.reshape(trees, width).round(DECIMALS)
        at = columns[tree, node]
        goes = (node >= first) & (at >= 0)
        right = rows[np.arange(held)[None, :], at] > thresholds[tree, node]
        node = np.where(goes, 2 * node + 1 + right, node)
        moved = goes.ravel()
        counts += _sums((tree * nodes + node).ravel()[moved], example[moved], weights, trees * nodes)
    leaves = (np.log(counts[:, 1] + _SMOOTHING) - np.log(counts[:, 0] + _SMOOTHING)).round(DECIMALS)
    splits = [list(zip(c, t, strict=True)) for c, t in zip(columns.tolist(), thresholds.tolist(), strict=True)]
    return splits, leaves.reshape(trees, nodes).tolist()


@dataclass(frozen=True, slots=True)
class _Level:
    """All nodes of one level of all trees, as slots; an entry is one example in the slot of one tree."""

    rows: np.ndarray
    weights: np.ndarray
    examples: np.ndarray
    slots: np.ndarray
    size: int

    def best(self, candidates: int, varying: np.ndarray, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Column (-1 for none) and threshold of each slot's best split among random candidates."""
        import numpy as np  # noqa: PLC0415 -- as above

        order = np.argsort(self.slots, kind="stable")
        sizes = np.bincount(self.slots, minlength=self.size)
        starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
        by_slot = np.append(self.examples[order], 0)
        all_of = _sums(self.slots, self.examples, self.weights, self.size)
        parent = _purity(all_of)
        best_gain = np.full(self.size, _LEAST_GAIN)
        best_column = np.full(self.size, -1, dtype=np.int64)
        best_threshold = np.zeros(self.size)
        for _ in range(candidates):
            # Thresholds lie between two examples of the slot, so that few candidates leave one side empty.
            column = varying[chance.integers(len(varying), size=self.size)]
            ends = self.rows[by_slot[starts + (chance.random((2, self.size)) * sizes).astype(np.int64)], column]
            share = chance.random(self.size)
            threshold = ends[0] * share + ends[1] * (1.0 - share)
            goes = self.rows[self.examples, column[self.slots]] > threshold[self.slots]
            right = _sums(self.slots[goes], self.examples[goes], self.weights, self.size)
            gain = _purity(right) + _purity(all_of - right) - parent
            better = gain > best_gain
            best_gain[better] = gain[better]
            best_column[better] = column[better]
            best_threshold[better] = threshold[better]
        return best_column, best_threshold


def _sums(slots: np.ndarray, examples: np.ndarray, weights: np.ndarray, size: int) -> np.ndarray:
    """Sums of weights by slot and class, of shape (slots, 2)."""
    import numpy as np  # noqa: PLC0415 -- as above

    chosen = weights[examples]
    return np.stack([np.bincount(slots, chosen[:, side], minlength=size) for side in (0, 1)], axis=1)


def _purity(counts: np.ndarray) -> np.ndarray:
    """Sum of squares of the classes' weights divided by their sum: larger means purer."""
    import numpy as np  # noqa: PLC0415 -- as above

    result: np.ndarray = (counts**2).sum(axis=1) / np.maximum(counts.sum(axis=1), 1e-12)
    return result
