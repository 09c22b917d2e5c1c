"""A partition that is given to another worker while it is being recovered."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from streams.engine.transaction import Transactions
from tests.streams.engine.bench import bench
from tests.streams.engine.counting import STAGE, CountTask
from tests.streams.engine.topics import send_events
from tests.support.polling import PATIENCE_S
from weir.errors import FencedError
from weir.settings import Settings

pytestmark = pytest.mark.kafka
LONG_ENOUGH_S = 3.0


def test_who_is_fenced_during_its_recovery_leaves_it_to_the_group_whether_that_is_the_end(
    new_installation: Callable[..., Settings],
) -> None:
    settings = new_installation(partitions=1)

    class Slow(CountTask):
        """Takes its time over its state, and the group gives the partition to another worker meanwhile."""

        begun, go_on = threading.Event(), threading.Event()

        def loaded(self) -> None:
            self.begun.set()
            assert self.go_on.wait(PATIENCE_S)

    async def work() -> None:
        async with bench(settings) as made:
            recovering = asyncio.create_task(made.partition(Slow).recover())
            assert await asyncio.to_thread(Slow.begun.wait, 30)
            other = await asyncio.to_thread(Transactions, settings, STAGE, 0)
            await asyncio.to_thread(other.fence, 30)
            Slow.go_on.set()
            with pytest.raises(FencedError):
                await recovering
            assert not made.failures

    asyncio.run(work())


def test_a_worker_fences_nobody_while_the_group_shares_out_anew(new_installation: Callable[..., Settings]) -> None:
    settings = new_installation(partitions=1)

    async def work() -> None:
        async with bench(settings) as made:
            send_events(settings, ["a"])
            owner, late = made.partition(), made.partition()
            await owner.recover()
            await late.suspend()
            recovering = asyncio.create_task(late.recover())
            # Long enough for a fence that nothing holds back: the owner's own recovery took as long.
            done, _ = await asyncio.wait({recovering}, timeout=LONG_ENOUGH_S)
            assert not done
            await owner.take(made.batch(owner, ["a"], start=0))
            await owner.suspend()
            assert not made.failures
            # When the group gives the partition to it, it takes over at once.
            await late.resume()
            await recovering
            assert late.positions == {made.topic: 1}

    asyncio.run(work())


def test_a_partition_is_let_go_when_a_fence_that_is_under_way_has_arrived(
    new_installation: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, order = new_installation(partitions=1), list[str]()
    begun, go_on, fence = threading.Event(), threading.Event(), Transactions.fence

    def slow(self: Transactions, timeout_s: float, _is_current: Callable[[], bool]) -> None:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        fence(self, timeout_s)
        order.append("fenced")

    async def work() -> None:
        async with bench(settings) as made:
            partition = made.partition()
            recovering = asyncio.create_task(partition.recover())
            assert await asyncio.to_thread(begun.wait, PATIENCE_S)
            threading.Timer(0.5, go_on.set).start()
            await partition.suspend()
            order.append("let go")
            await recovering

    monkeypatch.setattr(Transactions, "fence", slow)
    asyncio.run(work())
    assert order == ["fenced", "let go"]
