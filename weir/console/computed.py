"""Computes figures that take too long for a request: on one thread, once for all requests, and kept for a while."""

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
    """A value with the time of its computation."""

    value: T
    at_s: float


class Computed:
    """Computes one value at a time; any thread may call it.

    Args:
        patience_s: how long a request waits for a new value.
        kept_s: age after which a value is computed again; until then callers get the earlier value.
    """

    def __init__(self, patience_s: float = PATIENCE_S, kept_s: float = KEPT_S) -> None:
        self._patience_s = patience_s
        self._kept_s = kept_s
        self._kept: dict[Hashable, Kept[object]] = {}
        self._failed: dict[Hashable, Exception] = {}
        self._running: Hashable | None = None
        self._changed = threading.Condition()

    def get(self, key: Hashable, now_s: float, prepare: Callable[[], Callable[[], T]]) -> Kept[T] | None:
        """The value of a key, computed if it is missing or old.

        Args:
            key: identifies the value by everything except the store that it depends on.
            now_s: the console's clock.
            prepare: called on this thread; returns a function that is called on the other thread. It must do all
                reading of the store, since each thread has its own connection.

        Returns:
            The value, which may be old while it is computed again; None while there is no value.
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
        except Exception as error:  # raised again in the caller
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
