from __future__ import annotations

from confluent_kafka import Producer

from tests.chaos.oracle.logs import read
from weir.settings import Settings
from weir.topics import EVENTS


def test_all_committed_records_are_read_and_no_other(installation: Settings) -> None:
    topic = installation.names.public(EVENTS)
    options = {"bootstrap.servers": installation.bootstrap_servers, "transactional.id": topic}
    producer = Producer(options)
    producer.init_transactions()
    for number in range(6):
        producer.begin_transaction()
        producer.produce(topic, b"v%d" % number, b"k", partition=number % 2, headers=[("h", b"x")])
        if number in {1, 4}:
            producer.abort_transaction()
        else:
            producer.commit_transaction()
    found = sorted(read(installation.bootstrap_servers, topic), key=lambda record: record.value or b"")
    assert [record.value for record in found] == [b"v0", b"v2", b"v3", b"v5"]
    assert [record.partition for record in found] == [0, 0, 1, 1]
    assert found[0]._replace(timestamp=0) == (topic, 0, 0, b"k", b"v0", (("h", b"x"),), 0)
    assert found[0].timestamp > 1_600_000_000_000
