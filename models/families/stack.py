"""A stack: models of several families, and a mixer that combines their predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from models.families.base import Features, Model
from models.families.baseline import PriorRate
from models.families.blended_logistic import BlendedLogistic
from models.families.ensemble import Ensemble
from models.families.half_space import HalfSpace
from models.families.hashed_logistic import HashedLogistic
from models.families.mixer import Mixer
from models.families.text_bayes import TextBayes
from models.families.trees import AdaptiveForest, HoeffdingTree

MAXIMUM_MEMBERS = 8
"""Bounds the time of a prediction and the size of a snapshot: a stack costs the sum of its members."""
MEMBERS: dict[str, type[Model]] = {
    family.family: family
    for family in (
        AdaptiveForest,
        BlendedLogistic,
        Ensemble,
        HalfSpace,
        HashedLogistic,
        HoeffdingTree,
        PriorRate,
        TextBayes,
    )
}
"""Families whose models may be members of a stack, or be wrapped. Those that hold other models are not among them."""
_USUAL = (
    {"family": "blended-logistic"},
    {"family": "text-bayes"},
    {"family": "adaptive-forest"},
)


class Stack(Model):
    """Stacking: members of several families, whose log-odds a mixer weights by their errors so far.

    Args:
        members: One mapping for each member, 1 to `MAXIMUM_MEMBERS` of them: `family`, and the hyper-parameters that
            differ from the family's defaults.
        mixing: Learning rate of the mixer. With 0, the prediction stays the mean of the members' log-odds.

    Raises:
        KeyError, TypeError, ValueError: a mapping declares no model that may be a member, or there are too many or
        none.

    Example:
        >>> model = Stack([{"family": "hashed-logistic", "bits": 8}, {"family": "prior-rate"}])
        >>> for text in ("cheap pills", "cheap watches", "pills"):
        ...     model.learn_one({"text": text}, bad=True)
        >>> model.predict_one({"text": "cheap pills"}) > 0.5
        True
    """

    family: ClassVar[str] = "stack"

    def __init__(self, members: Sequence[Mapping[str, Any]] = _USUAL, mixing: float = 0.2) -> None:
        if not 0 < len(members) <= MAXIMUM_MEMBERS:
            raise ValueError(f"a stack has 1 to {MAXIMUM_MEMBERS} members, not {len(members)}")
        self._members = [make_member(declared) for declared in members]
        self.members = [declared_form(member) for member in self._members]
        self.mixing = mixing
        self._mixer = Mixer(len(self._members), mixing)

    def predict_one(self, features: Features) -> float:
        """Probability of abuse, mixed from the predictions of all members."""
        return self._mixer.mix([member.predict_one(features) for member in self._members])

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """One step of the mixer, on predictions from before the members learn the example; then of each member."""
        self._mixer.learn([member.predict_one(features) for member in self._members], bad=bad, weight=weight)
        for member in self._members:
            member.learn_one(features, bad=bad, weight=weight)

    def _state(self) -> dict[str, Any]:
        return {"members": [member.state() for member in self._members], "mixer": self._mixer.state()}

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._mixer.restore(state["mixer"])
        pairs = zip(self._members, state["members"], strict=True)
        self._members = [type(member).restore(member.hyper_parameters, own) for member, own in pairs]


def make_member(declared: Mapping[str, Any]) -> Model:
    """Builds the untrained model that a mapping declares.

    Args:
        declared: `family`, and the hyper-parameters that differ from the family's defaults.

    Raises:
        KeyError, TypeError, ValueError: the mapping declares no model that may be a member of another one.

    Example:
        >>> make_member({"family": "text-bayes", "bits": 8}).hyper_parameters
        {'bits': 8, 'seed': 1, 'mixing': 0.2}
    """
    own = {name: value for name, value in declared.items() if name != "family"}
    family = declared["family"]
    if family not in MEMBERS:
        raise ValueError(f"{family!r} is no family that may be a member; these are: {', '.join(sorted(MEMBERS))}")
    return MEMBERS[family](**own)


def declared_form(member: Model) -> dict[str, Any]:
    """The mapping that declares a model, with all its hyper-parameters.

    Example:
        >>> from models.families.baseline import PriorRate
        >>> declared_form(PriorRate())
        {'family': 'prior-rate'}
    """
    return {"family": member.family, **member.hyper_parameters}
