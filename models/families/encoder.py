"""Numbers, categories and texts together as one sparse vector of bounded size (feature hashing).

Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import xxhash

from models.families.base import Features, LearnedPart
from models.features.registry import KINDS

if TYPE_CHECKING:
    import numpy as np

Vector = dict[int, float]

CLIP = 4.0
"""Standard deviations beyond which a number says nothing more."""
NUMBER_SCALE = 0.2
CATEGORY_SCALE = 0.3
"""Weights of a number's and of a category's part beside a text, whose part has length 1."""
SHORTEST, LONGEST = 2, 4
"""Character n-grams."""
LONGEST_TEXT = 512
LONGEST_CATEGORY = 64
MAXIMUM_NUMBERS = 512
"""Distinct names of numbers that are scaled; later ones only have their bins."""
_LEAST_VARIANCE = 1e-12
"""Below it, all values so far were one."""
_LARGEST = 2.0**1000
_MOST_KNOWN = 1_024
_MULTIPLIER = 0x9E3779B97F4A7C15  # 2^64 divided by the golden ratio
_SHIFT = 29


class _Number:
    """One number as the scale stands: which places its values take, and with what."""

    __slots__ = ("_hash", "_mean", "_name", "_spread", "known", "place")

    def __init__(self, name: str, mean: float, variance: float, hash_name: Callable[[str], int]) -> None:
        self._name = name
        self._hash = hash_name
        self._mean = mean
        self._spread = math.sqrt(variance) if variance > _LEAST_VARIANCE else 0.0
        self.known: dict[float, tuple[float, int]] = {}
        self.place = hash_name(f"n{name}")

    def look_up(self, value: float) -> tuple[float, int]:
        """The scaled value and its bin's place; shares and counts repeat, so the answers are kept, up to a bound."""
        squeezed = squeeze(value)
        z = (squeezed - self._mean) / self._spread if self._spread else 0.0
        found = (NUMBER_SCALE * max(-CLIP, min(CLIP, z)), self._hash(f"b{self._name}={_bin(value, squeezed)}"))
        if len(self.known) < _MOST_KNOWN:
            self.known[value] = found
        return found


