"""Numbers as trees take them, and words by their bucket."""

from __future__ import annotations

import xxhash

from models.families.base import Features
from models.families.encoder import squeeze, usable
from models.features.registry import KINDS

FARTHEST = 25.0
"""Logarithm beyond which a number says nothing more: one wild value must not stretch a leaf's picture of all others."""
NUMBERS = tuple(name for name, kind in KINDS.items() if kind == "number")


def numbers(features: Features) -> dict[str, float]:
    """The registry's numbers that are there and usable, on a logarithmic scale, in the registry's order."""
    found = ((name, usable(name, features[name])) for name in NUMBERS if name in features)
    return {name: max(-FARTHEST, min(FARTHEST, squeeze(number))) for name, number in found if number is not None}


def bucket(word: str, seed: int, buckets: int) -> int:
    """The bucket of a word: the same everywhere for the same seed."""
    return xxhash.xxh64_intdigest(word.encode("utf-8", "replace"), seed) % buckets
