"""The end of a transaction that is asked for twice: the first request arrives when the next transaction is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams.engine import repairs
from streams.engine.transaction import BrokenTransactionError, Transactions
from tests.streams.engine.bench import bench
from tests.streams.engine.counting import STAGE
from tests.streams.engine.holding_proxy import HOST, HoldingProxy, holding_proxy
from tests.streams.engine.topics import counts, send_events
from weir.broker import DevelopmentBroker, free_port
from weir.kafka.admin import create_topics
from weir.kafka.records import Output
from weir.settings import Settings
from weir.topics import SESSIONS

pytestmark = pytest.mark.kafka


@pytest.fixture
def behind_a_proxy(tmp_path: Path) -> Iterator[tuple[HoldingProxy, Settings]]:
    """A broker that clients reach by way of a proxy alone."""
    port = free_port()
    advertised = {"advertised.listeners": f"PLAINTEXT://{HOST}:{port}"}
    with DevelopmentBroker(tmp_path / "broker", properties=advertised) as node:
        inner = int(node.bootstrap_servers.rsplit(":", 1)[1])
        with holding_proxy(port, to=inner) as proxy:
            settings = Settings(bootstrap_servers=f"{HOST}:{port}", partitions=1, replication_factor=1)
            create_topics(settings)
            yield proxy, settings


def count(number: bytes) -> Output:
    return Output(SESSIONS, b"a", number, partition=0)


def test_a_commit_that_arrives_late_makes_no_half_of_the_next_flush_real(
    behind_a_proxy: tuple[HoldingProxy, Settings],
) -> None:
    proxy, settings = behind_a_proxy
    transactions = Transactions(settings, STAGE, 0)
    transactions.fence(30)
    transactions.begin()
    transactions.send(count(b"1"))
    proxy.hold()
    try:
        transactions.commit()
    except BrokenTransactionError:
        transactions = Transactions(settings, STAGE, 0)
        transactions.fence(30)
    transactions.begin()
    transactions.send(count(b"2"))
    assert transactions._producer.flush(30) == 0
    proxy.let_go()
    assert counts(settings) == {"a": [1]}


def test_an_end_that_took_long_is_in_doubt(installation: Settings) -> None:
    transactions = Transactions(installation, STAGE, 0)
    transactions._unknown_outcome_s = 0.0
    transactions.fence(30)
    transactions.begin()
    transactions.send(count(b"1"))
    with pytest.raises(BrokenTransactionError, match="may have been asked twice"):
        transactions.commit()
    assert transactions.outcome_unknown


def test_on_brokers_that_are_slow_by_nature_doubts_come_to_an_end(
    new_installation: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repairs, "UNKNOWN_OUTCOME_S", 0.001)
    settings = new_installation(partitions=1)

    async def work() -> None:
        async with bench(settings) as made:
            send_events(settings, ["a", "b"])
            partition = made.partition()
            recover = partition.recover
            while not partition.is_ready:
                try:
                    await recover()
                except BrokenTransactionError:
                    recover = partition.recover_again
            while partition.durable != {made.topic: 2}:
                await partition.take(made.batch(partition, ["a", "b"], start=0))
                await partition.suspend()
                await partition.resume()
                while not partition.is_recovered:
                    try:
                        await partition.recover_again()
                    except BrokenTransactionError:
                        continue
            assert await asyncio.to_thread(counts, settings) == {"a": [1], "b": [1]}
            assert not made.failures

    asyncio.run(work())
