"""A transaction that the brokers lost sight of: an outage of every replica while it was open, on real Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from streams.engine import hanging, progress
from streams.engine.hanging import is_settled, undo_incomplete_flushes
from streams.engine.progress import PROGRESS_KEY, InputPosition, Progress
from streams.engine.stamp import Stamps
from streams.engine.transaction import Transactions
from streams.engine.uncommitted import newest_flushes
from tests.streams.engine.bench import bench
from tests.streams.engine.counting import STAGE
from tests.streams.engine.topics import counts, send_events
from tests.support.polling import PATIENCE_S
from weir.broker import DevelopmentBroker
from weir.errors import WorkError
from weir.kafka.admin import create_topics
from weir.kafka.observer import Observer
from weir.kafka.records import Output, PartitionId
from weir.kafka.sender import producer
from weir.settings import Settings
from weir.topics import EVENTS, SESSIONS

pytestmark = pytest.mark.kafka
_TRIES = 5


@pytest.fixture
def node(tmp_path: Path) -> Iterator[DevelopmentBroker]:
    """A broker of the test's own, which it may kill; it looks for transactions to end while it is still starting."""
    impatient = {"transaction.abort.timed.out.transaction.cleanup.interval.ms": "500"}
    with DevelopmentBroker(tmp_path / "broker", properties=impatient) as started:
        yield started


@pytest.fixture
def settings(node: DevelopmentBroker) -> Settings:
    made = Settings(
        bootstrap_servers=node.bootstrap_servers,
        partitions=1,
        replication_factor=1,
        transaction_timeout_s=3,
        checkpoint_interval_s=1_000,
    )
    create_topics(made)
    return made


def outage(node: DevelopmentBroker) -> None:
    """Kills the one broker, and brings it back."""
    node.stop(kill=True)
    node.start()


def begun(settings: Settings, outputs: Sequence[Output], position: int | None = None) -> Transactions:
    """What is left of a worker in the middle of a flush: some outputs were sent, and its position, if it says one."""
    transactions = Transactions(settings, STAGE, 0)
    transactions.fence(30.0)
    topic = settings.names.public(EVENTS)
    topic_id = Observer(settings).topic_ids([topic])[topic]
    transactions.begin(1)
    for output in outputs:
        transactions.send(output)
    if position is not None:
        place = InputPosition(topic_id, position, position)
        transactions.write([(PROGRESS_KEY, progress.encode(Progress({topic: place}, b"0", 1)))])
    assert transactions._producer.flush(30) == 0
    return transactions


def left_hanging(
    node: DevelopmentBroker, settings: Settings, outputs: Sequence[Output], position: int | None = None
) -> None:
    """An outage in the middle of a flush, after which nobody ends its transaction.

    Whether the coordinator ends it before or after the partitions have leaders again is a race within the broker.
    """
    where = (settings.names.state(STAGE) if position is not None else settings.names.public(SESSIONS), 0)
    for _ in range(_TRIES):
        begun(settings, outputs, position)
        outage(node)
        if not is_settled(Observer(settings), where, timeout_s=2 * settings.transaction_timeout_s):
            return
    pytest.fail(f"in {_TRIES} outages no transaction was lost sight of")


def works_on(settings: Settings, visitors: Sequence[str]) -> None:
    """What a worker that finds this does: it recovers, and folds the input from the beginning."""

    async def work() -> None:
        async with bench(settings) as made:
            partition = made.partition()
            await partition.recover()
            assert partition.positions == {made.topic: 0}
            await partition.take(made.batch(partition, visitors, start=0))
            await partition.suspend()
            assert not made.failures
            await partition.close()

    asyncio.run(work())


@pytest.mark.controls
def test_half_a_flush_that_an_outage_left_open_never_becomes_real(node: DevelopmentBroker, settings: Settings) -> None:
    send_events(settings, ["a", "b"])
    left_hanging(node, settings, [Output(SESSIONS, b"a", b"1", partition=0)], position=2)
    works_on(settings, ["a", "b"])
    assert counts(settings) == {"a": [1], "b": [1]}
    assert not Observer(settings).held_up(Observer(settings).partitions([settings.names.public(SESSIONS)]))


@pytest.mark.controls
def test_outputs_that_an_outage_cut_off_from_their_position_never_become_real(
    node: DevelopmentBroker, settings: Settings
) -> None:
    send_events(settings, ["a", "b"])
    left_hanging(node, settings, [Output(SESSIONS, b"a", b"1", partition=0)])
    works_on(settings, ["a", "b"])
    assert counts(settings) == {"a": [1], "b": [1]}
    assert not Observer(settings).held_up(Observer(settings).partitions([settings.names.public(SESSIONS)]))


def test_only_flushes_newer_than_the_state_are_undone() -> None:
    undone: list[PartitionId] = []
    undo_incomplete_flushes({("a", 0): 6, ("b", 1): 7, ("c", 2): 8}, 7, undone.extend)
    assert undone == [("c", 2)]


def test_nothing_is_undone_where_no_flush_was_cut() -> None:
    undo_incomplete_flushes({("a", 0): 7}, 7, lambda _: pytest.fail("a transaction for nothing"))


def test_open_outputs_tell_their_own_partitions_flush_alone(installation: Settings) -> None:
    topic = installation.names.public(SESSIONS)
    transactions = begun(installation, [Output(SESSIONS, b"a", b"1", partition=0)])
    observer = Observer(installation)
    assert newest_flushes(installation, observer, [topic], Stamps(STAGE, 0)) == {(topic, 0): 1}
    assert newest_flushes(installation, observer, [topic], Stamps(STAGE, 1)) == {}
    transactions.abort()


@contextmanager
def strangers_transaction(settings: Settings) -> Iterator[None]:
    """Something open in the state partition that is not its owner's."""
    stranger = producer(settings, transactional_id="stranger")
    stranger.init_transactions(30)
    stranger.begin_transaction()
    stranger.produce(settings.names.state(STAGE), b"", b"x", partition=0)
    assert stranger.flush(30) == 0
    yield
    stranger.abort_transaction(30)


def test_a_strangers_open_transaction_stops_a_recovery_with_a_clear_word(
    new_installation: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hanging, "_SETTLED_S", 0.2)
    settings = new_installation(partitions=1)

    async def work() -> None:
        async with bench(settings) as made:
            with pytest.raises(WorkError, match="unknown producer is open in partition 0"):
                await made.partition().recover()

    with strangers_transaction(settings):
        asyncio.run(work())


def test_what_is_open_is_waited_for(installation: Settings) -> None:
    transactions = begun(installation, [], position=1)
    state = (installation.names.state(STAGE), 0)
    observer = Observer(installation)
    assert not is_settled(observer, state, timeout_s=0.1)
    transactions.commit()
    assert is_settled(observer, state, timeout_s=PATIENCE_S)
