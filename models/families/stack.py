"""Several models as one."""

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
"""Families that may be members; a stack of stacks is none."""
_USUAL = (
    {"family": "blended-logistic"},
    {"family": "text-bayes"},
    {"family": "adaptive-forest"},
)


class Stack(Model):
    """Models of several families, mixed by how right each was; with `mixing` 0, their mean in log-odds.

    Args:
        members: A mapping each: `family`, and those of its hyper-parameters that differ from its own.
        mixing: First step of the mixer.
    """

    family: ClassVar[str] = "stack"

    def __init__(self, members: Sequence[Mapping[str, Any]] = _USUAL, mixing: float = 0.2) -> None:
        if not 0 < len(members) <= MAXIMUM_MEMBERS:
            raise ValueError(f"a stack has 1 to {MAXIMUM_MEMBERS} members")
        self._members = [make_member(declared) for declared in members]
        self.members = [declared_form(member) for member in self._members]
        self.mixing = mixing
        self._mixer = Mixer(len(self._members), mixing)

    def predict_one(self, features: Features) -> float:
        """Probability of abuse by all of them."""
        return self._mixer.mix([member.predict_one(features) for member in self._members])

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """One step of the mixer, on what members say before they learn, then of each member."""
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
    """The model that a mapping declares: `family`, and hyper-parameters that differ from the family's own.

    Raises:
        KeyError, TypeError, ValueError: it declares no model that may be part of another.
    """
    own = {name: value for name, value in declared.items() if name != "family"}
    family = declared["family"]
    if family not in MEMBERS:
        raise ValueError(f"{family!r} is no family that may be a member: {', '.join(sorted(MEMBERS))}")
    return MEMBERS[family](**own)


def declared_form(member: Model) -> dict[str, Any]:
    """The mapping that declares a model, with all its hyper-parameters."""
    return {"family": member.family, **member.hyper_parameters}
