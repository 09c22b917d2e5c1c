"""From a session to its features: the one function that scoring, training, replay and the table share."""

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
    """What a model may see of a session; always the same for the same session, never NaN or infinite.

    A feature that says nothing here (gaps of a single event) is left out. Takes anything of a session's shape.
    """
    numbers = rhythm(session) | traffic(session) | deeds(session) | writing(session)
    found: dict[str, FeatureValue] = {name: float(value) for name, value in numbers.items() if isfinite(value)}
    found.update(categories(session))
    found.update(texts(session))
    # In the order in which records carry them: a model's sums depend on it in their last bit.
    return dict(sorted(found.items()))


def features_hash(found: dict[str, FeatureValue]) -> str:
    """Hash of the features' canonical JSON (sorted names, shortest exact numbers), 32 hexadecimal digits."""
    return hashlib.blake2b(encode(found), digest_size=16).hexdigest()
