"""Simulated moderators: they label a part of the visitors, late, and sometimes wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from random import Random

from streams.demo.visitor import Visitor, chance
from weir.contracts.label import Label

NAMES = ("moderator-ana", "moderator-ben", "moderator-chi")


class Moderators:
    """Labels of simulated moderators. A visitor's first event decides whether and when the visitor gets a label.

    Args:
        seed: Seed of the labels; the same seed gives the same labels.
        share: Share of the visitors that get a label.
        wrong: Share of the labels that are wrong.
        delay_s: Shortest and longest time from a visitor's first event to its label.
    """

    def __init__(
        self, seed: int, share: float = 0.35, wrong: float = 0.03, delay_s: tuple[float, float] = (5.0, 15.0)
    ) -> None:
        self.share = share
        self.wrong = wrong
        self.delay_s = delay_s
        self._random = Random(f"{seed}/moderators")
        self._seen: set[str] = set()
        # Due time, unique number, label. The number orders entries with equal times, as labels can't be compared.
        self._due: list[tuple[float, int, Label]] = []

    def add_event(self, visitor: Visitor, ts: float) -> None:
        """Takes a visitor's event at `ts`; only the visitor's first event has an effect."""
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

    def due_labels(self, now_s: float) -> Iterator[Label]:
        """The labels that are due by `now_s`, in the order of time; each is returned once."""
        while self._due and self._due[0][0] <= now_s:
            yield heappop(self._due)[2]
