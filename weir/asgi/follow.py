"""Follows limits and flags on a thread of its own, for as long as the web server runs."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType
from typing import Self

import msgspec

from weir.asgi.standing import Standing
from weir.contracts import Flag, Limit
from weir.contracts.fast import decoder
from weir.errors import WeirError
from weir.log_reader import LogReader, LogRecord
from weir.settings import Settings
from weir.topics import FLAGS, LIMITS

log = logging.getLogger("weir.asgi")
AGAIN_S = 5.0
"""Until the next try when the cluster is away."""
FLAGS_S = 3_600.0
"""How old flags are read at the start."""
_limit = decoder(Limit)
_flag = decoder(Flag)


class Follower:
    """Tells a standing what comes; a context manager. Its errors are logged and tried again: it never ends by itself.

    While the settings have rate limits in shadow, it tells of no limits.

    Args:
        settings: Where the cluster is, and the topics' prefix.
        standing: Who is told.
    """

    def __init__(self, settings: Settings, standing: Standing) -> None:
        self._settings = settings
        self._standing = standing
        self._closing = threading.Event()
        self._at_end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="weir-asgi", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._thread.join(10.0)

    def wait(self, timeout_s: float) -> bool:
        """Waits until everything that was there is known; whether it is."""
        return self._at_end.wait(timeout_s)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._follow()
            except WeirError as error:
                log.warning("limits and flags can't be read: %s", error.message)
                self._closing.wait(AGAIN_S)

    def _follow(self) -> None:
        limits, flags = self._settings.names.public(LIMITS), self._settings.names.public(FLAGS)
        with LogReader(self._settings, [limits, flags]) as reader:
            begin = {place: span.first for place, span in reader.spans().items()}
            begin |= {
                place: offset
                for place, offset in reader.since(round((time.time() - FLAGS_S) * 1_000)).items()
                if place[0] == flags
            }
            for record in reader.follow(begin, on_idle=self._at_end.set, is_over=self._closing.is_set):
                self._take(record, is_limit=record.topic == limits)

    def _take(self, record: LogRecord, *, is_limit: bool) -> None:
        if record.value is None or (is_limit and "rate_limit" in self._settings.shadow):
            return
        told_s = record.timestamp / 1_000
        try:
            if is_limit:
                self._standing.take_limit(_limit(record.value), told_s)
            else:
                self._standing.take_flag(_flag(record.value), told_s)
        except (msgspec.DecodeError, UnicodeDecodeError):
            log.warning("passed over %s-%d@%d: not readable", record.topic, record.partition, record.offset)
