from __future__ import annotations

import pytest
from aiokafka.partitioner import murmur2 as signed_murmur2_of_aiokafka  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from weir.partitioner import murmur2, partition_for


@pytest.mark.parametrize(
    ("key", "signed"),
    [
        # From Apache Kafka's own UtilsTest.
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_hash_is_the_one_of_java_clients(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed & 0xFFFFFFFF


@given(st.binary(max_size=70))
def test_any_key_hashes_as_in_another_implementation(key: bytes) -> None:
    assert murmur2(key) == signed_murmur2_of_aiokafka(key) & 0xFFFFFFFF


@given(st.binary(max_size=40), st.integers(1, 1_000))
def test_a_key_belongs_to_one_of_the_partitions(key: bytes, partitions: int) -> None:
    assert 0 <= partition_for(key, partitions) < partitions
