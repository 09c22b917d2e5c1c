"""An example in the forms that the members of the ensemble need, computed once for all of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from models.families.base import Features
from models.families.encoder import CATEGORY_SCALE, NUMBER_SCALE, Encoder, squeeze
from models.families.number_table import FARTHEST, NUMBERS
from models.features.registry import KINDS

if TYPE_CHECKING:
    import numpy as np

FIELDS = tuple(name for name, kind in KINDS.items() if kind == "text")
"""Names of the texts, in the registry's order."""
COLUMNS = {name: at for at, name in enumerate(NUMBERS)}
"""Column of each number, in `scaled` and in `row`."""
MISSING = -1.0
"""Value in `row` of a number that is missing. Few features are ever negative, so a split can tell it apart."""


class EncodedExample:
    """An example in the forms that the members of the ensemble need.

    Attributes:
        all_places: int64 array of shape (n,): places of numbers, bins, categories and n-grams in the hashed vector.
        all_values: float array of shape (n,): their values.
        grams: For each text, the int64 array of the distinct places of its n-grams.
        scaled: Float array of shape (numbers + 1,): standardised numbers, 0 where one is missing, and 1 as the last.
        row: List of the numbers' signed logarithms, `MISSING` where one is missing: what trees split on.
        has_numbers: Whether the example has any usable number.

    Args:
        encoder: Encoder that hashes names and scales numbers. It learns nothing here.
        features: Features of the example.

    Example:
        >>> example = EncodedExample(Encoder(bits=8, seed=1), {"events": 3.0, "method": "GET"})
        >>> len(example.all_places), example.has_numbers, list(example.grams)
        (3, True, [])
    """

    __slots__ = ("all_places", "all_values", "grams", "has_numbers", "row", "scaled")

    def __init__(self, encoder: Encoder, features: Features) -> None:
        import numpy as np  # noqa: PLC0415 -- slow to import, see `models.families.regression`

        places: list[int] = []
        values: list[float] = []
        categories: list[int] = []
        self.grams: dict[str, np.ndarray] = {}
        self.scaled = np.zeros(len(NUMBERS) + 1)
        self.scaled[-1] = 1.0
        self.row = [MISSING] * len(NUMBERS)
        for name, value in features.items():
            if isinstance(value, str):
                kind = KINDS.get(name, "category")
                if kind == "text" and value:
                    self.grams[name] = encoder.distinct_gram_places(name, value)
                elif kind == "category":
                    categories.append(encoder.category_place(name, value))
                continue
            found = encoder.look_up(name, value)
            if found is None:
                continue
            places += (found[0], found[2])
            values += (found[1], CATEGORY_SCALE)
            column = COLUMNS.get(name)
            if column is not None:
                self.scaled[column] = found[1] / NUMBER_SCALE
                self.row[column] = row_value(float(value))
        self.has_numbers = any(value != MISSING for value in self.row)
        texts = list(self.grams.values())
        self.all_places = np.concatenate([np.array(places + categories, dtype=np.int64), *texts])
        scales = [np.full(len(text), 1.0 / math.sqrt(len(text))) for text in texts]
        self.all_values = np.concatenate([np.array(values + [CATEGORY_SCALE] * len(categories)), *scales])


def row_value(number: float) -> float:
    """A number's signed logarithm, clipped to `FARTHEST`, as the forest splits on it.

    Example:
        >>> row_value(0.0), row_value(-1e300)
        (0.0, -25.0)
    """
    return max(-FARTHEST, min(FARTHEST, squeeze(number)))
