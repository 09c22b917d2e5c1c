"""Reads and writes the rules topic outside the stages."""

from __future__ import annotations

from collections.abc import Sequence

from streams.decode import at_the_gate
from streams.packs.ledger import DISTINCT_KEY, SUMS_KEY, PackLedger, RefusedRecordError, version_record
from streams.packs.library import PackLibrary
from streams.read_record import LARGEST_BYTES
from weir.kafka.reader import read_all
from weir.kafka.records import Output
from weir.kafka.sender import send
from weir.settings import Settings
from weir.topics import RULES


def announce(settings: Settings, library: PackLibrary) -> None:
    """Publishes the files' packs for other and later workers; returns when the brokers have acknowledged them.

    Raises:
        ClusterError: The brokers refused, or did not answer in time.
    """
    publish(settings, [version_record(record) for record in library.file_records()])


def publish(settings: Settings, outputs: Sequence[Output]) -> None:
    """Writes records about packs in their order; returns when the brokers have acknowledged them.

    Raises:
        ClusterError: The brokers refused, or did not answer in time.
    """
    send(settings, outputs, "the packs of patterns")


def read_ledger(settings: Settings) -> PackLedger:
    """Reads the topic's records about packs; invalid records are skipped, as in workers.

    Raises:
        ClusterError: The cluster can't be reached, or lacks the topic.
    """
    ledger = PackLedger()
    for record in read_all(settings, RULES):
        key, value = record.key or b"", record.value
        if key.startswith((SUMS_KEY, DISTINCT_KEY)) or (value and at_the_gate(value, LARGEST_BYTES) is not None):
            continue
        try:
            ledger.offer(key, value)
        except RefusedRecordError:
            continue
    return ledger
