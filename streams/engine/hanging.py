"""Ends transactions that their coordinator calls ended, and that are open in the log for good.

A coordinator ends a transaction by a marker in each partition that it touched. Kafka 4.0 to 4.3 skips the marker of a
partition that has no leader at that moment (KAFKA-20734), as when all of its replicas were gone and are just coming
back. Nobody writes it later: readers of committed records wait before the open records, and the next marker of the
same producer, whatever it ends, decides over them too.

    state      ··· position │ (outage; no marker) │ marker of a recovery, committed ── makes the position real
    sessions   ··· (the other half of that flush never arrived) ────────────────────── and its outputs are lost

So before anything is committed, whatever is held up gets a record of a transaction that is then undone: its marker
undoes what hangs there with it. That is right for a transaction which the coordinator undid; and for one that it
committed, too, as long as none of its markers was written: then nobody has seen any of it, and it is done again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from streams.engine.fetched import Where
from weir.errors import WorkError
from weir.topics import PUBLIC, Names

_SETTLED_S = 5.0
_AGAIN_S = 0.05

log = logging.getLogger("weir.partition")


class Logs(Protocol):
    """What has to be known of the cluster; `streams.engine.cluster.Observer` does."""

    def held_up(self, partitions: Iterable[Where]) -> list[Where]: ...  # noqa: D102 -- as the observer says

    def partitions(self, topics: Iterable[str]) -> list[Where]: ...  # noqa: D102 -- likewise


def end_what_hangs(logs: Logs, names: Names, state: Where, undo: Callable[[Iterable[Where]], None]) -> None:
    """Ends what hangs of earlier transactions of the same producer, if its state partition is held up.

    The caller has fenced or aborted: nothing of this producer is rightly open.

    Args:
        logs: tells which partitions are held up.
        names: of the installation.
        state: the partition that every transaction of the producer writes to, and nobody else.
        undo: writes to each of some partitions in one transaction, and undoes it.

    Raises:
        WorkError: the state partition is still held up, by another producer.
        BrokenTransactionError: the brokers refused; to be tried again.
        FencedError: a newer owner was quicker.
    """
    if not logs.held_up([state]):
        return
    outputs = logs.held_up(logs.partitions(names.public(topic) for topic in PUBLIC))
    log.warning("a broker lost sight of a transaction in %s; undoing it there and in %s", state, outputs or "no output")
    undo([state, *outputs])
    if not is_settled(logs, state):
        topic, number = state
        raise WorkError(
            f"A transaction of an unknown producer is open in partition {number} of {topic}.",
            f"Find it by `kafka-transactions.sh find-hanging --topic {topic} --partition {number}`, and abort it.",
        )


def is_settled(logs: Logs, partition: Where, timeout_s: float | None = None) -> bool:
    """Whether nothing is open in a partition; waits a while for markers that are on their way."""
    deadline = time.monotonic() + (_SETTLED_S if timeout_s is None else timeout_s)
    while logs.held_up([partition]):
        if time.monotonic() > deadline:
            return False
        time.sleep(_AGAIN_S)
    return True
