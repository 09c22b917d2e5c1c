"""Checks settings, brokers, topics, workers and clocks, and reports each problem with a hint."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from confluent_kafka import ConsumerGroupTopicPartitions, IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public by its documentation, not by its stubs
    AdminClient,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from weir.errors import ClusterError
from weir.kafka.admin import admin, wait_for_broker
from weir.kafka.calls import ANSWER_TIMEOUT_S, answer
from weir.kafka.groups import WorkerGroup, problems, stages_of
from weir.kafka.sender import producer
from weir.kafka.topic_check import Difference, check_topics
from weir.settings import Settings, stray_environment

State = Literal["well", "note", "wrong"]
CLOCK_TOLERANCE_S = 2.0
REACH_TIMEOUT_S = 5.0
# The lag of a worker that keeps up is far smaller; that of another worker exceeds this in a few seconds.
LAG_TO_MENTION = 10_000


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; `wrong` needs action, a `note` is for information."""

    what: str
    state: State
    message: str
    advice: str = ""


def examine(settings: Settings, *, write: bool = True) -> Iterator[Finding]:
    """Yields the findings as the checks end; stops if no broker answers.

    Args:
        settings: the installation's settings.
        write: whether the clocks may be compared by a record in a topic made for it and removed again.
    """
    yield from look_at_settings()
    try:
        wait_for_broker(settings, timeout_s=REACH_TIMEOUT_S)
    except ClusterError as error:
        yield Finding("brokers", "wrong", error.message, error.hint)
        return
    looks: list[Callable[[Settings], Iterator[Finding]]] = [look_at_brokers, look_at_topics, look_at_workers]
    if write:
        looks.append(look_at_clocks)
    for look in looks:
        try:
            yield from look(settings)
        except ClusterError as error:
            yield Finding(look.__name__.removeprefix("look_at_"), "wrong", error.message, error.hint)


def look_at_settings() -> Iterator[Finding]:
    """Finds environment variables that begin with `WEIR_` and name no setting."""
    for name in stray_environment():
        yield Finding("settings", "wrong", f"{name} names no setting.", "`weir settings` lists them all.")
    yield Finding("settings", "well", "All settings are of the right type and within their bounds.")


def look_at_brokers(settings: Settings) -> Iterator[Finding]:
    """Counts the brokers, and checks that their version is one that Weir is tested on."""
    client = admin(settings)
    nodes = answer(client.describe_cluster(request_timeout=ANSWER_TIMEOUT_S).result, settings).nodes
    message = f"{'1 answers' if len(nodes) == 1 else f'{len(nodes)} answer'} at {settings.bootstrap_servers}."
    if _is_before_version_4(client, nodes[0].id):
        yield Finding("brokers", "note", f"{message} They are older than Kafka 4.", "Weir is tested on Kafka 4.3.")
    else:
        yield Finding("brokers", "well", message)
    if settings.replication_factor > len(nodes):
        yield Finding(
            "brokers",
            "wrong",
            f"The replication factor is {settings.replication_factor}, more than there are brokers ({len(nodes)}).",
            "Set WEIR_REPLICATION_FACTOR to at most that, or add brokers.",
        )


def _is_before_version_4(client: AdminClient, broker: int) -> bool:
    """Whether a broker is older than Kafka 4: the protocol has no release number, but 4 has no ZooKeeper settings."""
    asked = client.describe_configs([ConfigResource(ResourceType.BROKER, str(broker))])
    try:
        return "zookeeper.connect" in next(iter(asked.values())).result()
    except KafkaException:  # the user may lack the permission to read the brokers' settings
        return False


def look_at_topics(settings: Settings) -> Iterator[Finding]:
    """Finds differences from the catalogue; topics with the same difference are one finding."""
    differences = check_topics(settings)
    alike: defaultdict[tuple[str, str, bool], list[Difference]] = defaultdict(list)
    for difference in differences:
        advice = "" if difference.topic in difference.advice else difference.advice
        message = f"{difference.what} is {difference.is_}, should be {difference.should_be}."
        alike[message, advice, difference.fatal].append(difference)
    for (message, _, fatal), those in alike.items():
        names = ", ".join(difference.topic for difference in those)
        yield Finding("topics", "wrong" if fatal else "note", f"{names}: {message}", those[0].advice)
    if not differences:
        yield Finding("topics", "well", "All topics are as the catalogue declares.")


