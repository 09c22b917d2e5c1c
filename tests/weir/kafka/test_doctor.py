"""`weir doctor`: each thing that can be wrong is found and comes with what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from confluent_kafka import Consumer, TopicPartition

from tests.streams.engine.workers import workers
from tests.support.command import weir
from tests.support.polling import eventually
from weir.broker import free_port
from weir.kafka import doctor
from weir.kafka.admin import admin
from weir.kafka.asked import ask_workers, findings_of
from weir.kafka.doctor import Finding, examine, group_lag
from weir.kafka.sender import producer
from weir.settings import Settings
from weir.topics import EVENTS, STAGES


def found(settings: Settings, what: str) -> list[Finding]:
    return [finding for finding in examine(settings) if finding.what == what]


def test_an_absent_broker_ends_the_examination(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "REACH_TIMEOUT_S", 0.5)
    findings = list(examine(Settings(bootstrap_servers=f"127.0.0.1:{free_port()}")))
    assert (findings[-1].what, findings[-1].state) == ("brokers", "wrong")
    assert "weir broker start" in findings[-1].advice


def test_a_stray_variable_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_GPA_S", "3")
    assert "WEIR_GPA_S" in " ".join(finding.message for finding in doctor.look_at_settings())


@pytest.mark.kafka
def test_a_sound_installation_has_nothing_wrong(installation: Settings) -> None:
    assert [finding for finding in examine(installation) if finding.state == "wrong"] == []
    assert {finding.what for finding in examine(installation)} == {
        "settings",
        "brokers",
        "topics",
        "workers",
        "clocks",
    }


@pytest.mark.kafka
def test_wrong_topics_are_told_together_with_their_advice(installation: Settings) -> None:
    topics = found(installation.model_copy(update={"partitions": 3}), "topics")
    assert len(topics) == 1
    assert topics[0].state == "wrong"
    assert installation.names.public(EVENTS) in topics[0].message


@pytest.mark.kafka
def test_more_replicas_than_brokers_are_told(installation: Settings) -> None:
    findings = found(installation.model_copy(update={"replication_factor": 3}), "brokers")
    assert [finding.state for finding in findings] == ["well", "wrong"]


@pytest.mark.kafka
@pytest.mark.parametrize(("difference_s", "said"), [(10.0, "behind"), (-10.0, "ahead of")])
def test_clocks_that_differ_are_told(
    installation: Settings, monkeypatch: pytest.MonkeyPatch, difference_s: float, said: str
) -> None:
    monkeypatch.setattr(doctor, "clock_difference_s", lambda _: difference_s)
    (clocks,) = found(installation, "clocks")
    assert clocks.state == "wrong"
    assert said in clocks.message


@pytest.mark.kafka
def test_the_topic_for_the_clocks_is_gone_afterwards(installation: Settings) -> None:
    assert abs(doctor.clock_difference_s(installation) or 0.0) < 1.0
    client = admin(installation)
    eventually(lambda: f"{installation.application_id}.doctor" not in client.list_topics(timeout=10).topics)


@pytest.mark.kafka
def test_lag_is_what_the_group_has_not_committed(new_installation: Callable[..., Settings]) -> None:
    settings = new_installation(partitions=1)
    topic = settings.names.public(EVENTS)
    sender = producer(settings)
    for _ in range(5):
        sender.produce(topic, key=b"v", value=b"{}")
    sender.flush(10)
    group = f"{settings.application_id}.sessionize"
    reader = Consumer(
        {
            "bootstrap.servers": settings.bootstrap_servers,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    reader.subscribe([topic])
    messages = eventually(lambda: reader.consume(2, 0.2), what="two records")
    reader.commit(message=messages[-1], asynchronous=False)
    assert group_lag(admin(settings), group, settings) == 5 - len(messages)
    running, missing = found(settings, "workers")
    assert running.message == f"{group}: 1 worker, {5 - len(messages)} records behind."
    assert missing.state == "wrong"
    assert missing.advice == "Start one: weir worker --stages score,join,train"
    reader.close()


@pytest.mark.kafka
def test_the_command_says_it_readable_or_as_json_and_by_its_exit_code(installation: Settings) -> None:
    well = weir("doctor", "--no-write", "--json", on=installation)
    assert well.code == 0
    assert {row["state"] for row in map(json.loads, well.out.splitlines())} <= {"well", "note"}
    wrong = weir("doctor", "--no-write", on=installation.model_copy(update={"partitions": 3}))
    assert wrong.code == 1
    assert "WEIR_PARTITIONS" in wrong.out


def member(settings: Settings, group: str) -> Consumer:
    """Somebody who is in a group, as a worker is."""
    reader = Consumer({"bootstrap.servers": settings.bootstrap_servers, "group.id": group})
    reader.subscribe([settings.names.public(EVENTS)])
    eventually(lambda: reader.poll(0.2) is not None or reader.assignment(), what="an assignment")
    return reader


@pytest.mark.kafka
def test_a_left_over_group_is_removed_by_the_command_that_is_advised(installation: Settings) -> None:
    names = [f"{installation.application_id}.{stages}" for stages in ("sessionize+score", "+".join(STAGES))]
    old, present = (member(installation, name) for name in names)
    old.commit(offsets=[TopicPartition(installation.names.public(EVENTS), 0, 0)], asynchronous=False)
    old.close()
    eventually(lambda: [one.state for one in found(installation, "workers")] == ["well", "note"])
    leftover = found(installation, "workers")[-1]
    assert names[0] in leftover.message
    assert "weir doctor --remove-leftovers" in leftover.advice
    called = weir("doctor", "--no-write", "--remove-leftovers", on=installation)
    assert called.code == 0
    assert names[0] in called.err
    assert [one.state for one in found(installation, "workers")] == ["well"]
    present.close()


@pytest.mark.kafka
def test_a_worker_that_is_asked_tells_of_its_own_key_and_application(installation: Settings, tmp_path: Path) -> None:
    with workers(installation.model_copy(update={"model_key": None}), tmp_path, "one") as [worker]:
        worker.wait_until_ready()
        status = json.loads(httpx.get(worker.address).text) | {"stages": ["score"]}
        said = [finding.message for finding in findings_of(worker.address, status, installation.application_id)]
        assert "no model key" in said[0]
        assert "is ready" in said[1]
        (other,) = findings_of(worker.address, status, "another")
        assert (other.state, "WEIR_APPLICATION_ID" in other.advice) == ("wrong", True)
        called = weir("doctor", "--no-write", "--worker", worker.address, on=installation)
        assert "is ready" in called.out


def test_a_worker_that_does_not_answer_is_told() -> None:
    (finding,) = ask_workers([f"http://127.0.0.1:{free_port()}"], Settings())
    assert finding.state == "wrong"
    assert "WEIR_WEB_PORT" in finding.advice
