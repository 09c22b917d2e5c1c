"""Random samples of sessions and visitors by hashes of their ids, equal in every stage and in a replay."""

from __future__ import annotations

import hashlib

_SEED = b"review-sample"


def chance(session_id: str) -> float:
    """A uniform number from the hash of a session's id.

    Args:
        session_id: Id of the session.

    Returns:
        A number from 0 to 1, below 1; always the same for the same id.

    Example:
        >>> chance("v1/1700000000") == chance("v1/1700000000"), 0 <= chance("v1/1700000000") < 1
        (True, True)
    """
    digest = hashlib.blake2b(session_id.encode(), digest_size=8, key=_SEED).digest()
    return int.from_bytes(digest) / 2**64


def is_in_rollout(visitor_id: str, version: str, share: float) -> bool:
    """Whether a challenger scores for the visitor: a fixed sample of the visitors, another one for each version.

    Args:
        visitor_id: Id of the visitor.
        version: Version of the challenger.
        share: Share of the visitors that it scores for, from 0 to 1.

    Example:
        >>> is_in_rollout("v1", "12", 1.0), is_in_rollout("v1", "12", 0.0)
        (True, False)
    """
    digest = hashlib.blake2b(visitor_id.encode(), digest_size=8, key=f"trial/{version}".encode()[:64]).digest()
    return int.from_bytes(digest) / 2**64 < share


def is_in_sample(session_id: str, share: float) -> bool:
    """Whether the session is in the random sample that is reviewed independent of its verdict.

    Without this sample, missed abuse can't be estimated, see `models.labels.recall`.

    Args:
        session_id: Id of the session.
        share: Share of the sessions in the sample, from 0 to 1.

    Example:
        >>> is_in_sample("v1/1700000000", 1.0), is_in_sample("v1/1700000000", 0.0)
        (True, False)
    """
    return chance(session_id) < share
