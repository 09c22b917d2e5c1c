"""Computes a key's partition by murmur2, as Kafka's Java clients and Kafka Streams do.

librdkafka's default is another hash, which gave the same partition for one key in five. Weir's producers therefore
set `partitioner=murmur2_random`. Reference: `org.apache.kafka.common.utils.Utils.murmur2` (Apache Kafka).
"""

from __future__ import annotations

from struct import Struct

_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF
_WORDS = tuple(Struct(f"<{words}I").unpack_from for words in range(129))
"""Unpackers of 0, 1, … little-endian words: identifiers have 512 characters at most, most of them one byte each."""


def murmur2(data: bytes) -> int:
    """The unsigned 32-bit murmur2 of `data`, with Kafka's seed."""
    length = len(data)
    words = length >> 2
    read = _WORDS[words] if words < len(_WORDS) else Struct(f"<{words}I").unpack_from
    h = _SEED ^ length
    for k in read(data):
        k = k * _M & _MASK  # noqa: PLW2901 -- the reference's own names
        h = (h * _M & _MASK) ^ ((k ^ (k >> 24)) * _M & _MASK)
    rest = data[words << 2 :]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * _M & _MASK
    h = (h ^ (h >> 13)) * _M & _MASK
    return h ^ (h >> 15)


def partition_for(key: bytes, partitions: int) -> int:
    """The partition that a record with this key belongs to."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
