"""A partition that is given to another worker while it is being recovered."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from streams.engine.transaction import Transactions
from tests.streams.engine.bench import bench
from tests.streams.engine.counting import STAGE, CountTask
from tests.support.polling import PATIENCE_S
from weir.errors import FencedError
from weir.settings import Settings

pytestmark = pytest.mark.kafka


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
