"""Labelled data that others recorded, one case a distinct text, in an order that a seed decides."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from random import Random

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
    lines = (folder / "sms-spam" / "SMSSpamCollection").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t", 1) for line in lines)
    return _shuffled([LabelledText(text, label == "spam", label) for label, text in rows], order)


def parameters(folder: Path, order: Order = SEED) -> list[LabelledText]:
    """Distinct values of HTTP parameters, normal ones and four kinds of attacks."""
    path = folder / "payloads" / "http-params" / "payload_train.csv"
    with path.open(encoding="utf-8", newline="") as file:
        cases = [
            LabelledText(row["payload"], row["label"] != "norm", row["attack_type"]) for row in csv.DictReader(file)
        ]
    return _shuffled(cases, order)


def _shuffled(cases: list[LabelledText], order: Order) -> list[LabelledText]:
    distinct = {case.text: case for case in reversed(cases)}
    found = [distinct[text] for text in sorted(distinct)]
    Random(order).shuffle(found)
    return found
