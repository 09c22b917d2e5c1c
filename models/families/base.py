"""What every family of models promises.

`tests/models/families/test_contract.py` runs one suite over all of them: features may appear and vanish, be NaN,
infinite or of another type; inputs stay as they are; predicting does not learn; the state is plain JSON and comes back
exactly.
"""

from __future__ import annotations

import inspect
import math
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, ClassVar, Self

import msgspec

from weir.errors import SnapshotError

Features = Mapping[str, Any]
"""Features by name. A model takes what it is given: what it can't use it passes over."""

MAXIMUM_WEIGHT = 100.0
"""An example of a greater weight counts as much as one of this weight."""
MAXIMUM_STATE_BYTES = 256 * 1024 * 1024
"""Bound on what a payload may unfold to."""


class LearnedPart(ABC):
    """Something that a model learns with, such as weights or counts, and whose state is plain JSON."""

    @abstractmethod
    def state(self) -> Any:  # noqa: ANN401 -- JSON
        """All that was learned."""

    @abstractmethod
    def restore(self, state: Any) -> None:  # noqa: ANN401 -- JSON
        """Takes back what `state` gave.

        Raises:
            IndexError, KeyError, TypeError, ValueError: the state is not of this kind.
        """


class Model(ABC):
    """A model that learns one example at a time and predicts the probability of abuse.

    A family writes `predict_one` and `_learn`. It keeps each parameter of its constructor as an attribute of the same
    name, as River's estimators do, and what it learns in attributes that are a `LearnedPart`; from these follow its
    hyper-parameters, its state and how it is restored. A family whose state is not made of parts alone also writes
    `_state` and `_restore`.
    """

    family: ClassVar[str]
    """Name of the family in snapshots: it decides which class reads the payload."""
    state_format: ClassVar[int] = 1
    """Goes up when states are laid out otherwise; states of another format are refused."""

    @abstractmethod
    def predict_one(self, features: Features) -> float:
        """Probability of abuse: finite, between 0 and 1. Predicting does not learn."""

    @abstractmethod
    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """Learns one example.

        Args:
            features: Features of the example.
            bad: Whether it was labelled abusive.
            weight: Above 0, and at most `MAXIMUM_WEIGHT`.
        """

    def learn_one(self, features: Features, *, bad: bool, weight: float = 1.0) -> None:
        """Learns one example; an example whose weight is not finite and above 0 is passed over."""
        if math.isfinite(weight) and weight > 0:
            self._learn(features, bad=bad, weight=min(weight, MAXIMUM_WEIGHT))

    @property
    def hyper_parameters(self) -> dict[str, Any]:
        """What the constructor was given, by the names of its parameters: plain JSON."""
        return {name: getattr(self, name) for name in _parameters(type(self))}

    def state(self) -> dict[str, Any]:
        """All that was learned, as plain JSON."""
        return {"format": self.state_format, **self._state()}

    @classmethod
    def restore(cls, hyper_parameters: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """The model that gave these; its scores are equal to the last bit.

        Raises:
            SnapshotError: they are not this family's.
        """
        with foreign_state_refused(cls.family):
            # States of the baseline from before it had a format name none.
            if state.get("format", cls.state_format) != cls.state_format:
                raise ValueError("another format")
            model = cls(**hyper_parameters)
            model._restore(state)
        return model

    def _parts(self) -> dict[str, LearnedPart]:
        """What the state is made of, by name."""
        return {name.lstrip("_"): value for name, value in vars(self).items() if isinstance(value, LearnedPart)}

    def _state(self) -> dict[str, Any]:
        """The state without its format."""
        return {name: part.state() for name, part in self._parts().items()}

    def _restore(self, state: Mapping[str, Any]) -> None:
        """Takes back what `_state` gave; whatever it raises becomes a `SnapshotError`."""
        for name, part in self._parts().items():
            part.restore(state[name])


@cache
def _parameters(family: type[Model]) -> tuple[str, ...]:
    return tuple(inspect.signature(family).parameters)


@contextmanager
def foreign_state_refused(family: str) -> Iterator[None]:
    """Turns the errors of restoring a state of another family or format into one that says so.

    Raises:
        SnapshotError: the block raised KeyError, TypeError, ValueError or the like.
    """
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise SnapshotError(
            f"A model's state is not one of {family}: {error}.", "Retrain it from the training topic."
        ) from error


def pack(state: Mapping[str, Any]) -> bytes:
    """A state as bytes: compressed JSON."""
    return zlib.compress(msgspec.json.encode(state), level=6)


def unpack(payload: bytes) -> dict[str, Any]:
    """Takes back what `pack` gave, unfolding no more than `MAXIMUM_STATE_BYTES`.

    Raises:
        SnapshotError: not compressed JSON of an object, or too large.
    """
    unfolding = zlib.decompressobj()
    try:
        data = unfolding.decompress(payload, MAXIMUM_STATE_BYTES)
        if not unfolding.eof:
            raise SnapshotError("A model's state is cut off or too large.", "Retrain it from the training topic.")
        return msgspec.json.decode(data, type=dict[str, Any])
    except (zlib.error, msgspec.DecodeError) as error:
        raise SnapshotError("A model's state can't be decoded.", "Retrain it from the training topic.") from error
