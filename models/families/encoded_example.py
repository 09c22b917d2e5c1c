"""An example as the members of the ensemble take it: places, scaled numbers, a row for trees, n-grams by field."""

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
COLUMNS = {name: at for at, name in enumerate(NUMBERS)}
MISSING = -1.0
"""What the forest sees of a number that is not there; most numbers are never negative."""


class EncodedExample:
    """An example as the members take it."""

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
    """A number as the forest takes it."""
    return max(-FARTHEST, min(FARTHEST, squeeze(number)))
