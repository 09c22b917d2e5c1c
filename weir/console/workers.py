"""Reads outcomes of events, lag and recovery from workers' web servers, for the pages that show them."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from prometheus_client.parser import text_string_to_metric_families

EVERY_S = 2.0
TIMEOUT_S = 2.0
RATE_S = 20.0
"""Seconds over which rates are computed."""
Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """The last response of a worker."""

    address: str
    is_up: bool
    is_ready: bool = False
    status: Mapping[str, Any] = field(default_factory=dict)
    series: Series = field(default_factory=dict)


class WorkerWatch:
    """Queries workers every few seconds on a separate thread; a context manager.

    Args:
        addresses: of workers' web servers, such as `http://127.0.0.1:6066`.
    """

    def __init__(self, addresses: Sequence[str]) -> None:
        self.addresses = tuple(address.rstrip("/") for address in addresses)
        self._seen: dict[str, WorkerSeen] = {}
        self._outcomes: deque[tuple[float, dict[str, float]]] = deque(maxlen=int(RATE_S / EVERY_S) + 1)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="weir-console-workers", daemon=True)

    def __enter__(self) -> Self:
        if self.addresses:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(TIMEOUT_S * 2)

    def workers(self) -> list[WorkerSeen]:
        """The last response of each configured worker."""
        return [self._seen.get(address, WorkerSeen(address, is_up=False)) for address in self.addresses]

    def total(self, name: str) -> float | None:
        """The sum of a metric over all workers; None if no worker has it."""
        values = [value for one in self.workers() for (metric, _), value in one.series.items() if metric == name]
        return sum(values) if values else None

    def by_label(self, name: str, label: str) -> dict[str, float]:
        """A metric by one of its labels, summed over all workers."""
        sums: dict[str, float] = {}
        for one in self.workers():
            for (metric, labels), value in one.series.items():
                if metric == name:
                    key = dict(labels).get(label, "")
                    sums[key] = sums.get(key, 0.0) + value
        return sums

    def outcomes_per_s(self) -> dict[str, float]:
        """Events a second by outcome, over the last seconds; empty while they are unknown."""
        samples = list(self._outcomes)
        if len(samples) < 2:  # noqa: PLR2004 -- a rate needs two
            return {}
        (first_s, first), (last_s, last) = samples[0], samples[-1]
        elapsed_s = max(last_s - first_s, 1e-3)
        # A restarted worker counts from 0.
        return {name: max(0.0, value - first.get(name, 0.0)) / elapsed_s for name, value in last.items()}

    def look(self) -> None:
        """Queries all workers once."""
        for address in self.addresses:
            self._seen[address] = _ask(address)
        outcomes = self.by_label("weir_events_total", "outcome")
        if outcomes:
            self._outcomes.append((time.monotonic(), outcomes))
        else:
            # Otherwise old rates would be shown while no worker answers.
            self._outcomes.clear()

    def _run(self) -> None:
        while not self._closing.is_set():
            self.look()
            self._closing.wait(EVERY_S)


def _ask(address: str) -> WorkerSeen:
    try:
        text = _read(f"{address}/metrics")
        status = json.loads(_read(f"{address}/"))
    except (OSError, ValueError, http.client.HTTPException):
        return WorkerSeen(address, is_up=False)
    is_ready = False
    with contextlib.suppress(OSError, http.client.HTTPException):
        is_ready = _read(f"{address}/ready").startswith("ready")
    series = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    return WorkerSeen(address, is_up=True, is_ready=is_ready, status=status, series=series)


def _read(address: str) -> str:
    with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer:  # noqa: S310 -- addresses that the operator named
        return str(answer.read().decode(errors="replace"))
