"""Follows topics on a separate thread: committed records, without a group, from chosen offsets until it is closed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self

from weir.errors import WorkError
from weir.kafka.reader import LogReader
from weir.kafka.records import LogRecord, PartitionId
from weir.settings import Settings

Begin = Callable[[LogReader], Mapping[PartitionId, int]]
"""Chooses the offsets to begin at."""


def from_beginning(reader: LogReader) -> Mapping[PartitionId, int]:
    """The first offset of every partition."""
    return {partition: offsets.start for partition, offsets in reader.ranges().items()}


class TopicFollower:
    """Reads topics to their end and continues with new records; a context manager, or `start` and `close`.

    Args:
        settings: addresses of the brokers.
        topics: full names.
        take: called with every record, one after another, on the follower's thread. Data that it shares with other
            threads must be consistent at any time.
        on_error: called with each error, on the follower's thread.
        begin: chooses the offsets to begin at; the first offset of every partition unless given.
        retry_after_s: how long after an error the follower begins again; None: the first error ends it.
    """

    def __init__(  # noqa: PLR0913 -- two of them have a default that most users want
        self,
        settings: Settings,
        topics: Sequence[str],
        take: Callable[[LogRecord], None],
        on_error: Callable[[Exception], None],
        *,
        begin: Begin = from_beginning,
        retry_after_s: float | None = None,
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._take = take
        self._on_error = on_error
        self._begin = begin
        self._retry_after_s = retry_after_s
        self._closing = threading.Event()
        self._at_end = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"weir-follow-{','.join(topics)}", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def topics(self) -> Sequence[str]:
        """Full names of the topics that it follows."""
        return self._topics

    def start(self) -> None:
        """Begins to read."""
        self._thread.start()

    def wait(self, timeout_s: float) -> bool:
        """Waits until every record that existed at the start was taken; returns whether this happened in time."""
        return self._at_end.wait(timeout_s)

    def close(self) -> None:
        """Ends the reading, and waits for the thread."""
        self._closing.set()
        self._thread.join(10.0)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                with LogReader(self._settings, self._topics) as reader:
                    begin = self._begin(reader)
                    for record in reader.follow(begin, on_end=self._at_end.set, is_over=self._closing.is_set):
                        self._take(record)
            except Exception as error:  # noqa: BLE001 -- the follower's owner handles the error
                self._on_error(error)
                if self._retry_after_s is None:
                    return
                self._closing.wait(self._retry_after_s)


def wait_for_all(followers: Iterable[TopicFollower], timeout_s: float) -> None:
    """Waits until each follower has read its topics to their end once.

    Raises:
        WorkError: a follower has not, in that time.
    """
    deadline = time.monotonic() + timeout_s
    for follower in followers:
        if not follower.wait(max(0.0, deadline - time.monotonic())):
            raise WorkError(
                f"{', '.join(follower.topics)} could not be read to its end within {timeout_s:g} s.",
                "Check the brokers and the access rights.",
            )
