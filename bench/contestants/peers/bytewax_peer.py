"""Bytewax as its documentation has it: Kafka in, a stateful operator by key that takes batches, Kafka out.

Its state is recovered from snapshots in SQLite, its output is sent at least once; it commits no offsets to Kafka.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic, stateful_batch
from bytewax.operators import input as op_input
from bytewax.operators import map as op_map
from bytewax.operators import output as op_output

from bench.contestants.peers import fold


class BytewaxFold(StatefulBatchLogic):  # type: ignore[misc]  # Bytewax is not installed where types are checked
    """One visitor's sessions."""

    def __init__(self, state: bytes | None) -> None:
        self._visitor = fold.decode_state(state) if state is not None else fold.PeerVisitor()

    def on_batch(self, values: list[bytes]) -> tuple[Iterable[bytes], bool]:
        """Folds events of the visitor."""
        records = [fold.take(self._visitor, fold.decode(value)) for value in values]
        return [record for record in records if record is not None], StatefulBatchLogic.RETAIN

    def snapshot(self) -> bytes:
        """State for recovery."""
        return fold.encode_state(self._visitor)


def _keyed(message: Any) -> tuple[str, bytes]:  # noqa: ANN401 -- likewise
    return message.key.decode(), message.value


def _message(pair: tuple[str, bytes]) -> Any:  # noqa: ANN401 -- likewise
    return KafkaSinkMessage(pair[0].encode(), pair[1])


flow = Dataflow("sessions")
_source = KafkaSource([fold.BOOTSTRAP], [fold.INPUT], batch_size=5_000)
_events = op_map("keyed", op_input("events", flow, _source), _keyed)
_sessions = stateful_batch("fold", _events, BytewaxFold)
_sink = KafkaSink([fold.BOOTSTRAP], fold.OUTPUT, add_config={"compression.type": "lz4", "linger.ms": "50"})
op_output("sessions", op_map("message", _sessions, _message), _sink)
