"""Answers that decide about visitors, as `weir.answers` has them, until they end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from weir.contracts.answer import Answers, StandingAnswer
from weir.contracts.fast import decoder, encode

MOST_VISITORS = 100_000
"""Visitors of one partition whose answers are stored; beyond, those whose answers end first are dropped."""
_MOST_STALE = 1_000
"""Outdated entries that the index of ends may contain before it is rebuilt."""
read_answers = decoder(Answers)


class DecidingAnswers:
    """The answers in each visitor's newest record of `weir.answers`; bounded by event time and in number."""

    def __init__(self, most: int = MOST_VISITORS) -> None:
        self._most = most
        self._answers: dict[str, Sequence[StandingAnswer]] = {}
        self._ends: list[tuple[float, str]] = []
        self._changed: set[str] = set()

    def __len__(self) -> int:
        return len(self._answers)

    def of(self, visitor_id: str) -> Sequence[StandingAnswer]:
        """The answers about a visitor, in rising priority."""
        return self._answers.get(visitor_id, ())

    def put(self, answers: Answers) -> int:
        """Stores a record's answers; returns how many visitors were dropped for the bound."""
        self._changed.add(answers.visitor_id)
        self._take(answers)
        forgotten = 0
        if len(self._ends) > 2 * len(self._answers) + _MOST_STALE:
            self._ends = sorted((_end(held), visitor_id) for visitor_id, held in self._answers.items())
        while len(self._answers) > self._most:
            forgotten += self._drop_if_current(*heappop(self._ends))
        return forgotten

    def expire(self, reached_s: float) -> None:
        """Drops answers that have ended at this event time."""
        while self._ends and self._ends[0][0] <= reached_s:
            self._drop_if_current(*heappop(self._ends))

    def load(self, value: bytes) -> None:
        """Restores a state entry."""
        self._take(read_answers(value))

    def changes(self) -> Iterator[tuple[str, bytes | None]]:
        """State entries that changed since the last call; None for a dropped one."""
        for visitor_id in sorted(self._changed):
            answers = self._answers.get(visitor_id)
            kept = encode({"visitor_id": visitor_id, "answers": answers}) if answers is not None else None
            yield visitor_id, kept
        self._changed.clear()

    def _take(self, answers: Answers) -> None:
        if answers.answers:
            self._answers[answers.visitor_id] = answers.answers
            heappush(self._ends, (_end(answers.answers), answers.visitor_id))
        else:
            self._answers.pop(answers.visitor_id, None)

    def _drop_if_current(self, until_s: float, visitor_id: str) -> int:
        answers = self._answers.get(visitor_id)
        if answers is None or _end(answers) != until_s:
            return 0
        del self._answers[visitor_id]
        self._changed.add(visitor_id)
        return 1


def _end(answers: Sequence[StandingAnswer]) -> float:
    return max(answer.until for answer in answers)
