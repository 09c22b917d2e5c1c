"""Signed records of the models topic. Nothing of one is believed, or even looked at, before its signature holds."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any, TypeVar, cast

import msgspec
from pydantic import TypeAdapter, ValidationError

from models.families.base import Model, pack
from models.families.registry import restore
from weir.contracts.fast import encode
from weir.contracts.gate import gate
from weir.contracts.model_record import Champion, Decision, ModelRecord, Snapshot, Trial
from weir.errors import SnapshotError
from weir.topics import MODELS

MODEL_ID = "sessions"
"""Id of the one model that there is."""
RETRAINED = "retrain-"
"""Prefix of versions that a workflow trained: the learner names its own by offsets, and can't make these again."""
CHAMPION_KEY = "champion"
TRIAL_KEY = "trial"
DRAFT = "draft"
"""Takes the place of a version in the key of a draft."""
AnyRecord = Snapshot | Decision | Champion | Trial
Signed = TypeVar("Signed", bound=AnyRecord)
_READ: TypeAdapter[AnyRecord] = TypeAdapter(ModelRecord)


def is_retrained(version: str) -> bool:
    """Whether a workflow trained the version."""
    return version.startswith(RETRAINED)


def record_key(record: AnyRecord) -> str:
    """The key under which the record lies in the models topic."""
    if isinstance(record, Snapshot):
        return f"{record.id}/{DRAFT if record.draft else record.version}"
    if isinstance(record, Trial):
        return TRIAL_KEY
    return CHAMPION_KEY if isinstance(record, Champion) else f"decision/{record.number}"


def sign(record: Signed, key: bytes) -> Signed:
    """The record with its signature: HMAC-SHA256 over the canonical JSON of all its other fields."""
    signed = record.model_copy(update={"signature": _signature(record.model_dump(), key)})
    return cast("Signed", signed)


def verify(record_key_read: bytes, value: bytes, key: bytes | None) -> AnyRecord:
    """Reads a record of the models topic.

    Raises:
        SnapshotError: no key here, not signed with it, under another record's key, or not a record.
    """
    fields = _verified(value, key)
    try:
        record = _READ.validate_python(fields)
    except ValidationError as error:
        raise SnapshotError("A signed record of the models topic is of another version.", _ADVICE) from error
    if record_key(record).encode() != record_key_read:
        raise SnapshotError("A signed record of the models topic lies under another record's key.", _ADVICE)
    return record


def payload_of(model: Model) -> str:
    """The model's state as a snapshot carries it."""
    return base64.b64encode(pack(model.state())).decode()


def model_of(snapshot: Snapshot) -> Model:
    """The model in a snapshot that `verify` gave.

    Raises:
        SnapshotError: the family is not known here, or its state doesn't read.
    """
    try:
        payload = base64.b64decode(snapshot.payload, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SnapshotError("A snapshot's payload is not base64.", _ADVICE) from error
    return restore(snapshot.family, snapshot.hyper_parameters, payload)


_ADVICE = "Check that every worker has the same WEIR_MODEL_KEY and version of Weir."


def _verified(value: bytes, key: bytes | None) -> dict[str, Any]:
    if not key:
        raise SnapshotError("There is no key to verify models with.", "Set WEIR_MODEL_KEY, the same for all workers.")
    if gate(value, MODELS.max_message_bytes) is not None:
        raise SnapshotError("A record of the models topic is no JSON that could be verified.", _ADVICE)
    try:
        fields = msgspec.json.decode(value, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SnapshotError("A record of the models topic is no JSON that could be verified.", _ADVICE) from error
    given = fields.get("signature")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), _signature(fields, key).encode()):
        raise SnapshotError("A record of the models topic has no valid signature.", _ADVICE)
    return fields


def _signature(fields: dict[str, Any], key: bytes) -> str:
    content = encode({name: value for name, value in fields.items() if name != "signature"})
    return hmac.new(key, content, hashlib.sha256).hexdigest()
