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


class _Entry(msgspec.Struct):
    family: str
    hyper_parameters: dict[str, Any]
    payload: str


def to_bytes(model: Model) -> bytes:
    """A model with its family, as private state keeps it; snapshots for others are signed."""
    payload = base64.b64encode(pack(model.state())).decode()
    return msgspec.json.encode(_Entry(model.family, model.hyper_parameters, payload))


def from_bytes(data: bytes) -> Model:
    """Takes back what `to_bytes` gave.

    Raises:
        SnapshotError: it can't be read.
    """
    try:
        entry = msgspec.json.decode(data, type=_Entry)
        payload = base64.b64decode(entry.payload, validate=True)
    except (msgspec.DecodeError, binascii.Error) as error:
        raise SnapshotError("A model's state can't be decoded.", "Retrain it from the training topic.") from error
    return restore(entry.family, entry.hyper_parameters, payload)
