"""Figures that take too long for a request: computed on one thread, once for all requests, and kept for a while."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

T = TypeVar("T")
KEPT_S = 60.0
PATIENCE_S = 1.5
"""Longest time that a request waits for a figure that is not computed yet."""
MOST_KEPT = 16
log = logging.getLogger("weir.console")


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """A value, with when it was computed."""

    value: T
    at_s: float


class Computed:
    """Computes one thing at a time; any thread may ask.

    Args:
        patience_s: how long a request waits for what is not there yet.
        kept_s: after so long it is computed anew; until then callers get the earlier value.
    """

    def __init__(self, patience_s: float = PATIENCE_S, kept_s: float = KEPT_S) -> None:
        self._patience_s = patience_s
        self._kept_s = kept_s
        self._kept: dict[Hashable, Kept[object]] = {}
        self._failed: dict[Hashable, Exception] = {}
        self._running: Hashable | None = None
        self._changed = threading.Condition()

    def get(self, key: Hashable, now_s: float, prepare: Callable[[], Callable[[], T]]) -> Kept[T] | None:
        """What is kept under a key, computed where it is missing or old.

        Args:
            key: names the value, and all that it depends on but the store.
            now_s: the console's clock.
            prepare: called on this thread; gives what is called on the other one. What reads the store belongs here,
                since connections are their thread's own.

        Returns:
            None: it is not there yet; ask again. A value that is being computed anew may be older than it should.
        """
        deadline = time.monotonic() + self._patience_s
        while True:
            with self._changed:
                failed = self._failed.pop(key, None)
                if failed is not None:
                    raise failed
                found = self._kept.get(key)
                is_fresh = found is not None and 0 <= now_s - found.at_s < self._kept_s
                left_s = deadline - time.monotonic()
                if is_fresh or (left_s <= 0 and self._running is not None):
                    return cast("Kept[T] | None", found)
                if self._running is not None:
                    self._changed.wait(left_s)
                    continue
                self._running = key
            self._start(key, now_s, prepare)

    def _start(self, key: Hashable, now_s: float, prepare: Callable[[], Callable[[], object]]) -> None:
        try:
            compute = prepare()
        except BaseException:
            with self._changed:
                self._running = None
                self._changed.notify_all()
            raise
        name = "weir-console-figures"
        threading.Thread(target=self._run, args=(key, now_s, compute), name=name, daemon=True).start()

    def _run(self, key: Hashable, now_s: float, compute: Callable[[], object]) -> None:
        value: object = None
        failed: Exception | None = None
        try:
            value = compute()
        except Exception as error:  # the caller gets it
            log.warning("figures could not be computed", exc_info=error)
            failed = error
        with self._changed:
            self._running = None
            if failed is not None:
                self._failed[key] = failed
            else:
                self._kept.pop(key, None)
                self._kept[key] = Kept(value, now_s)
            for held in (self._kept, self._failed):
                while len(held) > MOST_KEPT:
                    del held[next(iter(held))]
            self._changed.notify_all()
