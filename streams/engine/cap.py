"""A cap on dead letters: a worker stops when too many of a partition's newest records became dead letters.

    input      . . x . . . . x x x x x x x x x │x  . . x x x
               └──── newest `window` records ──┘└ the dead letter that is one too many: its batch isn't written

The newest records of a partition are kept as bits with its position, in the same transaction. So the record at which a
worker stops depends on the log alone, and not on the ends of batches or on restarts, each of which would otherwise let
the worker drain a bit more of the topic.
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
        """Whether there is no cap. Then no dead letters are remembered, so that drained ones never count later."""
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
    """Adds so many `records`, of which those at the rising indices `dead` became dead letters."""
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
        cap: the bound.
        where: description of the partition for messages.
        kept: the value of `kept` at the position from which on the watch counts.
    """

    def __init__(self, cap: Cap, where: str, kept: str = "") -> None:
        self._cap = cap
        self._where = where
        self._recent = follow(int(kept or "0", 16), 0, (), cap).recent
        self._reasons: deque[str] = deque(maxlen=cap.most + 1)

    @property
    def kept(self) -> str:
        """The state of the watch as a hexadecimal number; empty without a recent dead letter."""
        return f"{self._recent:x}" if self._recent else ""

    @property
    def share(self) -> float:
        """Share of dead letters in the window."""
        return self._recent.bit_count() / self._cap.window

    def take(self, records: Sequence[InputRecord], outputs: Iterable[Output]) -> None:
        """Counts the dead letters of a batch, before its outputs are written.

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
            "start with dead_letter_cap=1 to let its records become dead letters on purpose: `weir dead-letters "
            "replay` sends them again.",
        )


def _offset(record: InputRecord) -> int:
    return record.offset
