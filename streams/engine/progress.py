"""How far a partition of a stage has come, as it is kept in the stage's state topic."""

from __future__ import annotations

import msgspec

from weir.errors import WorkError

MARKER_KEY = b"m"
"""Key of the record that recovery writes, and then reads up to."""
PROGRESS_KEY = b"p"
"""Key of the record that each flush writes."""
ENGINE_KEYS = frozenset({MARKER_KEY[0], PROGRESS_KEY[0]})
"""First bytes that belong to the engine: no task may begin a state key with one of them."""


class InputPosition(msgspec.Struct, frozen=True):
    """Positions in one input topic's partition."""

    topic_id: str
    """Kafka's id of the topic: another one under the same name is another log."""
    next: int
    """Position behind everything whose outputs are published."""
    checkpoint: int
    """Position up to which the state entries contain the input; recovery replays the input from there to `next`."""
    letters: str = ""
    """Which of the newest records before `next` became dead letters, as `DeadLetterWatch.kept` gives it."""


class Progress(msgspec.Struct, frozen=True):
    """Written in the same transaction as the outputs that it accounts for."""

    inputs: dict[str, InputPosition]
    """By full topic name."""
    task: bytes = b""
    """What `Task.progress` returned at `next`."""
    flush: int = 0
    """How many flushes there were, this one included: their outputs bear the number."""

    @property
    def has_tail(self) -> bool:
        """Whether recovery must replay input."""
        return any(position.checkpoint < position.next for position in self.inputs.values())


def encode(progress: Progress) -> bytes:
    """JSON, so that a person can read it with any consumer."""
    return msgspec.json.encode(progress)


_decode = msgspec.json.Decoder(Progress).decode


def decode(value: bytes) -> Progress:
    """The reverse of `encode`.

    Raises:
        WorkError: not a progress record.
    """
    try:
        return _decode(value)
    except msgspec.DecodeError as error:
        raise WorkError(
            f"A progress record of the state topic can't be read: {error}.",
            "Was another application writing to it, or an older worker started again?",
        ) from error
