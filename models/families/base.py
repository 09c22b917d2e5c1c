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
"""Features by name: numbers, categories and texts. A model ignores values that it can't use."""

MAXIMUM_WEIGHT = 100.0
"""Larger weights are cut to this one, so that one label from outside can't decide all weights of a model."""
MAXIMUM_STATE_BYTES = 256 * 1024 * 1024
"""Bound on the decompressed size of a payload: a few kB of zlib can decompress to gigabytes."""


class LearnedPart(ABC):
    """A component of a model that learns, such as weights or counts, and whose state is plain JSON.

    Example:
        >>> from models.families.mixer import Mixer
        >>> part = Mixer(2, rate=0.2)
        >>> part.learn([0.9, 0.4], bad=True, weight=1.0)
        >>> other = Mixer(2, rate=0.2)
        >>> other.restore(part.state())
        >>> other.state() == part.state()
        True
    """

    @abstractmethod
    def state(self) -> Any:  # noqa: ANN401 -- JSON
        """Everything that the part has learned, as plain JSON."""

    @abstractmethod
    def restore(self, state: Any) -> None:  # noqa: ANN401 -- JSON
        """Replaces everything learned by a state.

        Args:
            state: The result of `state`, of a part that was constructed with the same parameters.

        Raises:
            IndexError, KeyError, TypeError, ValueError: the state is of another kind or has impossible values.
        """


class Model(ABC):
    """A model that learns one example at a time and predicts the probability of abuse.

    A family writes `predict_one` and `_learn`. It keeps each parameter of its constructor as an attribute of the same
    name, as River's estimators do, and what it learns in attributes that are a `LearnedPart`; from these follow its
    hyper-parameters, its state and how it is restored. A family whose state is not made of parts alone also writes
    `_state` and `_restore`.

    Example:
        >>> from models.families.hashed_logistic import HashedLogistic
        >>> model = HashedLogistic(bits=8)
        >>> model.learn_one({"text": "cheap pills"}, bad=True)
        >>> restored = HashedLogistic.restore(model.hyper_parameters, model.state())
        >>> restored.predict_one({"text": "pills"}) == model.predict_one({"text": "pills"})
        True
    """

    family: ClassVar[str]
    """Name of the family in snapshots: it decides which class reads the payload."""
    state_format: ClassVar[int] = 1
    """Goes up when states are laid out otherwise; states of another format are refused."""

    @abstractmethod
    def predict_one(self, features: Features) -> float:
        """Predicts without learning.

        Args:
            features: Features of the example. They are not changed.

        Returns:
            Probability of abuse: finite, from 0 to 1. An untrained model returns 0.5.
        """

    @abstractmethod
    def _learn(self, features: Features, *, bad: bool, weight: float) -> None:
        """Learns one example.

        Args:
            features: Features of the example.
            bad: Whether it was labelled abusive.
            weight: Above 0, and at most `MAXIMUM_WEIGHT`.
        """

    def learn_one(self, features: Features, *, bad: bool, weight: float = 1.0) -> None:
        """Learns one example.

        Args:
            features: Features of the example. They are not changed.
            bad: Whether it was labelled abusive.
            weight: How many examples of weight 1 it counts for. It is cut to `MAXIMUM_WEIGHT`. An example whose weight
                is NaN, infinite, zero or negative is ignored.
        """
        if math.isfinite(weight) and weight > 0:
            self._learn(features, bad=bad, weight=min(weight, MAXIMUM_WEIGHT))

    @property
    def hyper_parameters(self) -> dict[str, Any]:
        """The constructor's arguments by parameter name, as plain JSON."""
        return {name: getattr(self, name) for name in _parameters(type(self))}

    def state(self) -> dict[str, Any]:
        """Everything that the model has learned, as plain JSON, with the number of its format."""
        return {"format": self.state_format, **self._state()}

    @classmethod
    def restore(cls, hyper_parameters: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """Builds a model from its hyper-parameters and its state.

        Args:
            hyper_parameters: The property of that name, of the original model.
            state: The result of `state`, of the original model.

        Returns:
            A model whose predictions equal those of the original to the last bit.

        Raises:
            SnapshotError: hyper-parameters or state are of another family or another format.
        """
        with foreign_state_refused(cls.family):
            # States of the baseline from before it had a format name none.
            if state.get("format", cls.state_format) != cls.state_format:
                raise ValueError(f"format {state['format']!r} instead of {cls.state_format}")
            model = cls(**hyper_parameters)
            model._restore(state)
        return model

    def _parts(self) -> dict[str, LearnedPart]:
        """The parts that the state consists of, by name."""
        return {name.lstrip("_"): value for name, value in vars(self).items() if isinstance(value, LearnedPart)}

    def _state(self) -> dict[str, Any]:
        """The state without its format."""
        return {name: part.state() for name, part in self._parts().items()}

    def _restore(self, state: Mapping[str, Any]) -> None:
        """Replaces everything learned by the result of `_state`; its errors become a `SnapshotError`."""
        for name, part in self._parts().items():
            part.restore(state[name])


@cache
def _parameters(family: type[Model]) -> tuple[str, ...]:
    return tuple(inspect.signature(family).parameters)


@contextmanager
def foreign_state_refused(family: str) -> Iterator[None]:
    """Context manager that turns the errors of restoring a foreign state into `SnapshotError`.

    Args:
        family: Name of the family, for the message.

    Raises:
        SnapshotError: the block raised KeyError, TypeError, ValueError or the like.
    """
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise SnapshotError(
            f"A model's state is not a state of the family {family}: {error}.", "Retrain it from the training topic."
        ) from error


def pack(state: Mapping[str, Any]) -> bytes:
    """Encodes a state as zlib-compressed JSON.

    Example:
        >>> unpack(pack({"weights": [0.5]}))
        {'weights': [0.5]}
    """
    return zlib.compress(msgspec.json.encode(state), level=6)


def unpack(payload: bytes) -> dict[str, Any]:
    """Decodes the result of `pack`.

    Args:
        payload: Compressed JSON of an object. At most `MAXIMUM_STATE_BYTES` of it are decompressed.

    Returns:
        The state.

    Raises:
        SnapshotError: the payload is not compressed JSON of an object, or it is too large.
    """
    decompressor = zlib.decompressobj()
    try:
        data = decompressor.decompress(payload, MAXIMUM_STATE_BYTES)
        if not decompressor.eof:
            raise SnapshotError("A model's state is cut off or too large.", "Retrain it from the training topic.")
        return msgspec.json.decode(data, type=dict[str, Any])
    except (zlib.error, msgspec.DecodeError) as error:
        raise SnapshotError("A model's state can't be decoded.", "Retrain it from the training topic.") from error
