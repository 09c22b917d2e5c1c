"""Limits that several partitions count for: every worker knows all verdicts, one task publishes each."""

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
    """Publishes the verdicts on subjects that belong to one partition, each crossing once."""

    def __init__(self, partition: int, partitions: int) -> None:
        self._partition = partition
        self._partitions = partitions
        self._published: dict[bytes, float] = {}
        self._changed: dict[bytes, bytes | None] = {}
        self._seen: Verdicts | None = None

    def load(self, key: bytes, value: bytes) -> None:
        """Takes back what was published; `key` without its type byte."""
        self._published[key] = float(value)

    def publish(self, verdicts: SharedVerdicts, effects: Effects) -> None:
        """Writes a record for each verdict that is new, and forgets those that hold no longer."""
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
        """Crossings published or forgotten since the last call, without a type byte."""
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
