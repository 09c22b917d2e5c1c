"""Several models as one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from models.anomaly import HalfSpace
from models.base import Features, Model, not_mine
from models.baseline import PriorRate
from models.bayes import TextBayes
from models.blend import BlendedLogistic
from models.ensemble import Ensemble
from models.mixing import Mixer
from models.pipeline import HashedLogistic
from models.trees import AdaptiveForest, HoeffdingTree

_FORMAT = 1
_MAXIMUM_WEIGHT = 100.0
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
        self.mixing = mixing
        self._members = [_member(declared) for declared in members]
        self._mixer = Mixer(len(self._members), mixing)

    @property
    def hyper_parameters(self) -> dict[str, Any]:
        """Members with all of theirs, and the mixer's step."""
        members = [{"family": member.family, **member.hyper_parameters} for member in self._members]
        return {"members": members, "mixing": self.mixing}

    def predict_one(self, features: Features) -> float:
        """Probability of abuse by all of them."""
        return self._mixer.mix([member.predict_one(features) for member in self._members])

    def learn_one(self, features: Features, *, bad: bool, weight: float = 1.0) -> None:
        """One step of the mixer, on what members say before they learn, then of each member."""
        if not math.isfinite(weight) or weight <= 0:
            return
        weight = min(weight, _MAXIMUM_WEIGHT)
        self._mixer.learn([member.predict_one(features) for member in self._members], bad=bad, weight=weight)
        for member in self._members:
            member.learn_one(features, bad=bad, weight=weight)

    def state(self) -> dict[str, Any]:
        """Members and mixer."""
        return {
            "format": _FORMAT,
            "members": [member.state() for member in self._members],
            "mixer": self._mixer.state(),
        }

    @classmethod
    def restore(cls, hyper_parameters: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """The model that gave these, to the last bit."""
        with not_mine(cls.family):
            if state["format"] != _FORMAT:
                raise ValueError("another format")
            model = cls(**hyper_parameters)
            model._mixer.restore(state["mixer"])
            pairs = zip(model._members, state["members"], strict=True)
            model._members = [type(member).restore(member.hyper_parameters, own) for member, own in pairs]
        return model


def _member(declared: Mapping[str, Any]) -> Model:
    own = {name: value for name, value in declared.items() if name != "family"}
    family = declared["family"]
    if family not in MEMBERS:
        raise ValueError(f"{family!r} is no family that may be a member: {', '.join(sorted(MEMBERS))}")
    return MEMBERS[family](**own)
