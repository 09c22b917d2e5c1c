"""Read-only form of the ensemble, in which workers score: the terms of a score are cached by feature and value.

As in `models.families.frozen`, equal features give equal scores to the last bit, independent of earlier scores. The
original model gives the same score except for the last digits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from models.families.base import Features
from models.families.encoded_example import COLUMNS, FIELDS, MISSING, row_value
from models.families.encoder import CATEGORY_SCALE, NUMBER_SCALE
from models.families.ensemble import Ensemble
from models.families.hashed_regression import probability
from models.families.number_table import NUMBERS
from models.families.pool import Prediction
from models.features.registry import KINDS

if TYPE_CHECKING:
    import numpy as np

_MOST_VALUES = 4_096
"""Values of each number whose terms are cached."""
_MOST_WORDS = 8_192
"""Texts and categories whose terms are cached."""
Added = tuple[float, float, float, float, int]
"""Terms for the quick, the careful and the numeric regression; the forest's value, and its column or -1."""
AddedByWord = tuple[float, float, float, float, int]
"""Terms for the quick and the careful regression; log-odds of a text's two members, and the place of these or -1."""
_NOTHING: Added = (0.0, 0.0, 0.0, 0.0, -1)


class FrozenEnsemble:
    """Read-only form of `Ensemble`.

    Args:
        model: The model. It must not learn any more: weights are shared with it, and cached terms would be stale.

    Example:
        >>> model = Ensemble(bits=8, trees=3)
        >>> model.learn_one({"text": "cheap pills"}, bad=True)
        >>> abs(FrozenEnsemble(model).predict_one({"text": "pills"}) - model.predict_one({"text": "pills"})) < 1e-9
        True
    """

    def __init__(self, model: Ensemble) -> None:
        self._model = model
        self._encoder = model.encoder
        self._quick, self._careful = (whole.weights for whole in model.wholes)
        self._intercepts = (*(whole.intercepts[""] for whole in model.wholes), float(model.numbers.mean[-1]))
        self._slopes = model.numbers.mean.tolist()
        self._numbers: dict[str, dict[float, Added]] = {}
        self._words: dict[tuple[str, str], AddedByWord] = {}

    def predict_one(self, features: Features) -> float:
        """Probability of abuse, from cached terms where there are any."""
        quick, careful, numeric = self._intercepts
        numbers, words = self._numbers, self._words
        row = [MISSING] * len(NUMBERS)
        predictions: list[Prediction] = [None] * (4 + 2 * len(FIELDS))
        for name, value in features.items():
            if type(value) is str:
                by_word = words.get((name, value)) or self._word(name, value)
                quick += by_word[0]
                careful += by_word[1]
                if by_word[4] >= 0:
                    predictions[by_word[4]] = by_word[2]
                    predictions[by_word[4] + 1] = by_word[3]
                continue
            known = numbers.get(name)
            found = known.get(value) if known is not None and type(value) is float else None
            added = found or self._number(name, value)
            quick += added[0]
            careful += added[1]
            numeric += added[2]
            if added[4] >= 0:
                row[added[4]] = added[3]
        predictions[0], predictions[1] = quick, careful
        if any(value != MISSING for value in row):
            predictions[2], predictions[3] = numeric, self._model.forest.log_odds(row)
        return probability(self._model.pool.log_odds(predictions))

    def _word(self, name: str, value: str) -> AddedByWord:
        kind = KINDS.get(name, "category")
        added: AddedByWord = _NOTHING
        if kind == "text" and value:
            added = self._text(name, value)
        elif kind == "category":
            place = self._encoder.category_place(name, value)
            quick, careful = float(self._quick[place]), float(self._careful[place])
            added = (CATEGORY_SCALE * quick, CATEGORY_SCALE * careful, 0.0, 0.0, -1)
        if len(self._words) >= _MOST_WORDS:
            self._words.clear()
        self._words[name, value] = added
        return added

    def _text(self, name: str, text: str) -> AddedByWord:
        places: np.ndarray = self._encoder.distinct_gram_places(name, text)
        each = 1.0 / math.sqrt(len(places))
        return (
            each * float(self._quick[places].sum(dtype=float)),
            each * float(self._careful[places].sum(dtype=float)),
            self._model.grams.log_odds(places, each, name),
            self._model.bayes.log_odds(places, name),
            4 + 2 * FIELDS.index(name),
        )

    def _number(self, name: str, value: object) -> Added:
        found = self._encoder.look_up(name, value)
        if found is None:
            return _NOTHING
        place, scaled, bin_place = found
        column = COLUMNS.get(name, -1)
        number = float(value)  # type: ignore[arg-type]  # `look_up` returns None for anything but numbers
        added = (
            scaled * float(self._quick[place]) + CATEGORY_SCALE * float(self._quick[bin_place]),
            scaled * float(self._careful[place]) + CATEGORY_SCALE * float(self._careful[bin_place]),
            self._slopes[column] * scaled / NUMBER_SCALE if column >= 0 else 0.0,
            row_value(number) if column >= 0 else 0.0,
            column,
        )
        if type(value) is float:
            known = self._numbers.setdefault(name, {})
            if len(known) < _MOST_VALUES:
                known[value] = added
        return added
