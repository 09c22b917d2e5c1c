"""Numbers, categories and texts together as one sparse vector of bounded size (feature hashing).

References:
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
"""A sparse vector: value by place."""

CLIP = 4.0
"""Standard deviations at which a scaled number is clipped."""
NUMBER_SCALE = 0.2
CATEGORY_SCALE = 0.3
"""Values of a number, by standard deviation, and of a category or bin. A text's part has Euclidean length 1."""
SHORTEST, LONGEST = 2, 4
"""Lengths of the character n-grams."""
LONGEST_TEXT = 512
"""Characters of a text that are encoded: features are capped already, other inputs are capped here."""
LONGEST_CATEGORY = 64
"""Characters of a category that are encoded."""
MAXIMUM_NUMBERS = 512
"""Distinct names of numbers whose scale is learned, which bounds the state. Later names have only their bins."""
_LEAST_VARIANCE = 1e-12
"""Below it, all values so far were equal, and the number is scaled to 0."""
_LARGEST = 2.0**1000
"""Numbers beyond it are unusable: infinity, and integers that a float can't hold."""
_MOST_KNOWN = 1_024
"""Values of each number whose encoding is cached."""
_MULTIPLIER = 0x9E3779B97F4A7C15  # 2^64 divided by the golden ratio
_SHIFT = 29


class _Number:
    """One number under the present scale: the places of its values, and the scaled values."""

    __slots__ = ("_hash", "_mean", "_name", "_spread", "known", "place")

    def __init__(self, name: str, mean: float, variance: float, hash_name: Callable[[str], int]) -> None:
        self._name = name
        self._hash = hash_name
        self._mean = mean
        self._spread = math.sqrt(variance) if variance > _LEAST_VARIANCE else 0.0
        self.known: dict[float, tuple[float, int]] = {}
        self.place = hash_name(f"n{name}")

    def look_up(self, value: float) -> tuple[float, int]:
        """The scaled value, and the place of its bin. Values repeat, so results are cached, up to a bound."""
        squeezed = squeeze(value)
        z = (squeezed - self._mean) / self._spread if self._spread else 0.0
        found = (NUMBER_SCALE * max(-CLIP, min(CLIP, z)), self._hash(f"b{self._name}={_bin(value, squeezed)}"))
        if len(self.known) < _MOST_KNOWN:
            self.known[value] = found
        return found


class Encoder(LearnedPart):
    """Turns features into a sparse vector; the same seed gives the same places in every process.

    A number takes two places: one for its scaled value (signed logarithm, standardised by what was learned, clipped),
    and one for its bin, so that a linear model can fit a curve. A category takes one place. A text takes a place for
    each of its character n-grams.

    Args:
        bits: The vector has `2 ** bits` places.
        seed: Seed of the hash from names to places.

    Example:
        >>> sorted(Encoder(bits=18, seed=1).encode({"method": "GET", "events": 3.0}).values())
        [0.0, 0.3, 0.3]

    References:
        Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009.
    """

    def __init__(self, bits: int, seed: int) -> None:
        from river import preprocessing  # noqa: PLC0415 -- slow to import, see `models.families.regression`

        self.bits = bits
        self.seed = seed
        self.scaler = preprocessing.StandardScaler()
        # Caches of pure functions, bounded; they hold nothing that is learned.
        self._place: Callable[[str], int] = lru_cache(maxsize=8_192)(self._hash)
        self._grams: Callable[[str, str], Vector] = lru_cache(maxsize=256)(self._hash_grams)
        self._distinct: Callable[[str, str], np.ndarray] = lru_cache(maxsize=1_024)(self._hash_distinct)
        self._numbers: dict[str, _Number] = {}  # emptied when the scale moves

    def encode(self, features: Features) -> Vector:
        """Encodes features, without learning their scales."""
        vector: Vector = {}
        self._encode(features, vector, vector)
        return vector

    def encode_apart(self, features: Features) -> tuple[Vector, Vector]:
        """The whole vector of the features, and the part of it that comes from numbers alone."""
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
        # A name that the registry doesn't know is a category; a string for a number is ignored.
        kind = KINDS.get(name, "category")
        if kind == "category":
            vector[self._place(f"c{name}={words[:LONGEST_CATEGORY]}")] = CATEGORY_SCALE
        elif kind == "text" and words:
            vector.update(self._grams(name, words[:LONGEST_TEXT]))

    def learn(self, features: Features) -> None:
        """Updates means and variances of the numbers. Names beyond `MAXIMUM_NUMBERS` are ignored."""
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
        """Rows of name, count, mean and variance (of the signed logarithm) of every number."""
        scaler = self.scaler
        return [[name, scaler.counts[name], scaler.means[name], scaler.vars[name]] for name in scaler.means]

    def restore(self, rows: list[list[Any]]) -> None:
        """Replaces the scales by a state, a result of `state`.

        Raises:
            TypeError, ValueError: the state is of another kind, or a mean or variance is not finite.
        """
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
        """Encodes one number.

        Returns:
            The number's place, its scaled value, and its bin's place; None if the value is unusable, see `usable`.
        """
        finite = usable(name, value)
        if finite is None:
            return None
        number = self._numbers.get(name) or self._number(name)
        scaled, bin_place = number.known.get(finite) or number.look_up(finite)
        return number.place, scaled, bin_place

    def gram_places(self, name: str, text: str) -> np.ndarray:
        """Places of the text's n-grams as a uint64 array, repeated as often as they occur."""
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
        """The place of a category."""
        return self._place(f"c{name}={value[:LONGEST_CATEGORY]}")

    def distinct_gram_places(self, name: str, text: str) -> np.ndarray:
        """Distinct places of the text's n-grams as an ascending int64 array, from a bounded cache of texts."""
        return self._distinct(name, text[:LONGEST_TEXT])

    def _hash_distinct(self, name: str, text: str) -> np.ndarray:
        import numpy as np  # noqa: PLC0415 -- slow to import, see `models.families.regression`

        return np.unique(self.gram_places(name, text)).astype(np.int64)

    def _hash_grams(self, name: str, text: str) -> Vector:
        """Values by place of the text's n-grams. Their Euclidean length is at most 1 for a text of any length."""
        found = self.gram_places(name, text)
        return dict.fromkeys(found.tolist(), 1.0 / math.sqrt(len(found)))


def usable(name: str, value: object) -> float | None:
    """The value as a float.

    Returns:
        None if the value is no number, is not finite, or the registry declares the name as a category or text.

    Example:
        >>> usable("events", 3), usable("events", "3"), usable("method", 3)
        (3.0, None, None)
    """
    if KINDS.get(name, "number") != "number" or not isinstance(value, float | int):
        return None
    # Beyond 2^1000 lie infinity and integers that no float holds; NaN compares as false.
    return float(value) if -_LARGEST < value < _LARGEST else None


def squeeze(number: float) -> float:
    """The signed logarithm sign(x) log(1 + |x|), so that one outlier can't stretch the scale of all other values.

    Example:
        >>> squeeze(0.0), round(squeeze(-999.0), 2)
        (0.0, -6.91)
    """
    return math.copysign(math.log1p(abs(number)), number)


def _bin(number: float, squeezed: float) -> int:
    """Number of the bin: tenths from -1 to 1, thirds of the logarithm beyond."""
    if -1 <= number <= 1:
        return round(10 * number)
    # log1p(1) is 0.69: the first of these is 11.
    return int(3 * squeezed) + (9 if number > 0 else -9)


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError(f"{number} is not finite")
    return float(number)
