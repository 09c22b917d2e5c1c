"""The families of models there are: one file each, found by the name that snapshots carry."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec

from models.families.augmented import Augmented
from models.families.base import Model, pack, unpack
from models.families.hard_mining import HardMining
from models.families.stack import MEMBERS, Stack
from weir.errors import SnapshotError

FAMILIES: dict[str, type[Model]] = MEMBERS | {family.family: family for family in (Augmented, HardMining, Stack)}
"""Classes by the name of the family. Those that are not in `MEMBERS` hold other models and can't be members."""


def restore(family: str, hyper_parameters: Mapping[str, Any], payload: bytes) -> Model:
    """Builds a model from a packed state.

    Args:
        family: Name of the family, as in `Model.family`.
        hyper_parameters: Hyper-parameters of the original model.
        payload: State of the original model, packed by `pack`.

    Returns:
        A model whose predictions equal those of the original to the last bit.

    Raises:
        SnapshotError: the family is unknown, or the state is not one of it.

    Example:
        >>> model = restore("prior-rate", {}, pack({"format": 1, "bad": 1.0, "all": 2.0}))
        >>> model.predict_one({})
        0.5
    """
    if family not in FAMILIES:
        raise SnapshotError(
            f"There is no family of models named {family!r} here.", f"Known: {', '.join(sorted(FAMILIES))}."
        )
    return FAMILIES[family].restore(hyper_parameters, unpack(payload))


def copy(model: Model) -> Model:
    """Copies a model.

    Returns:
        A model with equal predictions, which shares no state with the original.

    Example:
        >>> from models.families.baseline import PriorRate
        >>> model = PriorRate()
        >>> copy(model).learn_one({}, bad=True)
        >>> model.predict_one({})
        0.5
    """
    return type(model).restore(model.hyper_parameters, model.state())


class _Entry(msgspec.Struct):
    family: str
    hyper_parameters: dict[str, Any]
    payload: str


def to_bytes(model: Model) -> bytes:
    """Encodes a model with its family and hyper-parameters, unsigned, for the state of a task.

    The models topic carries signed snapshots instead, see `models.serving.snapshot`.

    Returns:
        JSON, whose payload is compressed.

    Example:
        >>> from models.families.baseline import PriorRate
        >>> from_bytes(to_bytes(PriorRate())).predict_one({})
        0.5
    """
    payload = base64.b64encode(pack(model.state())).decode()
    return msgspec.json.encode(_Entry(model.family, model.hyper_parameters, payload))


def from_bytes(data: bytes) -> Model:
    """Decodes the result of `to_bytes`.

    Raises:
        SnapshotError: the data is not JSON of that form, or its state is not one of its family.
    """
    try:
        entry = msgspec.json.decode(data, type=_Entry)
        payload = base64.b64decode(entry.payload, validate=True)
    except (msgspec.DecodeError, binascii.Error) as error:
        raise SnapshotError("A model's state can't be decoded.", "Retrain it from the training topic.") from error
    return restore(entry.family, entry.hyper_parameters, payload)
