"""What each pattern costs, alone, and whether that is more than its share."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import median
from time import thread_time
from typing import Any

import re2  # type: ignore[import-untyped]  # has no types

from rules.heuristics.entries import DECODERS, PatternEntry, PatternField
from rules.heuristics.finder import quiet_options
from rules.heuristics.generate import strings

SHARE = 3.0
"""A pattern may cost so many times what the median one of its field does."""
WORST_US = 20.0
"""And that in any case, on the longest text: noise is less."""
LONG = 2_000
_SEED = 1
_MOST_TEXTS = 60
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one pattern, in microseconds of one thread's processor time."""

    pattern: str
    mean_us: float
    """Over examples of all patterns of the field, and strings of a log if there is one."""
    worst_us: float
    """Over long made-up texts."""
    worst_share: float
    """`worst_us` by that of the field's median pattern."""

    @property
    def is_too_much(self) -> bool:
        """Whether it is more than its share."""
        return self.worst_us > WORST_US and self.worst_share > SHARE


class Costs:
    """Measures patterns beside all that look at the same field."""

    def __init__(
        self,
        entries: Iterable[PatternEntry],
        seen: Mapping[PatternField, Collection[str]] | None = None,
        clock: Callable[[], float] = thread_time,
    ) -> None:
        self._clock = clock
        self._entries: dict[PatternField, list[PatternEntry]] = {}
        for entry in entries:
            self._entries.setdefault(entry.field, []).append(entry)
        self._seen = seen or {}
        self._texts: dict[PatternField, tuple[list[bytes], list[bytes]]] = {}
        self._medians: dict[PatternField, float] = {}

    def of(self, entry: PatternEntry) -> Cost:
        """What it costs."""
        short, long = self._texts_of(entry.field)
        own = _own(entry.expression)
        mean_us, worst_us = self._measure(entry.expression, short, [*long, *own])
        return Cost(entry.id, mean_us, worst_us, worst_us / max(self._median(entry.field), 1e-3))

    def _median(self, field: PatternField) -> float:
        if field not in self._medians:
            _, long = self._texts_of(field)
            sample = self._entries.get(field, [])[:: max(1, len(self._entries.get(field, ())) // 25)]
            found = [self._measure(entry.expression, (), long)[1] for entry in sample]
            self._medians[field] = median(found) if found else 0.0
        return self._medians[field]

    def _texts_of(self, field: PatternField) -> tuple[list[bytes], list[bytes]]:
        if field not in self._texts:
            decoder = DECODERS[field]
            examples = [decoder(text) for entry in self._entries.get(field, ()) for text in entry.match[:2]]
            texts = [*list(self._seen.get(field, ()))[:_MOST_TEXTS], *examples[:_MOST_TEXTS]] or [""]
            self._texts[field] = (
                [text.encode("utf-8", "replace") for text in texts],
                [text.encode("utf-8", "replace") for text in _long(texts)],
            )
        return self._texts[field]

    def _measure(self, expression: str, short: Sequence[bytes], long: Sequence[bytes]) -> tuple[float, float]:
        """Mean over the short texts, and worst over the long ones; the best of some rounds, since others disturb."""
        compiled = re2.compile(expression, quiet_options())
        was_on = gc.isenabled()
        gc.disable()
        try:
            best = [min(self._us(compiled, text) for _ in range(_ROUNDS)) for text in (*short, *long)]
        finally:
            if was_on:
                gc.enable()
        first = best[: len(short)]
        return sum(first) / len(first) if first else 0.0, max(best[len(short) :], default=0.0)

    def _us(self, compiled: Any, text: bytes) -> float:  # noqa: ANN401 -- re2 has no types
        begun_s = self._clock()
        compiled.search(text)
        return 1e6 * (self._clock() - begun_s)


def _own(expression: str) -> list[bytes]:
    """Texts that nearly match, over and over: what the pattern itself finds hard."""
    random = Random(_SEED)  # noqa: S311 -- no secret is made
    made = [text[:-1] for text in strings(expression, 8) if len(text) > 1]
    if not made:
        return []
    mixed = "".join(random.choice(made) for _ in range(LONG // min(map(len, made)) + 1))
    return [text.encode("utf-8", "replace")[:LONG] for text in (mixed, made[0] * LONG)]


def _long(texts: Sequence[str]) -> list[str]:
    """Texts that wear an automaton out: pieces of the examples in all orders, and characters at random."""
    random = Random(_SEED)  # noqa: S311 -- no secret is made
    signs = sorted(set("".join(texts))) or ["a"]
    pieces = [text[at : at + 6] for text in texts for at in range(0, min(len(text), 60), 6)] or ["a"]
    return [
        "".join(random.choice(signs) for _ in range(LONG)),
        "".join(random.choice(pieces) for _ in range(LONG // 5))[:LONG],
        "".join(random.choice("ab01 /='") for _ in range(LONG)),
    ]
