"""How a session moves: the distances between its events by time, and what an event has to do with the one before it.

Silences: the 8 newest events by time are remembered, equals in the order of folding; the pair of the oldest two is
settled when a ninth comes, and an event older than all of them is the first of such a pair at once. A merge of
sessions that don't overlap, the later of which has settled pairs, settles the earlier one's events and the distance
between the two (of which no more is known than the time); any other merge puts the events of both in order, the first
opened session's before the other's. A template is a path with each number, and each segment of eight or more
hexadecimal digits and hyphens, replaced by one sign; the first 32 are counted.
"""

from __future__ import annotations

import itertools
import math
from bisect import insort_right
from typing import Any, NamedTuple

from tests.chaos.oracle.gaps import Gaps
from tests.chaos.oracle.moments import MICROS, seconds_of
from tests.chaos.oracle.posting import plain_path
from tests.chaos.oracle.reading import Fields

MOST_STEPS, MOST_TEMPLATES, LEAST_ID = 8, 32, 8
BOUNDS = tuple(int(seconds * MICROS) for seconds in (0, 0.1, 0.3, 1, 3, 10, 30, 100, 300))


class Step(NamedTuple):
    """An event, as far as the one behind it asks."""

    moment: int
    url: str | None = None
    path: str | None = None
    referrer: str | None = None


class Settled:
    """Sums over pairs of neighbours."""

    def __init__(self, *parts: Settled) -> None:
        self.gaps = Gaps()
        self.lengths = [0] * (len(BOUNDS) + 1)
        self.same = self.follows = 0
        for part in parts:
            self.gaps.join(part.gaps)
            self.lengths = [mine + theirs for mine, theirs in zip(self.lengths, part.lengths, strict=True)]
            self.same += part.same
            self.follows += part.follows

    def add(self, before: Step, after: Step) -> None:
        """One more pair."""
        gap = after.moment - before.moment
        self.gaps.add(gap)
        self.lengths[sum(gap > bound for bound in BOUNDS)] += 1
        self.same += after.url is not None and after.url == before.url
        self.follows += after.referrer is not None and after.referrer == before.path

    def median(self) -> int:
        """The bound of the span that the median lies in; of two in the middle, the shorter."""
        rank = (sum(self.lengths) + 1) // 2
        for index, bound in enumerate(BOUNDS):
            if sum(self.lengths[: index + 1]) >= rank:
                return min(bound, self.gaps.most)
        return self.gaps.most


class Moving:
    """Steps of a session, the settled ones as sums."""

    def __init__(self) -> None:
        self.settled = Settled()
        self.steps: list[Step] = []
        self.urls = self.depths = 0
        self.templates: dict[str, int] = {}

    def fold(self, event: Fields, moment: int) -> None:
        """Adds an event."""
        step = Step(moment)
        if event["url"] is not None:
            path = plain_path(event["url"])
            self.urls += 1
            self.depths += path.count("/")
            self._count(template(path), 1)
            step = Step(moment, event["url"], path, plain_path(event["referrer"]) if event["referrer"] else None)
        insort_right(self.steps, step, key=_moment)
        self._settle(MOST_STEPS)

    def absorb(self, other: Moving, earlier: Moving, later_start: int) -> None:
        """Adds a session's steps that opened later; the later one by time began at `later_start`."""
        later = other if earlier is self else self
        comes_before = bool(later.settled.gaps.count) and earlier.steps[-1].moment <= later_start
        kept = later.steps
        self.steps = (
            [*earlier.steps, Step(later_start)] if comes_before else sorted((*self.steps, *other.steps), key=_moment)
        )
        self.settled = Settled(self.settled, other.settled)
        self._settle(1 if comes_before else MOST_STEPS)
        if comes_before:
            self.steps = list(kept)
        self.urls += other.urls
        self.depths += other.depths
        for name, count in other.templates.items():
            self._count(name, count)

    def record(self) -> dict[str, Any]:
        """Its part of the session's record."""
        told = Settled(self.settled)
        for before, after in itertools.pairwise(self.steps):
            told.add(before, after)
        return {
            "gaps": told.gaps.record(),
            "immediate_repeats": told.same,
            "follows": told.follows,
            "zero_gaps": told.lengths[0],
            "gap_median_s": seconds_of(told.median()) if told.gaps.count else None,
            "path_depth": self.depths / self.urls if self.urls else None,
            "most_of_one_template": max(self.templates.values(), default=0),
            "path_entropy": self._entropy() if self.templates else None,
        }

    def _settle(self, most: int) -> None:
        while len(self.steps) > most:
            self.settled.add(*self.steps[:2])
            del self.steps[0]

    def _count(self, name: str, by: int) -> None:
        if name in self.templates or len(self.templates) < MOST_TEMPLATES:
            self.templates[name] = self.templates.get(name, 0) + by

    def _entropy(self) -> float:
        total = sum(self.templates.values())
        return math.fsum(n / total * math.log2(total / n) for n in self.templates.values())


def template(path: str) -> str:
    """A path without its ids and numbers."""
    first, *parts = path.split("/")
    return "/".join([_without_numbers(first), *map(_without_id, parts)])


def _without_id(segment: str) -> str:
    name, dot, rest = segment.partition(".")
    is_id = len(name) >= LEAST_ID and set(name) <= set("0123456789abcdef-")
    return ("0" if is_id else _without_numbers(name)) + dot + _without_numbers(rest)


def _without_numbers(text: str) -> str:
    runs = itertools.groupby(text, lambda character: character in "0123456789")
    return "".join("0" if is_number else "".join(run) for is_number, run in runs)


def _moment(step: Step) -> int:
    return step.moment
