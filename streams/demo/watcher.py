"""Reads sessions and flags like an application: with `read_committed`, and only from public topics."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from streams.demo.results import Results
from weir.contracts import Flag, Session
from weir.contracts.fast import decoder
from weir.kafka.consumer import BEGINNING, assign, consumer_without_group
from weir.settings import Settings
from weir.topics import FLAGS, SESSIONS

_AT_ONCE = 2_000
_decode_flag = decoder(Flag)
_decode_session = decoder(Session)


class Watcher:
    """Adds new records to the results on request. A context manager."""

    def __init__(self, settings: Settings, results: Results) -> None:
        self.results = results
        self._flags = settings.names.public(FLAGS)
        self._consumer = consumer_without_group(settings)
        partitions = [
            (settings.names.public(topic), partition)
            for topic in (FLAGS, SESSIONS)
            for partition in range(topic.partitions(settings.partitions))
        ]
        assign(self._consumer, dict.fromkeys(partitions, BEGINNING))

    def poll(self, timeout_s: float = 0.0) -> int:
        """Reads the records that have arrived; returns their number."""
        taken = 0
        for message in self._consumer.consume(_AT_ONCE, timeout_s):
            value = message.value()
            if message.error() is not None or value is None:
                continue
            taken += 1
            if message.topic() == self._flags:
                self.results.take_flag(_decode_flag(value))
            else:
                self.results.take_session(_decode_session(value))
        return taken

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()
