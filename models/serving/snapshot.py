"""Signed records of the models topic. A record is decoded only after its signature was verified."""

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
"""Id of the only model."""
RETRAINED = "retrain-"
"""Prefix of versions that a workflow trained. The learner names its versions by offsets, and can't rebuild others."""
CHAMPION_KEY = "champion"
"""Key of the pointer to the champion."""
TRIAL_KEY = "trial"
"""Key of the state of the rollout."""
DRAFT = "draft"
"""Stands for the version in the key of a draft."""
AnyRecord = Snapshot | Decision | Champion | Trial
Signed = TypeVar("Signed", bound=AnyRecord)
_READ: TypeAdapter[AnyRecord] = TypeAdapter(ModelRecord)


def is_retrained(version: str) -> bool:
    """Whether a workflow trained the version, and not the learner.

    Example:
        >>> is_retrained("retrain-2026-01-01"), is_retrained("1200")
        (True, False)
    """
    return version.startswith(RETRAINED)


def record_key(record: AnyRecord) -> str:
    """The record's key in the models topic.

    Example:
        >>> record_key(Champion(id="sessions", version="12", decision=3, signature=""))
        'champion'
    """
    if isinstance(record, Snapshot):
        return f"{record.id}/{DRAFT if record.draft else record.version}"
    if isinstance(record, Trial):
        return TRIAL_KEY
    return CHAMPION_KEY if isinstance(record, Champion) else f"decision/{record.number}"


def sign(record: Signed, key: bytes) -> Signed:
    """Signs a record.

    Args:
        record: The record; a signature that it has is replaced.
        key: Secret key, the same for all workers.

    Returns:
        The record with its signature: HMAC-SHA256 over the canonical JSON of all other fields.

    Example:
        >>> champion = sign(Champion(id="sessions", version="12", decision=3, signature=""), b"secret")
        >>> verify(b"champion", encode(champion.model_dump()), b"secret") == champion
        True
    """
    signed = record.model_copy(update={"signature": _signature(record.model_dump(), key)})
    return cast("Signed", signed)


def verify(record_key_read: bytes, value: bytes, key: bytes | None) -> AnyRecord:
    """Verifies and decodes a record of the models topic.

    Args:
        record_key_read: Key under which the record was read.
        value: Value of the record.
        key: Secret key; None if none is set.

    Returns:
        The record.

    Raises:
        SnapshotError: there is no key, the signature is not valid, the record belongs under another key, or it has
            another form.
    """
    fields = _verified(value, key)
    try:
        record = _READ.validate_python(fields)
    except ValidationError as error:
        raise SnapshotError("A signed record of the models topic is of another version.", _ADVICE) from error
    if record_key(record).encode() != record_key_read:
        raise SnapshotError("A signed record of the models topic has another record's key.", _ADVICE)
    return record


def payload_of(model: Model) -> str:
    """Encodes a model's state for a snapshot.

    Returns:
        Base64 of compressed JSON.

    Example:
        >>> from models.families.baseline import PriorRate
        >>> len(payload_of(PriorRate())) < 100
        True
    """
    return base64.b64encode(pack(model.state())).decode()


def model_of(snapshot: Snapshot) -> Model:
    """Builds the model of a snapshot.

    Args:
        snapshot: A snapshot that `verify` returned.

    Returns:
        A model whose predictions equal those of the published one to the last bit.

    Raises:
        SnapshotError: the family is unknown, or the payload is not a state of it.
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
        raise SnapshotError("A record of the models topic is not JSON, or is too large or too deep.", _ADVICE)
    try:
        fields = msgspec.json.decode(value, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SnapshotError(
            "A record of the models topic is not JSON, or is too large or too deep.", _ADVICE
        ) from error
    given = fields.get("signature")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), _signature(fields, key).encode()):
        raise SnapshotError("A record of the models topic has no valid signature.", _ADVICE)
    return fields


def _signature(fields: dict[str, Any], key: bytes) -> str:
    content = encode({name: value for name, value in fields.items() if name != "signature"})
    return hmac.new(key, content, hashlib.sha256).hexdigest()
