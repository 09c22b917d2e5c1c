"""What each pattern costs, alone, and whether that is more than its share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import median_low
from time import thread_time

from rules.heuristics.entries import DECODERS, PatternEntry, PatternField
from rules.heuristics.finder import Find, finder
from rules.heuristics.generate import strings

SHARE = 5.0
"""A pattern may cost so many times what the median one of its field does."""
WORST_US = 5_000.0
"""And that in any case, on a long text of a kind that it has not seen before: on a busy machine noise is less."""
LONG = 2_000
_SEED = 1
_PLAIN = "abc"
"""A pattern to compare with where there are few."""
_MOST_TEXTS = 60
_ROUNDS = 3
_AGAIN = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one pattern, in microseconds of one thread's processor time."""

    pattern: str
    mean_us: float
    """Over examples of all patterns of the field, and strings of a log if there is one."""
    worst_us: float
    """Over long made-up texts, by an automaton that has seen nothing."""
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
        self._texts: dict[PatternField, tuple[list[str], list[str]]] = {}
        self._medians: dict[PatternField, float] = {}

    def of(self, entry: PatternEntry) -> Cost:
        """What it costs; measured again where that seems too much, since a busy machine only ever adds to it."""
        short, long = self._texts_of(entry.field)
        own = _own(entry.expression)
        mean_us, worst_us = self._measure(entry.expression, short, [*long, *own])
        again = _AGAIN
        while again and worst_us > WORST_US:
            again -= 1
            worst_us = min(worst_us, self._measure(entry.expression, (), [*long, *own])[1])
        return Cost(entry.id, mean_us, worst_us, worst_us / max(self._median(entry.field), 1e-3))

    def mean_us(self, entry: PatternEntry) -> float:
        """`Cost.mean_us` alone, which is quick."""
        return self._measure(entry.expression, self._texts_of(entry.field)[0], ())[0]

    def _median(self, field: PatternField) -> float:
        if field not in self._medians:
            _, long = self._texts_of(field)
            entries = self._entries.get(field, [])
            sample = [entry.expression for entry in entries[:: max(1, len(entries) // 25)]]
            self._medians[field] = median_low(
                self._measure(expression, (), long)[1] for expression in [*sample, _PLAIN]
            )
        return self._medians[field]

    def _texts_of(self, field: PatternField) -> tuple[list[str], list[str]]:
        if field not in self._texts:
            decoder = DECODERS[field]
            examples = [decoder(text) for entry in self._entries.get(field, ()) for text in entry.match[:2]]
            texts = [*list(self._seen.get(field, ()))[:_MOST_TEXTS], *examples[:_MOST_TEXTS]] or [""]
            self._texts[field] = texts, _long(texts)
        return self._texts[field]

    def _measure(self, expression: str, short: Sequence[str], long: Sequence[str]) -> tuple[float, float]:
        """Mean over the short texts by a warm automaton, and worst over the long ones by one that has seen nothing.

        The best of some rounds, since others disturb.
        """
        warm = [finder([("one", expression)])] * _ROUNDS
        means = [min(self._us(find, text) for find in warm) for text in short]
        worst = 0.0
        for text in long:
            cold = [finder([("one", expression)]) for _ in range(_ROUNDS)]
            worst = max(worst, min(self._us(find, text) for find in cold))
        return sum(means) / len(means) if means else 0.0, worst

    def _us(self, find: Find, text: str) -> float:
        begun_s = self._clock()
        find(text)
        return 1e6 * (self._clock() - begun_s)


def _own(expression: str) -> list[str]:
    """Texts that nearly match, over and over: what the pattern itself finds hard."""
    random = Random(_SEED)  # noqa: S311 -- no secret is made
    made = [text[:-1] for text in strings(expression, 8) if len(text) > 1]
    if not made:
        return []
    mixed = "".join(random.choice(made) for _ in range(LONG // min(map(len, made)) + 1))
    return [mixed[:LONG], (made[0] * LONG)[:LONG]]


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
