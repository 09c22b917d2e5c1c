"""Ends transactions that their coordinator has ended, but that stay open in the log.

A coordinator ends a transaction by a marker in each partition that it touched. Kafka 4.0 to 4.3 skips the marker of a
partition that has no leader at that moment (KAFKA-20734), as when all of its replicas were gone and are just coming
back. No producer writes it later: readers of committed records wait before the open records, and the next marker of the
same producer, commit or abort, decides about them too.

    state      ··· position │ (outage; no marker) │ marker of a recovery, committed ── makes the position real
    sessions   ··· (the other half of that flush never arrived) ────────────────────── and its outputs are lost

    state      ···          │ (outage)            │ the same flush again, committed
    sessions   ··· outputs  │ (no marker)         │ outputs again, committed ────────── makes the first ones real, too

So recovery writes a record to each partition with a hanging transaction and aborts its own transaction: the marker
aborts the hanging transaction, too. Recovery begins with the state, before anything is committed there. The outputs
follow, once the state names the newest committed flush: each output bears the number of its flush (`stamp.py`), and an
output of a newer flush belongs to an incomplete flush. A hanging output of a committed flush is not aborted: the next
commit in its partition makes it visible.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping

from weir.errors import WorkError
from weir.kafka.observer import Observer
from weir.kafka.records import PartitionId

_SETTLED_S = 5.0
_AGAIN_S = 0.05

log = logging.getLogger("weir.partition")

Undo = Callable[[Iterable[PartitionId]], None]
"""Writes to each of some partitions in one transaction of the producer's, and undoes it."""


def free_state(observer: Observer, state: PartitionId, undo: Undo) -> None:
    """Aborts a hanging transaction in the state partition.

    The caller has fenced or aborted, and no other producer writes there: no transaction may be open.

    Raises:
        WorkError: the state partition is still held up, by another producer.
        BrokenTransactionError: the brokers refused; to be tried again.
        FencedError: a newer owner was quicker.
        ClusterError: no broker answers.
    """
    if not observer.held_up([state]):
        return
    log.warning("a broker lost sight of a transaction in %s; undoing it there", state)
    undo([state])
    if not is_settled(observer, state):
        topic, number = state
        raise WorkError(
            f"A transaction of an unknown producer is open in partition {number} of {topic}.",
            f"Find it by `kafka-transactions.sh find-hanging --topic {topic} --partition {number}`, and abort it.",
        )


def undo_incomplete_flushes(newest: Mapping[PartitionId, int], real: int, undo: Undo) -> None:
    """Undoes outputs of incomplete flushes, which a marker that is on its way could still commit.

    Args:
        newest: the producer's newest flush in each partition of the outputs that is held up.
        real: number of the last flush that the state holds.
        undo: as above.

    Raises:
        BrokenTransactionError: the brokers refused; to be tried again.
        FencedError: a newer owner was quicker.
    """
    if incomplete := [where for where, flush in newest.items() if flush > real]:
        log.warning("incomplete flush after=%d hangs in %s; undoing it there", real, incomplete)
        undo(incomplete)


def is_settled(observer: Observer, partition: PartitionId, timeout_s: float | None = None) -> bool:
    """Whether nothing is open in a partition; waits a while for markers that are on their way."""
    deadline = time.monotonic() + (_SETTLED_S if timeout_s is None else timeout_s)
    while observer.held_up([partition]):
        if time.monotonic() > deadline:
            return False
        time.sleep(_AGAIN_S)
    return True
