"""A family of two methods, written by the steps of models/README.md, passes the suite of the contract."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from models.families.base import Features, Model, pack
from models.families.encoder import Encoder
from models.families.registry import FAMILIES, copy, from_bytes, restore, to_bytes
from models.families.regression import Regression
from models.families.stack import MEMBERS, Stack
from tests.models.families import test_contract as contract


class PlainLogistic(Model):
    """Logistic regression over hashed features."""

    family: ClassVar[str] = "plain-logistic"

    def __init__(self, bits: int = 8, seed: int = 1, rate: float = 0.5) -> None:
        self.bits = bits
        self.seed = seed
        self.rate = rate
        self._encoder = Encoder(bits, seed)
        self._regression = Regression(1 << bits, rate)

    def predict_one(self, features: Features) -> float:
        """Probability of abuse by the present weights."""
        return self._regression.predict(self._encoder.encode(features))

    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        self._encoder.learn(features)
        self._regression.learn(self._encoder.encode(features), bad=bad, weight=weight)


def _checks() -> list[tuple[Callable[..., None], dict[str, Any]]]:
    """Each test of the contract's suite that runs over the families, with the values of its other parameters."""
    found: list[tuple[Callable[..., None], dict[str, Any]]] = []
    for name, check in vars(contract).items():
        marks = {mark.args[0]: mark.args[1] for mark in getattr(check, "pytestmark", []) if mark.name == "parametrize"}
        if name.startswith("test_") and marks.pop("family", None):
            values = itertools.product(*marks.values())
            found += [(check, dict(zip(marks, chosen, strict=True))) for chosen in values]
    return found


CHECKS = _checks()


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The family in both registries, as naming it in `MEMBERS` does."""
    monkeypatch.setitem(MEMBERS, PlainLogistic.family, PlainLogistic)
    monkeypatch.setitem(FAMILIES, PlainLogistic.family, PlainLogistic)


@pytest.mark.parametrize(
    ("check", "values"), CHECKS, ids=[f"{check.__name__}-{number}" for number, (check, _) in enumerate(CHECKS)]
)
def test_a_family_of_two_methods_keeps_the_contract(check: Callable[..., None], values: dict[str, Any]) -> None:
    check(family=PlainLogistic.family, **values)


def test_its_hyper_parameters_are_the_arguments_of_its_constructor() -> None:
    assert PlainLogistic(bits=6, rate=0.1).hyper_parameters == {"bits": 6, "seed": 1, "rate": 0.1}


def test_its_state_has_an_entry_for_each_part() -> None:
    assert set(PlainLogistic().state()) == {"format", "encoder", "regression"}


def test_it_is_restored_copied_and_encoded_without_a_method_of_its_own() -> None:
    model = contract.trained(PlainLogistic.family)
    again = restore(PlainLogistic.family, model.hyper_parameters, pack(model.state()))
    features, _ = contract.example(1)
    assert {one.predict_one(features) for one in (model, again, copy(model), from_bytes(to_bytes(model)))} == {
        model.predict_one(features)
    }


def test_it_may_be_a_member_of_a_stack() -> None:
    stack = Stack([{"family": PlainLogistic.family, "bits": 6}, {"family": "prior-rate"}])
    stack.learn_one(contract.example(1)[0], bad=True)
    assert copy(stack).predict_one(contract.example(2)[0]) == stack.predict_one(contract.example(2)[0])
