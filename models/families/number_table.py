"""Numbers as trees split on them, and hash buckets of words."""

from __future__ import annotations

import xxhash

from models.families.base import Features
from models.families.encoder import squeeze, usable
from models.features.registry import KINDS

FARTHEST = 25.0
"""Logarithm at which a number is clipped: one outlier must not stretch a leaf's estimate of all other values."""
NUMBERS = tuple(name for name, kind in KINDS.items() if kind == "number")
"""Names of the numbers, in the registry's order."""


def numbers(features: Features) -> dict[str, float]:
    """The signed logarithms of the usable numbers of an example.

    Args:
        features: Features of the example.

    Returns:
        Logarithms by name, clipped to `FARTHEST`, in the registry's order.

    Example:
        >>> numbers({"events": 0.0, "bytes": float("nan"), "method": "GET"})
        {'events': 0.0}
    """
    found = ((name, usable(name, features[name])) for name in NUMBERS if name in features)
    return {name: max(-FARTHEST, min(FARTHEST, squeeze(number))) for name, number in found if number is not None}


def bucket(word: str, seed: int, buckets: int) -> int:
    """The hash bucket of a word, equal in every process for the same seed.

    Args:
        word: Any string.
        seed: Seed of the hash.
        buckets: Number of buckets.

    Returns:
        A number from 0 to `buckets - 1`.

    Example:
        >>> bucket("pills", 1, 1024) == bucket("pills", 1, 1024)
        True
    """
    return xxhash.xxh64_intdigest(word.encode("utf-8", "replace"), seed) % buckets
