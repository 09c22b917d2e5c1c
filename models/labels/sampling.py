"""Which sessions are asked about whatever anybody thinks of them: without these, what was missed is unknown."""

from __future__ import annotations

import hashlib

_SEED = b"review-sample"


def chance(session_id: str) -> float:
    """A number below 1 that the session's id decides: the same sessions are chosen in a replay, and by every stage."""
    digest = hashlib.blake2b(session_id.encode(), digest_size=8, key=_SEED).digest()
    return int.from_bytes(digest) / 2**64


def is_in_trial(visitor_id: str, version: str, share: float) -> bool:
    """Whether the visitor is of the share that a challenger scores for: always the same ones, others each time."""
    digest = hashlib.blake2b(visitor_id.encode(), digest_size=8, key=f"trial/{version}".encode()[:64]).digest()
    return int.from_bytes(digest) / 2**64 < share


def is_in_sample(session_id: str, share: float) -> bool:
    """Whether the session is of the random sample of so large a share."""
    return chance(session_id) < share