def look_at_workers(settings: Settings) -> Iterator[Finding]:
    """Finds each group of workers, with its members, lag and problems of its stages."""
    groups = worker_groups(settings)
    if not any(group.runs for group in groups):
        yield Finding("workers", "note", "None runs.", "`weir worker` starts one with all stages.")
    for group in groups:
        if group.runs:
            is_behind = group.lag > LAG_TO_MENTION
            advice = "Start more of these workers, up to one a partition." if is_behind else ""
            members = "1 worker" if group.members == 1 else f"{group.members} workers"
            yield Finding(
                "workers",
                "note" if is_behind else "well",
                f"{group.name}: {members}, {group.lag:,} records behind.",
                advice,
            )
    for problem in problems(groups):
        yield Finding("workers", "wrong" if problem.is_wrong else "note", problem.message, problem.advice)


def worker_groups(settings: Settings) -> list[WorkerGroup]:
    """The groups of this application's workers, by name.

    Raises:
        ClusterError: the cluster doesn't answer.
    """
    client = admin(settings)
    listed = answer(client.list_consumer_groups(request_timeout=ANSWER_TIMEOUT_S).result, settings).valid
    stages = {group.group_id: stages_of(group.group_id, settings.application_id) for group in listed}
    names = sorted(name for name, known in stages.items() if known is not None)
    described = client.describe_consumer_groups(names) if names else {}
    return [
        WorkerGroup(
            name,
            stages[name] or (),
            len(answer(described[name].result, settings).members),
            group_lag(client, name, settings),
        )
        for name in names
    ]


def remove_leftovers(settings: Settings) -> list[str]:
    """Removes groups without workers whose stages other groups run; returns the names of the groups.

    Raises:
        ClusterError: the cluster refused.
    """
    groups = worker_groups(settings)
    run = {stage for group in groups if group.runs for stage in group.stages}
    names = [group.name for group in groups if not group.runs and run.issuperset(group.stages)]
    # The client must live until all calls have ended: their results are lost with it.
    client = admin(settings)
    removed = client.delete_consumer_groups(names, request_timeout=ANSWER_TIMEOUT_S) if names else {}
    for future in removed.values():
        answer(future.result, settings)
    return names


def group_lag(client: AdminClient, group: str, settings: Settings) -> int:
    """Lag of a group: last stable offsets less committed offsets, summed over the partitions."""
    offsets = client.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group]
    committed = {
        (where.topic, where.partition): where.offset
        for where in answer(offsets.result, settings).topic_partitions
        if where.offset >= 0
    }
    if not committed:
        return 0
    newest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    ends = client.list_offsets(
        {TopicPartition(topic, partition): newest for topic, partition in committed},
        isolation_level=IsolationLevel.READ_COMMITTED,
        request_timeout=ANSWER_TIMEOUT_S,
    )
    return sum(
        max(0, answer(future.result, settings).offset - committed[where.topic, where.partition])
        for where, future in ends.items()
    )


def look_at_clocks(settings: Settings) -> Iterator[Finding]:
    """Compares this machine's clock with a broker's, by the append time of one record."""
    difference_s = clock_difference_s(settings)
    if difference_s is None:
        yield Finding("clocks", "note", "The clocks were not compared, since a topic for it could not be made.")
    elif abs(difference_s) > CLOCK_TOLERANCE_S:
        which = "behind" if difference_s > 0 else "ahead of"
        yield Finding(
            "clocks",
            "wrong",
            f"This machine's clock is {abs(difference_s):.1f} s {which} the broker's.",
            "Set both by NTP: events ahead of the broker's clock are clamped to it.",
        )
    else:
        yield Finding("clocks", "well", f"This machine and the broker are within {CLOCK_TOLERANCE_S:.0f} s.")


def clock_difference_s(settings: Settings) -> float | None:
    """The broker's clock less this machine's; None if no topic may be made for the comparison."""
    topic = f"{settings.application_id}.doctor"
    client = admin(settings)
    scratch = NewTopic(topic, num_partitions=1, config={"message.timestamp.type": "LogAppendTime"})
    try:
        client.create_topics([scratch], operation_timeout=ANSWER_TIMEOUT_S)[topic].result()
    except KafkaException:
        return None
    try:
        return _append_time_s(settings, topic)
    finally:
        client.delete_topics([topic])[topic].result()


def _append_time_s(settings: Settings, topic: str) -> float | None:
    appended: list[float] = []
    sender = producer(settings, linger_ms=0)
    # Sending the first record includes finding the partition's leader, so only the second record is compared.
    for _ in range(2):
        started = time.time()
        sender.produce(topic, value=b"", on_delivery=lambda _, message: appended.append(message.timestamp()[1] / 1000))
        sender.flush(ANSWER_TIMEOUT_S)
    return appended[-1] - (started + time.time()) / 2 if len(appended) == 2 else None  # noqa: PLR2004 -- as said
