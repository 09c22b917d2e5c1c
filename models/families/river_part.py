"""Estimators of River as a part of a model."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from models.families.base import LearnedPart
from models.families.object_graph import flatten, raise_up


class RiverPart(LearnedPart):
    """An estimator of River, or a list of them, whose state has no form but its objects.

    Args:
        value: The estimator.
        allowed: Exact names of the classes and functions that its state may be made of, see `object_graph`.
    """

    def __init__(self, value: Any, allowed: Collection[str]) -> None:  # noqa: ANN401 -- River has no types
        self.value = value
        self._allowed = allowed

    def state(self) -> Any:  # noqa: ANN401 -- JSON
        """The estimator's objects."""
        return flatten(self.value, self._allowed)

    def restore(self, state: Any) -> None:  # noqa: ANN401 -- JSON
        """Takes back what `state` gave.

        Raises:
            KeyError, IndexError, TypeError, ValueError: it is not the state of estimators of these classes.
        """
        found = raise_up(state, self._allowed)
        if _classes(found) != _classes(self.value):
            raise ValueError("another estimator")
        self.value = found


def _classes(value: object) -> list[type]:
    return [type(one) for one in value] if isinstance(value, list) else [type(value)]
