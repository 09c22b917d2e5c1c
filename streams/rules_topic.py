"""The rules topic as those outside the stages write and read it."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import KafkaError, Message

from streams.engine.task import Output
from streams.intake.decode import at_the_gate
from streams.intake.records import LARGEST_BYTES
from streams.pack_ledger import PackLedger, RefusedRecordError, version_record
from streams.packs import PackLibrary
from weir.cluster import producer
from weir.errors import ClusterError
from weir.log_reader import LogReader
from weir.settings import Settings
from weir.topics import RULES

_TIMEOUT_S = 15.0


def announce(settings: Settings, library: PackLibrary) -> None:
    """Publishes the files' packs, for other and later workers to have them; returns when the brokers do.

    Raises:
        ClusterError: they don't take them.
    """
    send(settings, [version_record(record) for record in library.file_records()])


def send(settings: Settings, outputs: Sequence[Output]) -> None:
    """Writes records, in their order; returns when the brokers have them.

    Raises:
        ClusterError: they don't take them.
    """
    client = producer(settings)
    refused: list[KafkaError] = []

    def told(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            refused.append(error)

    for output in outputs:
        client.produce(settings.names.public(RULES), output.value, output.key, on_delivery=told)
    if client.flush(_TIMEOUT_S) or refused:
        reason = refused[0].str() if refused else "no answer in time"
        raise ClusterError(f"The brokers don't take the packs of patterns: {reason}.", "Check that they are up.")


def read_ledger(settings: Settings) -> PackLedger:
    """What the topic says of packs as of now; what can't be read is passed over, as workers do.

    Raises:
        ClusterError: the cluster is not there, or lacks the topic.
    """
    ledger = PackLedger()
    with LogReader(settings, [settings.names.public(RULES)]) as reader:
        spans = reader.spans()
        begin, end = ({place: getattr(span, name) for place, span in spans.items()} for name in ("first", "end"))
        for record in reader.read(begin, end):
            key, value = record.key or b"", record.value
            if key.startswith((b"sums/", b"distinct/")) or (value and at_the_gate(value, LARGEST_BYTES) is not None):
                continue
            try:
                ledger.offer(key, value)
            except RefusedRecordError:
                continue
    return ledger
