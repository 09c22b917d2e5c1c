"""A cap on dead letters: a worker stops when too many of a partition's newest records became dead letters.

    input      . . x . . . . x x x x x x x x x │x  . . x x x
               └──── newest `window` records ──┘└ the dead letter that is one too many: its batch isn't written

What is looked at is a partition's newest records, as bits, kept with its position and in the same transaction. So the
record at which a worker stops follows from the log alone: not from where a batch ends, and not from how often it was
started again, which would otherwise drain the topic bit by bit.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from streams.dead_letter import header
from weir.contracts.dead_letter_reason import meaning
from weir.errors import WorkError
from weir.kafka.records import InputRecord, Output
from weir.topics import DEAD_LETTER


@dataclass(frozen=True, slots=True)
class Cap:
    """How many dead letters may be among a partition's newest records."""

    share: float
    """Of the window, from 0 to 1; 1 is no cap."""
    window: int
    """Records. A window that is not full yet counts as full of good ones, so that a few records can't stop a worker."""

    @property
    def is_off(self) -> bool:
        """Whether nothing is too many, and nothing is remembered: what was drained on purpose must not count later."""
        return self.share >= 1

    @property
    def most(self) -> int:
        """Dead letters that may be in a window."""
        # 0.29 * 100 is a little less than 29.
        return int(self.share * self.window + 1e-9)


class Followed(NamedTuple):
    """The newest records after some more input."""

    recent: int
    """The newest records, a bit each, the newest lowest: 1 is a dead letter."""
    too_many_at: int | None
    """Index of the dead letter that is one too many, if there is one; `recent` then ends with it."""


def follow(recent: int, records: int, dead: Iterable[int], cap: Cap) -> Followed:
    """Goes on by so many `records`, of which those at the rising indices `dead` became dead letters."""
    if cap.is_off:
        return Followed(0, None)
    mask, done = (1 << cap.window) - 1, 0
    for index in dead:
        recent = (recent << (index + 1 - done) | 1) & mask
        done = index + 1
        if recent.bit_count() > cap.most:
            return Followed(recent, index)
    return Followed(recent << (records - done) & mask, None)


class DeadLetterWatch:
    """Watches the share of dead letters of one partition of an input.

    Args:
        cap: how many may be.
        where: the partition, in words.
        kept: what `kept` was at the position from which the watch goes on.
    """

    def __init__(self, cap: Cap, where: str, kept: str = "") -> None:
        self._cap = cap
        self._where = where
        self._recent = follow(int(kept or "0", 16), 0, (), cap).recent
        self._reasons: deque[str] = deque(maxlen=cap.most + 1)

    @property
    def kept(self) -> str:
        """What must be known to go on, as a hexadecimal number; empty where there was no dead letter lately."""
        return f"{self._recent:x}" if self._recent else ""

    @property
    def share(self) -> float:
        """Share of dead letters in the window."""
        return self._recent.bit_count() / self._cap.window

    def take(self, records: Sequence[InputRecord], outputs: Iterable[Output]) -> None:
        """Takes note of a batch and of what it led to, before that is written.

        Raises:
            WorkError: a dead letter is one too many; nothing of the batch must be written.
        """
        dead_letters = [output for output in outputs if output.topic is DEAD_LETTER]
        indices = [
            bisect_left(records, int(header(dead_letter, "offset")), key=_offset) for dead_letter in dead_letters
        ]
        followed = follow(self._recent, len(records), indices, self._cap)
        self._recent = followed.recent
        if followed.too_many_at is not None:
            del dead_letters[indices.index(followed.too_many_at) + 1 :]
        self._reasons.extend(header(dead_letter, "reason") for dead_letter in dead_letters)
        if followed.too_many_at is not None:
            raise self._too_many(records, dead_letters)

    def _too_many(self, records: Sequence[InputRecord], dead_letters: Sequence[Output]) -> WorkError:
        (reason, _), *_ = Counter(self._reasons).most_common(1)
        like = next((one for one in reversed(dead_letters) if header(one, "reason") == reason), dead_letters[-1])
        return WorkError(
            f"Too many dead letters: {self._recent.bit_count():,} of the last {self._cap.window:,} records of "
            f"{self._where}, and dead_letter_cap={self._cap.share:g} allows {self._cap.most:,}. Most are {reason} "
            f"({meaning(reason)}), such as offset {header(like, 'offset')}: {header(like, 'detail')}",
            f"The batch from offset {records[0].offset} on was not written, and is read again at the next start. If "
            "this worker or its settings are new, go back to those before; if a producer is, have it mended, and "
            "start with dead_letter_cap=1 to let what it sent become dead letters on purpose: `weir dead-letters "
            "replay` sends them again.",
        )


def _offset(record: InputRecord) -> int:
    return record.offset
