"""Records of a fetch as the stages take them, also those whose headers no client can read.

Kafka takes any bytes for the name of a header; clients decode it as UTF-8, and fail at other bytes again and again,
since the position can't pass the record. Such a record has no headers here, as in `weir.kafka.reader.headers_of`, so
that a replay of the log reads the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher  # type: ignore[import-untyped]  # it has no stubs
from aiokafka.consumer.fetcher import PartitionRecords  # type: ignore[import-untyped]  # likewise
from aiokafka.errors import CorruptRecordException  # type: ignore[import-untyped]  # likewise
from aiokafka.record.default_records import _DefaultRecordBatchPy  # type: ignore[import-untyped]  # likewise
from aiokafka.record.memory_records import MemoryRecords, _MemoryRecordsPy  # type: ignore[import-untyped]  # likewise

from streams.engine.fetched import FetchedRecord


class FetchedRecords(PartitionRecords):  # type: ignore[misc]  # aiokafka has no types
    """Records of a fetch: a third of the cost of aiokafka's own.

    If a header's name can't be read, the response is read again by aiokafka's slow parser, which is set to accept it.
    """

    def __init__(self, tp: Any, records: FetchResponse, aborted: Any, *others: Any) -> None:  # noqa: ANN401 -- aiokafka's
        super().__init__(tp, records, aborted, *others)
        self._answer = records
        self._aborted = aborted

    def _unpack_records(self) -> Iterator[FetchedRecord]:
        try:
            yield from super()._unpack_records()
        except (UnicodeDecodeError, CorruptRecordException) as error:
            if not isinstance(error, UnicodeDecodeError) and not isinstance(error.__cause__, UnicodeDecodeError):
                raise
            yield from self._unpack_again(self.next_fetch_offset)

    def _unpack_again(self, begin: int) -> Iterator[FetchedRecord]:
        """The whole response once more, from `begin` on, since earlier records say which transactions were aborted."""
        self._records = _BearingRecords(self._answer.data)
        self._aborted_transactions = sorted(self._aborted or (), key=lambda one: one[1])
        self._aborted_producers: set[int] = set()
        yield from (record for record in super()._unpack_records() if record.offset >= begin)

    def _consumer_record(self, tp: Any, record: Any) -> FetchedRecord:  # noqa: ANN401 -- aiokafka has no types
        headers = record.headers
        if headers and any(type(name) is _Unreadable for name, _ in headers):
            headers = ()
        return FetchedRecord(tp.topic, tp.partition, record.offset, record.timestamp, record.key, record.value, headers)


class FetchResponse:
    """aiokafka's parser of a broker's answer, which keeps the bytes to itself, with the bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        records = MemoryRecords(data)
        self.has_next, self.next_batch, self.size_in_bytes = records.has_next, records.next_batch, records.size_in_bytes


class _Unreadable(str):
    """Stands for a name that is no UTF-8."""

    __slots__ = ()


class _BearingBytes(bytearray):
    """Bytes whose slices can always be decoded."""

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401 -- a number for an index, bytes for a slice
        found = super().__getitem__(index)
        return found if isinstance(index, int) else _BearingBytes(found)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The text, or a placeholder if the bytes are not valid in the encoding."""
        try:
            return super().decode(encoding, errors)
        except UnicodeDecodeError:
            return _Unreadable()


class _BearingBatch(_DefaultRecordBatchPy):  # type: ignore[misc]  # aiokafka has no types
    """A batch of records whose headers may have any bytes as names."""

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer: _BearingBytes = _BearingBytes(self._buffer)


class _BearingRecords(_MemoryRecordsPy):  # type: ignore[misc]  # likewise
    """Batches of a broker's answer; records have had headers since the format of the ones taken here."""

    def next_batch(self) -> Any:  # noqa: ANN401 -- likewise
        data = self._next_slice
        batch = super().next_batch()
        return _BearingBatch(data) if isinstance(batch.magic, int) and batch.magic >= _WITH_HEADERS else batch


_WITH_HEADERS = 2

fetcher.PartitionRecords = FetchedRecords
fetcher.MemoryRecords = FetchResponse
