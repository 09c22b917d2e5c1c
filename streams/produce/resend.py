"""Sends events of dead letters again. A note in the same transaction prevents that they are sent twice."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from streams.decode import Refused
from streams.engine.transaction import BrokenTransactionError
from streams.produce.dead_letters import DeadLetterFilter, dead_letter_ends, dead_letters, is_event, replayed
from streams.produce.ledger import DeadLetterPosition, Notes, ReplayLedger, read_notes
from streams.produce.pace import Pace
from weir.errors import FencedError, WorkError
from weir.kafka.records import LogRecord, Output, PartitionId
from weir.settings import Settings

Advance = Callable[[float], None]

CHUNK_RECORDS = 1_000
CHUNK_BYTES = 8 * 1024 * 1024
_ATTEMPTS = 5
_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class ResendRequest:
    """Which dead letters to send again, and how fast."""

    wanted: DeadLetterFilter = field(default_factory=DeadLetterFilter)
    again: bool = False
    """Whether dead letters that were sent before are sent once more."""
    at_most: int | None = None
    rate: float | None = None
    """Records a second, at most."""


@dataclass(slots=True)
class ReplayPlan:
    """Numbers of dead letters that a replay would send and leave out."""

    until: Mapping[PartitionId, int]
    """End offsets of the dead letters' topic at the time of the plan; the replay leaves out later dead letters."""
    to_send: int = 0
    sent_before: int = 0
    of_other_topics: int = 0
    """Dead letters of records between stages, which are not events."""
    refused: Counter[str] = field(default_factory=Counter)
    """Number of records that would become dead letters again, by reason."""

    def summary(self, sent: int) -> dict[str, object]:
        """The plan and the number of sent dead letters, for JSON output and the log of decisions."""
        return {
            "sent": sent,
            "would_send": self.to_send,
            "sent_before": self.sent_before,
            "still_refused": dict(self.refused),
            "of_other_topics": self.of_other_topics,
        }


def plan(settings: Settings, request: ResendRequest, advance: Advance = lambda _: None) -> ReplayPlan:
    """Plans a replay: reads all dead letters, and sends nothing.

    Raises:
        ClusterError: The cluster can't be reached, or lacks a topic.
    """
    notes = read_notes(settings)
    planned = ReplayPlan(dead_letter_ends(settings))
    for record in dead_letters(settings, request.wanted, planned.until):
        advance(1)
        _count(settings, record, planned, was_sent=not request.again and (record.partition, record.offset) in notes)
    if request.at_most is not None:
        planned.to_send = min(planned.to_send, request.at_most)
    return planned


def _count(settings: Settings, record: LogRecord, planned: ReplayPlan, *, was_sent: bool) -> None:
    if not is_event(settings, record):
        planned.of_other_topics += 1
    elif was_sent:
        planned.sent_before += 1
    elif isinstance(result := replayed(settings, record), Refused):
        planned.refused[result.reason.value] += 1
    else:
        planned.to_send += 1


class DeadLetterResend:
    """One replay of dead letters.

    Args:
        settings: The settings in force.
        request: Which dead letters to send.
        planned: The plan.
        advance: Called with the number of dead letters sent since the last call.
    """

    def __init__(
        self, settings: Settings, request: ResendRequest, planned: ReplayPlan, advance: Advance = lambda _: None
    ) -> None:
        self._settings = settings
        self._request = request
        self._until = planned.until
        self._advance = advance
        self._run = uuid.uuid4().hex
        self._pace = Pace(request.rate)
        self.sent = 0
        """Number of dead letters that this replay has sent and noted."""

    def run(self) -> int:
        """Sends all dead letters of the plan; returns their number.

        If the brokers refuse a transaction or its outcome is unknown, then the ledger is read again, and dead letters
        without a note are sent again.

        Raises:
            FencedError: Another replay has taken over.
            WeirError: The brokers refused several times, or did not answer. Dead letters that were sent are noted.
        """
        attempts, sent = 0, -1
        while True:
            attempts, sent = (attempts + 1, sent) if self.sent == sent else (1, self.sent)
            try:
                self._send_all()
            except BrokenTransactionError as error:
                if attempts == _ATTEMPTS:
                    raise WorkError(
                        f"Kafka refused a transaction {_ATTEMPTS} times: {error}. "
                        f"{self.sent:,} dead letters were sent before.",
                        "Run the command again to send the rest.",
                    ) from error
                time.sleep(_RETRY_S)
            except FencedError as error:
                raise FencedError(
                    "Another replay of dead letters has taken over, or this one was paused for too long. "
                    f"It has sent {self.sent:,} dead letters.",
                    "Run the command again when the other replay has ended; it leaves out dead letters that were sent.",
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

    def _chunks(self, notes: Notes) -> Iterator[list[tuple[DeadLetterPosition, Output]]]:
        """Dead letters that are still to be sent, in chunks that fit into a transaction."""
        left = self._request.at_most - self.sent if self._request.at_most is not None else None
        most = self._pace.chunk(CHUNK_RECORDS)
        chunk: list[tuple[DeadLetterPosition, Output]] = []
        size = 0
        for position, output in self._outputs(notes):
            if left is not None and left <= 0:
                break
            left = None if left is None else left - 1
            chunk.append((position, output))
            size += len(output.value or b"")
            if len(chunk) == most or size > CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
        if chunk:
            yield chunk

    def _outputs(self, notes: Notes) -> Iterator[tuple[DeadLetterPosition, Output]]:
        for record in dead_letters(self._settings, self._request.wanted, self._until):
            position = (record.partition, record.offset)
            note = notes.get(position)
            if note is not None and (not self._request.again or note.run == self._run):
                continue
            if is_event(self._settings, record) and isinstance(result := replayed(self._settings, record), Output):
                yield position, result
