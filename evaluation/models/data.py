"""Labelled data that others recorded, one case a distinct text, in an order that a seed decides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

from evaluation.common.data_sets import http_parameters, sms_messages

SEED = 1
Order = int
"""The seed of an order."""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text with what it is."""

    text: str
    bad: bool
    category: str


def messages(folder: Path, order: Order = SEED) -> list[LabelledText]:
    """Distinct SMS messages, ham or spam."""
    return _shuffled([LabelledText(text, label == "spam", label) for text, label in sms_messages(folder)], order)


def parameters(folder: Path, order: Order = SEED) -> list[LabelledText]:
    """Distinct values of HTTP parameters, normal ones and four kinds of attacks."""
    rows = http_parameters(folder)
    cases = [LabelledText(row["payload"], row["label"] != "norm", row["attack_type"]) for row in rows]
    return _shuffled(cases, order)


def _shuffled(cases: list[LabelledText], order: Order) -> list[LabelledText]:
    distinct = {case.text: case for case in reversed(cases)}
    found = [distinct[text] for text in sorted(distinct)]
    Random(order).shuffle(found)
    return found
