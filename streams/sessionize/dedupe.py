"""Tells an event that was sent twice: by visitor, event id and content, within the visitor's open sessions.

Fingerprints live as long as the session that their event is in; a split's successor takes over those of the part
that was closed. What is remembered is the newest of a visitor's, so a bot's memory is bounded too.
"""

from __future__ import annotations

from itertools import islice

import msgspec
from xxhash import xxh3_64_intdigest

from streams.sessionize.open_session import VisitorState
from weir.contracts.fast import FastEvent

_encode = msgspec.msgpack.Encoder().encode


def fingerprint(event: FastEvent) -> int:
    """A 64-bit hash of the event's id and of what it says, its time left out.

    The parts are packed with their lengths, so that no content can look like another's id.
    """
    return xxh3_64_intdigest(
        _encode(
            (
                event.event_id,
                event.type,
                event.url,
                event.item_id,
                event.value,
                event.query,
                event.title,
                event.text,
            )
        )
    )


def forget_oldest(visitor: VisitorState, most: int) -> None:
    """Keeps the newest `most` fingerprints."""
    seen = visitor.seen
    oldest = list(islice(seen, len(seen) - most))
    for print_ in oldest:
        del seen[print_]
    # Deleted entries are skipped one by one until the dictionary is built anew: now and then is often enough.
    if oldest and oldest[0] & 1_023 == 0:
        visitor.seen = dict(seen)


def hand_over(visitor: VisitorState, number: int, successor: int) -> None:
    """Gives the fingerprints of session `number` to another of the visitor's sessions."""
    for print_, owner in visitor.seen.items():
        if owner == number:
            visitor.seen[print_] = successor


def forget(visitor: VisitorState, number: int) -> None:
    """Drops the fingerprints of a session that closed."""
    visitor.seen = {print_: owner for print_, owner in visitor.seen.items() if owner != number}
