"""Read-only forms of models, in which workers score: the terms of a score are cached by feature and value.

Most of a session's forty-odd features have values that occurred before. What such a value adds to each member's
log-odds is cached, up to a bound. Equal features give equal scores to the last bit, independent of earlier scores.

A score differs from that of the original model in two ways. Sums are computed in another order, which changes the last
digits. If two features of a session fall into one place of the vector, the original counts one of them, this form both.
"""

from __future__ import annotations

import math
from typing import Protocol

from models.families.base import Features, Model
from models.families.blended_logistic import BlendedLogistic
from models.families.encoder import CATEGORY_SCALE
from models.families.ensemble import Ensemble
from models.families.frozen_ensemble import FrozenEnsemble
from models.features.registry import KINDS

MOST_BITS = 20
"""Models with more bits are not laid out as arrays: at 20 bits, the two arrays take 8 MB each."""
_MOST_VALUES = 4_096
"""Values of each number whose terms are cached."""
_MOST_WORDS = 8_192
"""Texts and categories whose terms are cached."""
Added = tuple[float, float, float]
"""What a feature adds to the log-odds of the quick regression, the careful one, and the one on numbers."""
_NOTHING = (0.0, 0.0, 0.0)


class Predictor(Protocol):
    """Anything that predicts, such as a `Model` or its frozen form."""

    def predict_one(self, features: Features) -> float:
        """Probability of abuse, from 0 to 1."""


class FrozenBlend:
    """Read-only form of `BlendedLogistic`.

    Args:
        model: The model. It must not learn any more: weights are copied here, and cached terms would be stale.

    Example:
        >>> model = BlendedLogistic(bits=8)
        >>> model.learn_one({"text": "cheap pills"}, bad=True)
        >>> abs(FrozenBlend(model).predict_one({"text": "pills"}) - model.predict_one({"text": "pills"})) < 1e-9
        True
    """

    def __init__(self, model: BlendedLogistic) -> None:
        self._model = model
        self._encoder = model.encoder
        self._members = model.members
        self._dense = tuple(member.dense() for member in model.members[:2])
        self._intercepts = tuple(member.intercept for member in model.members)
        self._numbers: dict[str, dict[float, Added]] = {}
        self._words: dict[tuple[str, str], Added] = {}
        self._places: dict[int, Added] = {}

    def predict_one(self, features: Features) -> float:
        """Probability of abuse, from cached terms where there are any."""
        quick, careful, numeric = self._intercepts
        numbers, words = self._numbers, self._words
        for name, value in features.items():
            if type(value) is str:
                added = words.get((name, value)) or self._word(name, value)
            else:
                known = numbers.get(name)
                found = known.get(value) if known is not None and type(value) is float else None
                added = found or self._number(name, value)
            quick += added[0]
            careful += added[1]
            numeric += added[2]
        return self._model.blend((quick, careful, numeric))

    def _word(self, name: str, value: str) -> Added:
        added = self._text(name, value) if KINDS.get(name) == "text" else self._category(name, value)
        if len(self._words) >= _MOST_WORDS:
            self._words.clear()
        self._words[name, value] = added
        return added

    def _text(self, name: str, text: str) -> Added:
        if not text:
            return _NOTHING
        import numpy as np  # noqa: PLC0415 -- slow to import, see `models.families.regression`

        places = self._encoder.gram_places(name, text)
        each = 1.0 / math.sqrt(len(places))
        places.sort()
        once = places[np.concatenate(([True], places[1:] != places[:-1]))]
        quick, careful = (float(weights[once].sum()) * each for weights in self._dense)
        return quick, careful, 0.0

    def _category(self, name: str, value: str) -> Added:
        quick = careful = 0.0
        for place, scale in self._encoder.encode({name: value}).items():
            quick += scale * self._members[0].weight(place)
            careful += scale * self._members[1].weight(place)
        return quick, careful, 0.0

    def _number(self, name: str, value: object) -> Added:
        found = self._encoder.look_up(name, value)
        if found is None:
            return _NOTHING
        place, scaled, bin_place = found
        own, of_bin = self._weights(place), self._weights(bin_place)
        added = (
            scaled * own[0] + CATEGORY_SCALE * of_bin[0],
            scaled * own[1] + CATEGORY_SCALE * of_bin[1],
            scaled * own[2] + CATEGORY_SCALE * of_bin[2],
        )
        if type(value) is float:
            known = self._numbers.setdefault(name, {})
            if len(known) < _MOST_VALUES:
                known[value] = added
        return added

    def _weights(self, place: int) -> Added:
        known = self._places.get(place)
        if known is None:
            quick, careful, numeric = (member.weight(place) for member in self._members)
            known = self._places[place] = (quick, careful, numeric)
        return known


def frozen(model: Model) -> Predictor:
    """The fastest form of a model that learns no more.

    Args:
        model: The model. It must not learn any more.

    Returns:
        Its read-only form; the model itself if its family has none, or it has more than `MOST_BITS`.

    Example:
        >>> type(frozen(BlendedLogistic(bits=8))).__name__
        'FrozenBlend'
    """
    if isinstance(model, Ensemble):
        return FrozenEnsemble(model)
    return FrozenBlend(model) if isinstance(model, BlendedLogistic) and model.bits <= MOST_BITS else model
