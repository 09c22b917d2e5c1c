"""River's trees and forests over the registry's numbers; they ignore categories and texts.

River's trees can split on categories, but predicting one changes the state of a leaf, and predicting must not learn.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from models.families.base import Features, Model
from models.families.number_table import numbers
from models.families.river_part import RiverPart

_MINIMUM_WEIGHT = 1e-6
"""Smaller weights are raised to this one. River's observers subtract sums of weights that differ by more digits than a
double has, and take the root of a difference that may be below 0: a label of weight 1e-279 ended the trainer."""
_STATE = frozenset(
    {
        "builtins:dict",
        "builtins:float",
        "builtins:int",
        "builtins:tuple",
        "collections:Counter",
        "collections:defaultdict",
        "functools:partial",
        "random:Random",
        "river._river_rust.drift:AdaptiveWindowing",
        "river.drift.adwin:ADWIN",
        "river.forest.adaptive_random_forest:ARFClassifier",
        "river.forest.adaptive_random_forest:BaseTreeClassifier",
        "river.metrics.accuracy:Accuracy",
        "river.metrics.confusion:ConfusionMatrix",
        "river.proba.gaussian:Gaussian",
        "river.stats.mean:Mean",
        "river.stats.var:Var",
        "river.tree.hoeffding_adaptive_tree_classifier:HoeffdingAdaptiveTreeClassifier",
        "river.tree.nodes.arf_htc_nodes:RandomLeafMajorityClass",
        "river.tree.nodes.arf_htc_nodes:RandomLeafNaiveBayes",
        "river.tree.nodes.arf_htc_nodes:RandomLeafNaiveBayesAdaptive",
        "river.tree.nodes.branch:NumericBinaryBranch",
        "river.tree.nodes.hatc_nodes:AdaBranchClassifier",
        "river.tree.nodes.hatc_nodes:AdaLeafClassifier",
        "river.tree.nodes.hatc_nodes:AdaNumBinaryBranchClass",
        "river.tree.nodes.hatc_nodes:AdaNumMultiwayBranchClass",
        "river.tree.splitter.gaussian_splitter:GaussianSplitter",
    }
)
"""Classes and functions that the state of these estimators consists of."""


class _Trees(Model):
    """Common base of tree and forest. The depth bounds the memory, since the registry has few numbers."""

    def __init__(self, depth: int, seed: int) -> None:
        self.depth = depth
        self.seed = seed
        self._estimator = RiverPart(self._make(), _STATE)
        self._has_learned = False

    @abstractmethod
    def _make(self) -> Any:  # noqa: ANN401 -- importing River's types takes 2 s
        """River's estimator, untrained."""

    def predict_one(self, features: Features) -> float:
        """Share of abuse in the example's leaf; 0.5 in a leaf without examples."""
        if not self._has_learned:
            return 0.5  # a forest that predicts before its first example would choose its features then
        shares = self._estimator.value.predict_proba_one(numbers(features))
        total = sum(shares.values())
        share = shares.get(True, 0.0) / total if total > 0 and math.isfinite(total) else 0.5
        return min(1.0, max(0.0, float(share)))

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """One step of each tree; an example without a usable number is ignored."""
        found = numbers(features)
        if found:
            self._has_learned = True
            self._estimator.value.learn_one(found, bad, w=max(weight, _MINIMUM_WEIGHT))

    def _state(self) -> dict[str, Any]:
        return super()._state() | {"has_learned": self._has_learned}

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self._has_learned = bool(state["has_learned"])


class HoeffdingTree(_Trees):
    """Hoeffding adaptive tree: grows with the stream, and replaces branches whose error has risen.

    Args:
        depth: Largest depth of the tree.
        seed: Seed of the tree's random choices.

    Example:
        >>> model = HoeffdingTree(depth=2)
        >>> for _ in range(5):
        ...     model.learn_one({"events_per_minute": 90.0}, bad=True)
        >>> model.predict_one({"events_per_minute": 80.0}) > 0.5
        True

    References:
        Bifet and Gavaldà, "Adaptive Learning from Evolving Data Streams", IDA 2009.
    """

    family: ClassVar[str] = "hoeffding-tree"

    def __init__(self, depth: int = 8, seed: int = 1) -> None:
        super().__init__(depth, seed)

    def _make(self) -> Any:  # noqa: ANN401 -- see above
        from river import tree  # noqa: PLC0415 -- slow to import, see `models.families.regression`

        return tree.HoeffdingAdaptiveTreeClassifier(max_depth=self.depth, grace_period=50, seed=self.seed)


class AdaptiveForest(_Trees):
    """Adaptive random forest: Hoeffding trees on random parts of features and examples.

    Args:
        trees: Number of trees.
        depth: Largest depth of each tree.
        seed: Seed of the forest's random choices.

    Example:
        >>> model = AdaptiveForest(trees=2, depth=2)
        >>> for _ in range(5):
        ...     model.learn_one({"events_per_minute": 90.0}, bad=True)
        >>> model.predict_one({"events_per_minute": 80.0}) > 0.5
        True

    References:
        Gomes et al., "Adaptive Random Forests for Evolving Data Stream Classification", Machine Learning 106, 2017.
    """

    family: ClassVar[str] = "adaptive-forest"

    def __init__(self, trees: int = 5, depth: int = 8, seed: int = 1) -> None:
        self.trees = trees
        super().__init__(depth, seed)

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """One step of each tree."""
        super()._learn(features, bad=bad, weight=weight)
        for metric in self._estimator.value._metrics:  # noqa: SLF001 -- River has no public name for them
            metric.get()  # its first call adds an empty row to the state, which predicting must not do

    def _make(self) -> Any:  # noqa: ANN401 -- see above
        from river import forest  # noqa: PLC0415 -- see above

        return forest.ARFClassifier(n_models=self.trees, max_depth=self.depth, seed=self.seed)
