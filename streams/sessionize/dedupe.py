"""Detects an event that was sent twice, by visitor, event id and content, within the visitor's open sessions.

A fingerprint is stored until the session of its event closes. When a session is split, its successor takes over the
fingerprints. Only the newest `max_fingerprints` of a visitor are stored, which bounds the state.
"""

from __future__ import annotations

from itertools import islice

import msgspec
from xxhash import xxh3_64_intdigest

from streams.sessionize.open_session import VisitorState
from weir.contracts.fast import FastEvent

_encode = msgspec.msgpack.Encoder().encode


def fingerprint(event: FastEvent) -> int:
    """A 64-bit hash of the event's id and content, without its time.

    The fields are packed with their lengths, so that different fields never give the same bytes.
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
    # CPython's dictionary skips deleted entries one by one until it is built anew. One in 1024 calls, chosen by the
    # fingerprint's bits, does that, so that it is deterministic.
    if oldest and oldest[0] & 1_023 == 0:
        visitor.seen = dict(seen)


def hand_over(visitor: VisitorState, number: int, successor: int) -> None:
    """Assigns the fingerprints of session `number` to the visitor's session `successor`."""
    for print_, owner in visitor.seen.items():
        if owner == number:
            visitor.seen[print_] = successor


def forget(visitor: VisitorState, number: int) -> None:
    """Drops the fingerprints of a session that closed."""
    visitor.seen = {print_: owner for print_, owner in visitor.seen.items() if owner != number}
