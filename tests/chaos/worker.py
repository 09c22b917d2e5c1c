"""A worker as `weir worker` is, which dies where it is told to: `python -m tests.chaos.worker ARGUMENTS`."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from streams.engine import ownership, partition
from streams.engine.partition import StagePartition
from streams.engine.progress import PROGRESS_KEY, Progress
from streams.engine.recovery import Recovery
from streams.engine.transaction import Transactions
from streams.task import Effects
from tests.chaos.orders import Orders, die, orders_as_told
from tests.controls.guards import take_out_as_told
from weir.cli.main import main as weir
from weir.kafka.records import InputRecord, Output

MOST_SENT = 40
"""Records after which a flush is cut off, at most; one of fewer records is cut off before its position."""
LONGEST_COMMIT_S = 0.015
SENT_S = 10.0


class MortalTransactions(Transactions):
    """Transactions in which a worker may have to die."""

    orders: Orders
    _left: int | None = None
    """Records that the open transaction may still send."""
    _is_flush = False
    """Whether the open transaction is a flush, and no marker."""

    def begin(self, flush: int | None = None) -> None:
        super().begin(flush)
        self._is_flush = False
        self._left = random.randint(1, MOST_SENT) if self.orders.is_for("amid_sending") else None

    def send(self, output: Output) -> None:
        super().send(output)
        if self._left is not None:
            self._left -= 1
            if self._left <= 0 and self.orders.taken("amid_sending"):
                self._die_with_all_sent()

    def write(self, entries: Iterable[tuple[bytes, bytes | None]]) -> None:
        held = list(entries)
        if any(key == PROGRESS_KEY for key, _ in held):
            self._is_flush = True
            if self._left is not None and self.orders.taken("amid_sending"):
                self._die_with_all_sent()
        super().write(held)

    def commit(self) -> None:
        if self._is_flush and self.orders.taken("before_commit"):
            self._die_with_all_sent()
        if self._is_flush and self.orders.taken("amid_commit"):
            threading.Thread(target=super().commit, daemon=True).start()
            time.sleep(random.uniform(0.0, LONGEST_COMMIT_S))
            die()
        super().commit()
        if self._is_flush and self.orders.taken("after_commit"):
            die()

    def fence(self, timeout_s: float, is_current: Callable[[], bool] = lambda: True) -> None:
        super().fence(timeout_s, is_current)
        if self.orders.taken("after_fence"):
            die()

    def _die_with_all_sent(self) -> None:
        self._producer.flush(SENT_S)
        die()


class MortalRecovery(Recovery):
    """A recovery in which a worker may have to die."""

    orders: Orders

    def _mark(self, mark: bytes) -> None:
        super()._mark(mark)
        if self.orders.taken("after_marker"):
            die()

    async def _replay_from_checkpoint(self, progress: Progress) -> int:
        if not self.orders.is_for("amid_fold"):
            return await super()._replay_from_checkpoint(progress)
        task: Any = self._task
        process = task.process

        def half(records: Sequence[InputRecord], effects: Effects) -> None:
            middle = len(records) // 2
            process(records[:middle], effects)
            if self.orders.taken("amid_fold"):
                die()
            process(records[middle:], effects)

        task.process = half
        try:
            return await super()._replay_from_checkpoint(progress)
        finally:
            del task.process


class MortalPartition(StagePartition):
    """A partition that a worker may have to die of when it hands it over."""

    orders: Orders

    async def suspend(self) -> None:
        if self.is_recovered and self.orders.taken("amid_hand_over"):
            die()
        await super().suspend()


def obey(orders: Orders) -> None:
    """From now on this process dies where it is told to."""
    for mortal in (MortalTransactions, MortalRecovery, MortalPartition):
        mortal.orders = orders
    for module, name, mortal in (
        (partition, "Transactions", MortalTransactions),
        (partition, "Recovery", MortalRecovery),
        (ownership, "StagePartition", MortalPartition),
    ):
        setattr(module, name, mortal)


def main() -> None:
    """Runs `weir worker` with the given arguments."""
    take_out_as_told()
    if orders := orders_as_told():
        obey(orders)
    sys.argv.insert(1, "worker")
    weir()


if __name__ == "__main__":
    main()
