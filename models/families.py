"""The families of models there are: one file each, found by the name that snapshots carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.base import Model, unpack
from models.baseline import PriorRate
from models.pipeline import HashedLogistic
from weir.errors import SnapshotError

FAMILIES: dict[str, type[Model]] = {family.family: family for family in (HashedLogistic, PriorRate)}


def restore(family: str, hyper_parameters: Mapping[str, Any], payload: bytes) -> Model:
    """The model of a packed state.

    Raises:
        SnapshotError: no such family here, or not its state.
    """
    if family not in FAMILIES:
        raise SnapshotError(
            f"There is no family of models named {family!r} here.", f"Known: {', '.join(sorted(FAMILIES))}."
        )
    return FAMILIES[family].restore(hyper_parameters, unpack(payload))


def copy(model: Model) -> Model:
    """Another model that scores alike and learns apart."""
    return type(model).restore(model.hyper_parameters, model.state())
