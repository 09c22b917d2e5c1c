"""Records that the join reads and writes. Features and scores stay raw bytes, so that they are copied bit for bit."""

from __future__ import annotations

import hashlib

import msgspec

from weir.contracts import AnsweredSession, Label
from weir.contracts.fast import decoder


class ScoredRevision(msgspec.Struct, frozen=True):
    """The fields of a record of `weir.scores` that the join stores; features are raw JSON."""

    session_id: str
    visitor_id: str
    revision: int
    ts: float
    start: float
    final: bool
    features: msgspec.Raw
    features_version: str
    score: msgspec.Raw
    model: msgspec.Raw
    champion: bool
    verdict: msgspec.Raw = msgspec.Raw(b"null")
    stage: msgspec.Raw = msgspec.Raw(b"null")
    features_hash: msgspec.Raw = msgspec.Raw(b"null")
    merged_into: str | None = None
    rules: tuple[str, ...] = ()
    rules_alone: tuple[str, ...] = ()


class SourceLabel(msgspec.Struct, frozen=True):
    """The last label of a source on a session."""

    label: str
    ts: float


class PendingLabel(msgspec.Struct, frozen=True):
    """A label without a matching revision yet."""

    label: msgspec.Raw
    arrived_s: float


_read_session = decoder(AnsweredSession)
_read_scored = msgspec.json.Decoder(ScoredRevision)
_writer = msgspec.json.Encoder(order="sorted")


def read_scored(value: bytes) -> ScoredRevision:
    """Decodes a record of `weir.scores`, or a state entry that `keep` encoded."""
    return _read_scored.decode(value)


def keep(scored: ScoredRevision) -> bytes:
    """Encodes a revision for the state."""
    return _writer.encode(scored)


def example_id(session_id: str, label: Label) -> str:
    """Hash of session, source and label time, so that the same label has the same example id."""
    content = msgspec.json.encode([session_id, label.source, label.ts])
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def answered_session(scored: ScoredRevision) -> AnsweredSession | None:
    """The revision as `weir.answers` has it; None if it was merged into another session and therefore not judged."""
    if bytes(scored.verdict) == b"null":
        return None
    # Scores of older versions have no stage.
    stage = b'"model"' if bytes(scored.stage) == b"null" else bytes(scored.stage)
    return _read_session(
        _writer.encode(
            {
                "session_id": scored.session_id,
                "revision": scored.revision,
                "ts": scored.ts,
                "score": scored.score,
                "model": scored.model,
                "features_hash": scored.features_hash,
                "verdict": scored.verdict,
                "stage": msgspec.Raw(stage),
            }
        )
    )


def training_example(scored: ScoredRevision, label: Label) -> tuple[bytes, bytes]:
    """Key and value for `weir.training`. The features are the bytes of the record of `weir.scores`."""
    identity = example_id(scored.session_id, label)
    example = {
        "example_id": identity,
        "session_id": scored.session_id,
        "visitor_id": scored.visitor_id,
        "features": scored.features,
        "features_version": scored.features_version,
        "score": scored.score,
        "model": scored.model,
        "label": label.label,
        "category": label.category,
        "source": label.source,
        "weight": label.weight,
        "labelled_at": label.ts,
        "verdict": scored.verdict,
    }
    return identity.encode(), _writer.encode(example)
