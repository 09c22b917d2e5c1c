"""Computes the features of a session, by one function for scoring, training, replay and the table."""

from __future__ import annotations

import hashlib
from math import isfinite

from models.features.numbers import deeds, rhythm, traffic, writing
from models.features.registry import FEATURES, FEATURES_VERSION, KINDS, Feature, Kind
from models.features.words import categories, texts
from weir.contracts.fast import encode
from weir.contracts.score import FeatureValue
from weir.contracts.session import Session

__all__ = ["FEATURES", "FEATURES_VERSION", "KINDS", "Feature", "Kind", "features", "features_hash"]


def features(session: Session) -> dict[str, FeatureValue]:
    """Computes the features of a session.

    Args:
        session: The session, or any object with its attributes.

    Returns:
        Features by name, sorted by name: floats for numbers, strings for categories and texts. No number is NaN or
        infinite. A feature that is undefined for the session, such as the gaps of a single event, is left out.
    """
    numbers = rhythm(session) | traffic(session) | deeds(session) | writing(session)
    found: dict[str, FeatureValue] = {name: float(value) for name, value in numbers.items() if isfinite(value)}
    found.update(categories(session))
    found.update(texts(session))
    # In the order in which records carry them: a model's sums depend on it in their last bit.
    return dict(sorted(found.items()))


def features_hash(found: dict[str, FeatureValue]) -> str:
    """Hash of a session's features, by which a training example is compared with the scored one.

    Args:
        found: The result of `features`.

    Returns:
        BLAKE2b of their canonical JSON (sorted names, shortest exact numbers), as 32 hexadecimal digits.

    Example:
        >>> len(features_hash({"events": 3.0}))
        32
    """
    return hashlib.blake2b(encode(found), digest_size=16).hexdigest()
