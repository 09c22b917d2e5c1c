"""Estimators of River as a part of a model."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from models.families.base import LearnedPart
from models.families.object_graph import deserialize, serialize


class RiverPart(LearnedPart):
    """An estimator of River, or a list of them, whose state is the graph of its objects.

    Args:
        value: The estimator, or the list.
        allowed: Exact names of the classes and functions that its state may consist of, see `object_graph`.

    Example:
        >>> from river.stats import Mean
        >>> part, other = (RiverPart(Mean(), {"river.stats.mean:Mean"}) for _ in range(2))
        >>> part.value.update(3.0)
        >>> other.restore(part.state())
        >>> other.value.get()
        3.0
    """

    def __init__(self, value: Any, allowed: Collection[str]) -> None:  # noqa: ANN401 -- River has no types
        self.value = value
        self._allowed = allowed

    def state(self) -> Any:  # noqa: ANN401 -- JSON
        """The estimator's objects, serialized."""
        return serialize(self.value, self._allowed)

    def restore(self, state: Any) -> None:  # noqa: ANN401 -- JSON
        """Replaces the estimator by the one of a state, a result of `state`.

        Raises:
            IndexError, KeyError, TypeError, ValueError: the state is not one of estimators of these classes.
        """
        found = deserialize(state, self._allowed)
        if _classes(found) != _classes(self.value):
            raise ValueError(f"{_names(found)} instead of {_names(self.value)}")
        self.value = found


def _names(value: object) -> str:
    return ", ".join(one.__name__ for one in _classes(value))


def _classes(value: object) -> list[type]:
    return [type(one) for one in value] if isinstance(value, list) else [type(value)]
