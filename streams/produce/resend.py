"""Sends dead letters' events again, each once: what was sent is noted with it, and is not sent by the next replay."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from streams.decode import Refused
from streams.engine.transaction import BrokenTransactionError
from streams.produce.ledger import Letter, Notes, ReplayLedger, read_notes
from streams.produce.letters import Wanted, ends_of_letters, is_event, letters, replayed
from streams.produce.pace import Pace
from weir.errors import FencedError, WorkError
from weir.kafka.records import LogRecord, Output, PartitionId
from weir.settings import Settings

Advance = Callable[[float], None]

CHUNK_RECORDS = 1_000
CHUNK_BYTES = 8 * 1024 * 1024
_TRIES = 5
_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be sent again."""

    wanted: Wanted = field(default_factory=Wanted)
    again: bool = False
    """Also what was sent before."""
    at_most: int | None = None
    rate: float | None = None
    """Records a second, at most."""


@dataclass(slots=True)
class ReplayPlan:
    """What a replay would do with the letters that are there now."""

    until: Mapping[PartitionId, int]
    """Where the partitions of the dead letters ended: later ones are not for this replay."""
    to_send: int = 0
    sent_before: int = 0
    of_other_topics: int = 0
    """No events: letters of records between stages."""
    refused: Counter[str] = field(default_factory=Counter)
    """Would only become dead letters again, by reason."""

    def told(self, sent: int) -> dict[str, object]:
        """What the replay would do, and how many letters it has sent, for programs and for the log of decisions."""
        return {
            "sent": sent,
            "would_send": self.to_send,
            "sent_before": self.sent_before,
            "still_refused": dict(self.refused),
            "of_other_topics": self.of_other_topics,
        }


def plan(settings: Settings, wish: Wish, advance: Advance = lambda _: None) -> ReplayPlan:
    """Looks at every letter, and sends nothing.

    Raises:
        ClusterError: the cluster is not there, or lacks a topic.
    """
    notes = read_notes(settings)
    planned = ReplayPlan(ends_of_letters(settings))
    for record in letters(settings, wish.wanted, planned.until):
        advance(1)
        _count(settings, record, planned, was_sent=not wish.again and (record.partition, record.offset) in notes)
    if wish.at_most is not None:
        planned.to_send = min(planned.to_send, wish.at_most)
    return planned


def _count(settings: Settings, record: LogRecord, planned: ReplayPlan, *, was_sent: bool) -> None:
    if not is_event(settings, record):
        planned.of_other_topics += 1
    elif was_sent:
        planned.sent_before += 1
    elif isinstance(again := replayed(settings, record), Refused):
        planned.refused[again.reason.value] += 1
    else:
        planned.to_send += 1


class Resending:
    """One replay, from taking over to its last letter.

    Args:
        settings: the settings in force.
        wish: what to send.
        planned: what `plan` said of it.
        advance: told of letters that were sent.
    """

    def __init__(self, settings: Settings, wish: Wish, planned: ReplayPlan, advance: Advance = lambda _: None) -> None:
        self._settings = settings
        self._wish = wish
        self._until = planned.until
        self._advance = advance
        self._run = uuid.uuid4().hex
        self._pace = Pace(wish.rate)
        self.sent = 0
        """Letters sent and noted by this replay."""

    def run(self) -> int:
        """Sends everything; how many letters that were.

        What the brokers refuse, or leave in doubt, is looked up in the ledger and sent again if it must be.

        Raises:
            FencedError: another replay has taken over.
            WeirError: the brokers refused for good, or gave no answer; what was sent is noted.
        """
        tries, sent = 0, -1
        while True:
            tries, sent = (tries + 1, sent) if self.sent == sent else (1, self.sent)
            try:
                self._send_all()
            except BrokenTransactionError as error:
                if tries == _TRIES:
                    raise WorkError(
                        f"Kafka refused what was to be sent: {error}.",
                        f"{self.sent:,} letters were sent before; call it again to go on.",
                    ) from error
                time.sleep(_AGAIN_S)
            except FencedError as error:
                raise FencedError(
                    "Another replay of dead letters has taken over, or this one was paused for too long.",
                    f"It sent {self.sent:,} letters, which the other one, or the next, leaves out.",
                ) from error
            else:
                return self.sent

    def _send_all(self) -> None:
        ledger = ReplayLedger(self._settings)
        try:
            ledger.take_over()
            self._count_sent(sum(note.run == self._run for note in ledger.notes.values()))
            for chunk in self._chunks(ledger.notes):
                self._pace.wait(len(chunk))
                ledger.send(chunk, self._run)
                self._count_sent(self.sent + len(chunk))
        finally:
            ledger.close()

    def _count_sent(self, sent: int) -> None:
        self._advance(sent - self.sent)
        self.sent = sent

    def _chunks(self, notes: Notes) -> Iterator[list[tuple[Letter, Output]]]:
        """What is still to be sent, in pieces that fit a transaction."""
        left = self._wish.at_most - self.sent if self._wish.at_most is not None else None
        most = self._pace.chunk(CHUNK_RECORDS)
        chunk: list[tuple[Letter, Output]] = []
        size = 0
        for letter, output in self._outputs(notes):
            if left is not None and left <= 0:
                break
            left = None if left is None else left - 1
            chunk.append((letter, output))
            size += len(output.value or b"")
            if len(chunk) == most or size > CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
        if chunk:
            yield chunk

    def _outputs(self, notes: Notes) -> Iterator[tuple[Letter, Output]]:
        for record in letters(self._settings, self._wish.wanted, self._until):
            letter = (record.partition, record.offset)
            note = notes.get(letter)
            if note is not None and (not self._wish.again or note.run == self._run):
                continue
            if is_event(self._settings, record) and isinstance(again := replayed(self._settings, record), Output):
                yield letter, again
