"""PyFlink as its documentation has it: a keyed process function in Python over Flink's own source and sink."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

from pyflink.common import Configuration, Types, WatermarkStrategy
from pyflink.common.serialization import SimpleStringSchema
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.datastream.connectors.base import DeliveryGuarantee
from pyflink.datastream.connectors.kafka import (
    KafkaOffsetsInitializer,
    KafkaRecordSerializationSchema,
    KafkaSink,
    KafkaSource,
)
from pyflink.datastream.functions import KeyedProcessFunction
from pyflink.datastream.state import ValueStateDescriptor

from bench.contestants.peers import fold

NAME = '"visitor_id":"'


class PyflinkFold(KeyedProcessFunction):  # type: ignore[misc]  # PyFlink is not installed where types are checked
    """One visitor's sessions."""

    def open(self, runtime_context: Any) -> None:  # noqa: ANN401 -- likewise
        """Asks for the state."""
        self._state = runtime_context.get_state(ValueStateDescriptor("visitor", Types.PICKLED_BYTE_ARRAY()))

    def process_element(self, value: str, _: Any) -> Iterator[str]:  # noqa: ANN401 -- likewise
        """Folds an event."""
        known = self._state.value()
        visitor = fold.decode_state(known) if known is not None else fold.PeerVisitor()
        record = fold.take(visitor, fold.decode(value.encode()))
        self._state.update(fold.encode_state(visitor))
        if record is not None:
            yield record.decode()


def visitor_of(event: str) -> str:
    """The key, found without parsing the rest."""
    begin = event.index(NAME) + len(NAME)
    return event[begin : event.index('"', begin)]


def main() -> None:
    """Runs until a signal ends it."""
    configuration = Configuration()
    configuration.set_string("state.backend.type", "hashmap")
    configuration.set_string("execution.checkpointing.dir", f"file://{fold.STATE}/checkpoints")
    configuration.set_string("rest.bind-port", "0")
    configuration.set_string("python.executable", sys.executable)
    configuration.set_string("python.client.executable", sys.executable)
    configuration.set_string("python.fn-execution.bundle.size", "10000")
    environment = StreamExecutionEnvironment.get_execution_environment(configuration)
    environment.set_parallelism(1)
    environment.enable_checkpointing(1000)
    environment.add_jars(*(f"file://{jar}" for jar in os.environ["BENCH_JARS"].split(os.pathsep)))
    source = (
        KafkaSource.builder()
        .set_bootstrap_servers(fold.BOOTSTRAP)
        .set_topics(fold.INPUT)
        .set_group_id(fold.GROUP)
        .set_starting_offsets(KafkaOffsetsInitializer.earliest())
        .set_value_only_deserializer(SimpleStringSchema())
        .build()
    )
    sink = (
        KafkaSink.builder()
        .set_bootstrap_servers(fold.BOOTSTRAP)
        .set_record_serializer(
            KafkaRecordSerializationSchema.builder()
            .set_topic(fold.OUTPUT)
            .set_value_serialization_schema(SimpleStringSchema())
            .build()
        )
        .set_delivery_guarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .set_transactional_id_prefix(fold.GROUP)
        .set_property("transaction.timeout.ms", "60000")
        .set_property("compression.type", "lz4")
        .build()
    )
    events = environment.from_source(source, WatermarkStrategy.no_watermarks(), "events")
    sessions = events.key_by(visitor_of, Types.STRING()).process(PyflinkFold(), Types.STRING())
    sessions.sink_to(sink)
    environment.execute("sessions")


if __name__ == "__main__":
    main()
