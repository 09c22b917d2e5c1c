"""Limits of addresses: every worker knows all verdicts, one task publishes each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.limits.addresses import AddressVerdict
from streams.engine.task import Effects, Output
from weir.contracts import Limit
from weir.contracts.fast import encode
from weir.partitioner import partition_for
from weir.topics import LIMITS


class AddressLimits:
    """Publishes the verdicts on addresses that belong to one partition, each crossing once."""

    def __init__(self, partition: int, partitions: int) -> None:
        self._partition = partition
        self._partitions = partitions
        self._published: dict[bytes, float] = {}
        self._changed: dict[bytes, bytes | None] = {}

    def load(self, key: bytes, value: bytes) -> None:
        """Takes back what was published; `key` without its type byte."""
        self._published[key] = float(value)

    def publish(self, held: Iterable[AddressVerdict], effects: Effects) -> None:
        """Writes a record for each verdict that is new, and forgets those that hold no longer."""
        gone = set(self._published)
        for verdict in held:
            key = f"address:{verdict.address}:{verdict.limit}".encode()
            gone.discard(key)
            if self._published.get(key) == verdict.crossed_at or not self._is_mine(verdict.address):
                continue
            self._published[key] = verdict.crossed_at
            self._changed[key] = repr(verdict.crossed_at).encode()
            effects.outputs.append(Output(LIMITS, key, encode(_record(verdict))))
            effects.count("limits_crossed", "address", verdict.limit)
        for key in sorted(gone):
            del self._published[key]
            self._changed[key] = None

    def changes(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Crossings published or forgotten since the last call, without a type byte."""
        yield from self._changed.items()
        self._changed.clear()

    def _is_mine(self, address: str) -> bool:
        return partition_for(address.encode(), self._partitions) == self._partition


def _record(verdict: AddressVerdict) -> Limit:
    return Limit(
        subject=verdict.address,
        kind="address",
        limit=verdict.limit,
        observed=verdict.observed,
        window_s=verdict.window_s,
        until=verdict.until,
        retry_after_s=verdict.retry_after_s,
    )
