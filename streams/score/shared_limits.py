"""Publishes limits of addresses and accounts. Every worker has all verdicts; one task publishes each."""

from __future__ import annotations

from collections.abc import Iterator

from rules.limits.verdicts import SharedVerdicts, SubjectVerdict, Verdicts
from streams.task import Effects
from weir.contracts import Limit
from weir.contracts.fast import encode
from weir.kafka.records import Output
from weir.partitioner import partition_for
from weir.topics import LIMITS


class SharedLimits:
    """Publishes the verdicts on those subjects whose hash belongs to this partition, once for each crossing."""

    def __init__(self, partition: int, partitions: int) -> None:
        self._partition = partition
        self._partitions = partitions
        self._published: dict[bytes, float] = {}
        self._changed: dict[bytes, bytes | None] = {}
        self._seen: Verdicts | None = None

    def load(self, key: bytes, value: bytes) -> None:
        """Restores a published crossing; `key` is without its type byte."""
        self._published[key] = float(value)

    def publish(self, verdicts: SharedVerdicts, effects: Effects) -> None:
        """Writes a record for each new verdict, and drops verdicts that no longer hold."""
        seen = verdicts.verdicts
        if seen is self._seen:
            return
        self._seen = seen
        gone = set(self._published)
        for verdict in (verdict for found in seen.values() for verdict in found.values()):
            key = f"{verdict.kind}:{verdict.subject}:{verdict.limit}".encode()
            gone.discard(key)
            if self._published.get(key) == verdict.crossed_at or not self._owns(verdict.subject):
                continue
            self._published[key] = verdict.crossed_at
            self._changed[key] = repr(verdict.crossed_at).encode()
            effects.outputs.append(Output(LIMITS, key, encode(_record(verdict, verdicts.spares_known_after(verdict)))))
            effects.count("limits_crossed", verdict.kind, verdict.limit)
        for key in sorted(gone):
            del self._published[key]
            self._changed[key] = None

    def changes(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Crossings published or dropped since the last call; keys are without type bytes."""
        yield from self._changed.items()
        self._changed.clear()

    def _owns(self, subject: str) -> bool:
        return partition_for(subject.encode(), self._partitions) == self._partition


def _record(verdict: SubjectVerdict, spares_known_after: int | None) -> Limit:
    return Limit(
        subject=verdict.subject,
        kind=verdict.kind,
        limit=verdict.limit,
        observed=verdict.observed,
        window_s=verdict.window_s,
        until=verdict.until,
        retry_after_s=verdict.retry_after_s,
        reason=verdict.reason,
        spares_known_after=spares_known_after,
    )
