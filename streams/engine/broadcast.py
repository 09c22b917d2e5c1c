"""Follows a compacted topic that every worker needs whole: models, rules, address sums. No group, no offsets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack

from streams.engine.cluster import Observer
from streams.engine.fetched import Where
from streams.engine.reader import PartitionReader
from streams.engine.task import PlainRecord
from weir.errors import WorkError
from weir.settings import Settings

Take = Callable[[bytes, bytes | None], None]
_CHUNK = 1_000
_READ_S = 0.2


class Follower:
    """Reads the topic from its beginning, and goes on reading until it is closed.

    Args:
        settings: the settings in force.
        topic: full name.
        take: called with key and value of every committed record, one after another, on a thread of the follower's
            own: it must leave what other threads read in one piece at any time.
        on_error: called once, with what ended it.
    """

    def __init__(self, settings: Settings, topic: str, take: Take, on_error: Callable[[Exception], None]) -> None:
        self._settings = settings
        self._topic = topic
        self._take = take
        self._on_error = on_error
        self._closing = threading.Event()
        self._at_end = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"weir-follow-{topic}", daemon=True)

    def start(self) -> None:
        """Begins to read."""
        self._thread.start()

    @property
    def is_at_end(self) -> bool:
        """Whether everything that was there at the start has been taken."""
        return self._at_end.is_set()

    def wait(self, timeout_s: float) -> None:
        """Waits until it has come to the end once.

        Raises:
            WorkError: it has not, in that time.
        """
        if not self._at_end.wait(timeout_s):
            raise WorkError(
                f"{self._topic} could not be read to its end within {timeout_s:g} s.",
                "Check the brokers and the access rights.",
            )

    def close(self) -> None:
        """Ends the reading and waits for it."""
        self._closing.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        try:
            self._follow(Observer(self._settings).partitions([self._topic]))
        except Exception as error:  # noqa: BLE001 -- it belongs to whoever started the follower
            self._on_error(error)

    def _follow(self, partitions: Iterable[Where]) -> None:
        with ExitStack() as stack:
            readers = [
                stack.enter_context(PartitionReader(self._settings, topic, number)) for topic, number in partitions
            ]
            unfinished = set(readers)
            while not self._closing.is_set():
                for reader in readers:
                    chunk = reader.read(_CHUNK, _READ_S)
                    self._offer(chunk.records)
                    if chunk.end is not None:
                        unfinished.discard(reader)
                if not unfinished:
                    self._at_end.set()

    def _offer(self, records: list[PlainRecord]) -> None:
        for record in records:
            self._take(record.key or b"", record.value)


def wait_for_all(followers: list[Follower], timeout_s: float) -> None:
    """Waits until each has come to the end of its topic once.

    Raises:
        WorkError: one has not, in that time.
    """
    deadline = time.monotonic() + timeout_s
    for follower in followers:
        follower.wait(max(0.0, deadline - time.monotonic()))