class Encoder(LearnedPart):
    """Turns features into a vector of at most `2 ** bits` places; the same seed gives the same places everywhere.

    A number gives its place on a scale that is learned (logarithm, standardised, clipped) and a bin, so that a linear
    model can bend; a category gives one place; a text gives its character n-grams.
    """

    def __init__(self, bits: int, seed: int) -> None:
        from river import preprocessing  # noqa: PLC0415 -- slow to import, see `models.families.hashed_logistic`

        self.bits = bits
        self.seed = seed
        self.scaler = preprocessing.StandardScaler()
        # Caches of pure functions, bounded; they hold nothing that is learned.
        self._place: Callable[[str], int] = lru_cache(maxsize=8_192)(self._hash)
        self._grams: Callable[[str, str], Vector] = lru_cache(maxsize=256)(self._hash_grams)
        self._distinct: Callable[[str, str], np.ndarray] = lru_cache(maxsize=1_024)(self._hash_distinct)
        self._numbers: dict[str, _Number] = {}  # emptied when the scale moves

    def encode(self, features: Features) -> Vector:
        """The vector of these features; learns nothing."""
        vector: Vector = {}
        self._encode(features, vector, vector)
        return vector

    def encode_apart(self, features: Features) -> tuple[Vector, Vector]:
        """The whole vector, and the part of it that numbers alone gave."""
        words: Vector = {}
        numbers: Vector = {}
        self._encode(features, words, numbers)
        words.update(numbers)
        return words, numbers

    def _encode(self, features: Features, words: Vector, vector: Vector) -> None:
        numbers = self._numbers
        for name, value in features.items():
            if isinstance(value, str):
                self._encode_words(name, value, words)
                continue
            number = numbers.get(name)
            found = number.known.get(value) if number is not None and isinstance(value, float) else None
            if number is None or found is None:
                finite = usable(name, value)
                if finite is None:
                    continue
                number = number or self._number(name)
                found = number.look_up(finite)
            vector[number.place] = found[0]
            vector[found[1]] = CATEGORY_SCALE

    def _encode_words(self, name: str, words: str, vector: Vector) -> None:
        # A name that the registry doesn't know is a category; words for a number are passed over.
        kind = KINDS.get(name, "category")
        if kind == "category":
            vector[self._place(f"c{name}={words[:LONGEST_CATEGORY]}")] = CATEGORY_SCALE
        elif kind == "text" and words:
            vector.update(self._grams(name, words[:LONGEST_TEXT]))

    def learn(self, features: Features) -> None:
        """Moves the scales of the numbers."""
        known = self.scaler.means
        room = MAXIMUM_NUMBERS - len(known)
        numbers: dict[str, float] = {}
        for name, value in features.items():
            number = usable(name, value)
            if number is None or (name not in known and room <= 0):
                continue
            room -= name not in known
            numbers[name] = squeeze(number)
        self.scaler.learn_one(numbers)  # type: ignore[no-untyped-call]  # River has no types here
        self._numbers.clear()

    def state(self) -> list[list[Any]]:
        """Name, count, mean and variance of every number."""
        scaler = self.scaler
        return [[name, scaler.counts[name], scaler.means[name], scaler.vars[name]] for name in scaler.means]

    def restore(self, rows: list[list[Any]]) -> None:
        """Takes back what `state` gave."""
        for name, count, mean, variance in rows:
            self.scaler.counts[name] = int(count)
            self.scaler.means[name] = _finite(mean)
            self.scaler.vars[name] = _finite(variance)
        self._numbers.clear()

    def _number(self, name: str) -> _Number:
        scaler = self.scaler
        known = _Number(name, scaler.means.get(name, 0.0), scaler.vars.get(name, 0.0), self._place)
        if len(self._numbers) < MAXIMUM_NUMBERS:
            self._numbers[name] = known
        return known

    def _hash(self, name: str) -> int:
        data = name.encode("utf-8", "replace")
        return xxhash.xxh64_intdigest(data, self.seed) & ((1 << self.bits) - 1)

    def look_up(self, name: str, value: object) -> tuple[int, float, int] | None:
        """A number's place with its scaled value, and its bin's place; None if it can't be used."""
        finite = usable(name, value)
        if finite is None:
            return None
        number = self._numbers.get(name) or self._number(name)
        scaled, bin_place = number.known.get(finite) or number.look_up(finite)
        return number.place, scaled, bin_place

    def gram_places(self, name: str, text: str) -> np.ndarray:
        """Places of the text's n-grams, one as often as it comes."""
        import numpy as np  # noqa: PLC0415 -- slow to import, see `models.families.regression`

        multiplier, shift = np.uint64(_MULTIPLIER), np.uint64(_SHIFT)
        text = text[:LONGEST_TEXT]
        origin = np.uint64(xxhash.xxh64_intdigest(name.encode("utf-8", "replace"), self.seed))
        data = f" {text.lower()} ".encode("utf-32-le", "replace")
        codes = np.frombuffer(data, dtype=np.uint32).astype(np.uint64)
        running = codes + origin
        places = []
        for length in range(SHORTEST, min(LONGEST, len(codes)) + 1):
            running = running[:-1] * multiplier
            running = (running ^ (running >> shift)) + codes[length - 1 :]
            places.append((running * multiplier) >> np.uint64(64 - self.bits))
        return np.concatenate(places)

    def category_place(self, name: str, value: str) -> int:
        """A category's place."""
        return self._place(f"c{name}={value[:LONGEST_CATEGORY]}")

    def distinct_gram_places(self, name: str, text: str) -> np.ndarray:
        """Places of the text's n-grams, each once, ascending; kept for texts that come again, up to a bound."""
        return self._distinct(name, text[:LONGEST_TEXT])

    def _hash_distinct(self, name: str, text: str) -> np.ndarray:
        import numpy as np  # noqa: PLC0415 -- slow to import, see `models.families.regression`

        return np.unique(self.gram_places(name, text)).astype(np.int64)

    def _hash_grams(self, name: str, text: str) -> Vector:
        """Places of the text's n-grams; their vector has at most length 1, however long the text."""
        found = self.gram_places(name, text)
        return dict.fromkeys(found.tolist(), 1.0 / math.sqrt(len(found)))


def usable(name: str, value: object) -> float | None:
    """The value as a number; None if it is none, not finite, or declared to be something else."""
    if KINDS.get(name, "number") != "number" or not isinstance(value, float | int):
        return None
    # Beyond 2^1000 lie infinity and integers that no float holds; NaN compares as false.
    return float(value) if -_LARGEST < value < _LARGEST else None


def squeeze(number: float) -> float:
    """The signed logarithm: one wild value can't stretch the scale for all others."""
    return math.copysign(math.log1p(abs(number)), number)


def _bin(number: float, squeezed: float) -> int:
    """Tenths up to 1, steps of its logarithm beyond."""
    if -1 <= number <= 1:
        return round(10 * number)
    # log1p(1) is 0.69: the first of these is 11.
    return int(3 * squeezed) + (9 if number > 0 else -9)


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("not finite")
    return float(number)
