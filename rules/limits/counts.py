"""Of one limit: how many different ones each subject of a partition has, for the subjects that have most."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rules.limits.distinct import Distinct, DistinctLimit, hashed

NAMED_SETS = 200
"""Subjects whose sets one record names: a set is longer than a sum."""
SETS = 1_024
"""Subjects of a limit that a partition keeps sets of when it has to let some go; twice as many in between."""
_TOLD, _UNTOLD = b"t", b"u"


class CountsState(msgspec.Struct, array_like=True):
    """One limit's sets at rest."""

    number: int
    sets: dict[str, bytes]
    touched: list[str]
    missed: int


class DistinctCounts:
    """Sets by subject, in bounded memory.

    A subject that was removed for room starts from 0, so its published number is at most `missed` too low.
    """

    def __init__(self, limit: DistinctLimit, partitions: int) -> None:
        self.limit = limit
        # A visitor is in one partition alone; of others, all partitions together miss less than half of the limit.
        self._floor = limit.at_most + 1 if limit.kind == "visitor" else max(1, limit.at_most // (2 * partitions))
        self._number = -1
        self._sets: dict[str, Distinct] = {}
        self._touched: dict[str, None] = {}
        """Subjects whose sets changed since they were published."""
        self._changed: dict[str, None] = {}
        """Subjects whose sets changed since they were written to the state."""
        self._written: set[str] = set()
        self.missed = 0

    def __contains__(self, subject: str) -> bool:
        """Whether a set is kept of the subject."""
        return subject in self._sets

    def add(self, subject: str, value: str) -> None:
        """Counts a value of a subject."""
        found = self._sets.get(subject)
        if found is None:
            if len(self._sets) >= 2 * SETS:
                self._purge()
            found = self._sets[subject] = Distinct()
        found.add(hashed(value))
        self._touched[subject] = None
        self._changed[subject] = None

    def turn(self, start: float) -> None:
        """Starts the window that begins at `start`; without a change of window it does nothing."""
        number = int(start // self.limit.window_s)
        if number != self._number:
            self._number = number
            self._sets = {}
            self._touched = {}
            self._changed = dict.fromkeys(self._written)
            self.missed = 0

    def take_changed(self) -> dict[str, Distinct]:
        """Sets that changed since the last call and are large enough, the largest ones first."""
        sized = ((len(self._sets[subject]), subject) for subject in self._touched)
        large = sorted(((size, subject) for size, subject in sized if size >= self._floor), key=_largest_first)
        self._changed |= self._touched
        self._touched = {}
        return {subject: self._sets[subject] for _, subject in large[:NAMED_SETS]}

    @property
    def window_start(self) -> float:
        """Event time at which the window that is counted in began."""
        return self._number * self.limit.window_s

    @property
    def state(self) -> CountsState:
        """What `restore` takes."""
        sets = {subject: found.to_bytes() for subject, found in self._sets.items()}
        return CountsState(self._number, sets, list(self._touched), self.missed)

    @property
    def head(self) -> CountsState:
        """The state but for what `changes` gives."""
        return CountsState(self._number, {}, [], self.missed)

    @property
    def written(self) -> list[str]:
        """Subjects of which `changes` gave an entry that it has not taken back."""
        return sorted(self._written)

    def restore(self, state: CountsState) -> None:
        """Goes on where the state was taken."""
        self._number = state.number
        self._sets = {subject: Distinct.from_bytes(data) for subject, data in state.sets.items()}
        self._touched = dict.fromkeys(state.touched)
        self._changed = dict.fromkeys(self._sets)
        self.missed = state.missed

    def note_written(self, subject: str) -> None:
        """An entry of this subject is there, and is to be taken back where no set is kept of it."""
        self._written.add(subject)
        if subject not in self._sets:
            self._changed[subject] = None

    def changes(self) -> Iterator[tuple[str, bytes | None]]:
        """Subjects whose entries changed since the last call; None for those that are kept no longer."""
        for subject in self._changed:
            found = self._sets.get(subject)
            if found is not None:
                self._written.add(subject)
                yield subject, (_UNTOLD if subject in self._touched else _TOLD) + found.to_bytes()
            elif subject in self._written:
                self._written.discard(subject)
                yield subject, None
        self._changed = {}

    def _purge(self) -> None:
        sized = sorted(((len(found), subject) for subject, found in self._sets.items()), key=_largest_first)
        self.missed += sized[SETS][0]
        stay = {subject for _, subject in sized[:SETS]}
        self._sets = {subject: found for subject, found in self._sets.items() if subject in stay}
        self._touched = {subject: None for subject in self._touched if subject in stay}
        # Who came and went between two writings leaves no trace: there may be any number of them.
        gone = self._written - stay
        self._changed = {subject: None for subject in self._changed if subject in stay} | dict.fromkeys(gone)


def take_entry(state: CountsState, subject: str, value: bytes) -> None:
    """Puts an entry that `DistinctCounts.changes` gave back into a state."""
    state.sets[subject] = value[1:]
    if value[:1] == _UNTOLD:
        state.touched.append(subject)


def _largest_first(entry: tuple[int, str]) -> tuple[int, str]:
    size, subject = entry
    return -size, subject
