"""Where a record belongs: murmur2 of its key, and the header of an event that was sent there by Weir.

Silences: the header `weir-rekeyed` is JSON with `partition`, `offset` and `timestamp` of the first arrival; one that is
not such an object is a stranger's and says nothing. The clamp takes the earlier of the two arrivals.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from tests.chaos.oracle.records import Record

REKEYED = "weir-rekeyed"
WATERMARK = "weir-watermark"
_MASK = 0xFFFF_FFFF
_MULTIPLIER = 0x5BD1_E995


class Arrival(NamedTuple):
    """Where and when an event came in first."""

    partition: int
    offset: int
    timestamp: int


def partition_of(key: bytes, partitions: int) -> int:
    """The partition that Java's clients give a key: MurmurHash2 with Kafka's seed, its sign bit cleared."""
    mixed = 0x9747_B28C ^ len(key)
    blocks, tail = divmod(len(key), 4)
    for at in range(0, blocks * 4, 4):
        block = int.from_bytes(key[at : at + 4], "little") * _MULTIPLIER & _MASK
        block = (block ^ block >> 24) * _MULTIPLIER & _MASK
        mixed = mixed * _MULTIPLIER & _MASK ^ block
    if tail:
        mixed = (mixed ^ int.from_bytes(key[-tail:], "little")) * _MULTIPLIER & _MASK
    mixed = (mixed ^ mixed >> 13) * _MULTIPLIER & _MASK
    return ((mixed ^ mixed >> 15) & 0x7FFF_FFFF) % partitions


def is_in_place(record: Record, visitor: str, partitions: int) -> bool:
    """Whether key and partition are the visitor's."""
    key = visitor.encode()
    return record.key == key and record.partition == partition_of(key, partitions)


def first_arrival(record: Record) -> Arrival | None:
    """What the header of a re-keyed event says; None if it was not re-keyed."""
    for name, value in record.headers:
        if name == REKEYED:
            return _read(value)
    return None


def _read(value: bytes) -> Arrival | None:
    try:
        sent = json.loads(value)
        figures = [sent[name] for name in Arrival._fields]
    except (ValueError, TypeError, KeyError):
        return None
    if not all(isinstance(figure, int) and not isinstance(figure, bool) for figure in figures):
        return None
    return Arrival(*figures)
