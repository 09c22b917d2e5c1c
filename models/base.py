"""What every family of models promises.

`tests/models/test_contract.py` runs one suite over all of them: features may appear and vanish, be NaN, infinite or of
another type; inputs stay as they are; predicting does not learn; the state is plain JSON and comes back exactly.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import msgspec

from weir.errors import SnapshotError

Features = Mapping[str, Any]
"""Features by name. A model takes what it is given: what it can't use it passes over."""

MAXIMUM_STATE_BYTES = 256 * 1024 * 1024
"""Bound on what a payload may unfold to."""


class Model(ABC):
    """A model that learns one example at a time and predicts the probability of abuse."""

    family: ClassVar[str]
    """Name under which snapshots say who reads them."""

    @property
    @abstractmethod
    def hyper_parameters(self) -> dict[str, Any]:
        """What the constructor was given, by its own names: plain JSON."""

    @abstractmethod
    def predict_one(self, features: Features) -> float:
        """Probability of abuse: finite, between 0 and 1, and nothing is learned."""

    @abstractmethod
    def learn_one(self, features: Features, *, bad: bool, weight: float = 1.0) -> None:
        """Learns one example; one of no finite, positive weight is passed over."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """All that was learned, as plain JSON."""

    @classmethod
    @abstractmethod
    def restore(cls, hyper_parameters: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """The model that gave these; its scores are equal to the last bit.

        Raises:
            SnapshotError: they are not this family's.
        """


@contextmanager
def not_mine(family: str) -> Iterator[None]:
    """Turns what goes wrong with a state of another family or form into one sentence.

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
