"""Simulated moderators: they label a part of the visitors, late, and sometimes wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from random import Random

from streams.demo.visitor import Visitor, chance
from weir.contracts.label import Label

NAMES = ("moderator-ana", "moderator-ben", "moderator-chi")


class Moderators:
    """Decide for each visitor, when it first shows up, whether and when they will say what it is.

    Args:
        seed: the same seed gives the same answers.
        share: of the visitors, how many get an answer.
        wrong: of the answers, how many are the opposite of the truth.
        delay_s: the shortest and the longest time from a visitor's first event to the answer.
    """

    def __init__(
        self, seed: int, share: float = 0.35, wrong: float = 0.03, delay_s: tuple[float, float] = (5.0, 15.0)
    ) -> None:
        self.share = share
        self.wrong = wrong
        self.delay_s = delay_s
        self._random = Random(f"{seed}/moderators")
        self._seen: set[str] = set()
        # When the answer is due, a number that no other has, and the label.
        self._due: list[tuple[float, int, Label]] = []

    def see(self, visitor: Visitor, ts: float) -> None:
        """Takes a visitor's event at `ts`; only the first one has an effect."""
        if visitor.visitor_id in self._seen:
            return
        self._seen.add(visitor.visitor_id)
        if not chance(self._random, self.share):
            return
        due_s = ts + self._random.uniform(*self.delay_s)
        is_bad = visitor.kind.is_bad != chance(self._random, self.wrong)
        label = Label(
            visitor_id=visitor.visitor_id,
            ts=round(due_s, 3),
            label="bad" if is_bad else "good",
            category=str(visitor.kind) if is_bad and visitor.kind.is_bad else None,
            source=self._random.choice(NAMES),
        )
        heappush(self._due, (due_s, len(self._seen), label))

    def answers(self, now_s: float) -> Iterator[Label]:
        """The answers that are due by `now_s`, in the order of time, each once."""
        while self._due and self._due[0][0] <= now_s:
            yield heappop(self._due)[2]
