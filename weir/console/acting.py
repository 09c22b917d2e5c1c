"""Writes users' actions: an action and its records in one Kafka transaction, each action once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

from weir.console.store.reading import StoreReader
from weir.contracts import Action
from weir.contracts.fast import encode
from weir.errors import ClusterError
from weir.kafka.reader import LogReader
from weir.kafka.records import Output, PartitionId
from weir.kafka.transactional import TransactionalSender
from weir.settings import Settings
from weir.topics import ACTIONS

MOST_REMEMBERED = 10_000
log = logging.getLogger("weir.console")


class ActionWriter:
    """Writes actions; any thread may use it, one at a time is served.

    A page chooses the id of an action before it is sent. A page that gets no response sends the same request again, and
    the action is found to be done. A console that was killed between the two leaves a whole transaction or none.

    Args:
        settings: where the cluster is.
        store: knows the actions of before.
        positions: to where the store has read, per partition.
        instance: names this console among those of the installation: a later one of the same name fences it.
    """

    def __init__(
        self,
        settings: Settings,
        store: StoreReader,
        positions: Callable[[], Mapping[PartitionId, int]],
        instance: str,
    ) -> None:
        self._settings = settings
        self._store = store
        self._positions = positions
        self._id = f"{settings.application_id}.console.{instance}"
        self._sender: TransactionalSender | None = None
        self._done: dict[str, None] = {}
        """Ids of the newest actions, in their order: the store has older ones."""
        self._lock = threading.Lock()

    def do(self, action: Action, outputs: Sequence[Output] = ()) -> tuple[PartitionId, int] | None:
        """Writes an action, after the records that follow from it.

        Returns:
            Where the action lies: partition and offset; None: it was done before.

        Raises:
            ClusterError: Kafka did not take it; the same request may be sent again.
        """
        with self._lock:
            sender = self._ready()
            if self._is_done(action.action_id):
                return None
            record = Output(ACTIONS, action.action_id.encode(), encode(action))
            try:
                where = sender.send([*outputs, record])
            except ClusterError:
                # Whether it was written is found out from the topic, before the next one.
                self._sender = None
                raise
            self._remember(action.action_id)
            return where

    def is_done(self, action_id: str) -> bool:
        """Whether an action was done, as far as this console knows before it writes again."""
        with self._lock:
            return self._is_done(action_id)

    def close(self) -> None:
        """Lets go of the producer."""
        with self._lock:
            self._sender = None

    def _is_done(self, action_id: str) -> bool:
        if action_id in self._done:
            return True
        return self._store.row("SELECT 1 FROM actions WHERE action_id = ?", (action_id,)) is not None

    def _ready(self) -> TransactionalSender:
        """The sender; a new one has ended what its predecessor left open, so that the topic tells all that was done."""
        if self._sender is None:
            sender = TransactionalSender(self._settings, self._id)
            self._catch_up()
            self._sender = sender
        return self._sender

    def _catch_up(self) -> None:
        name = self._settings.names.public(ACTIONS)
        held = self._positions()
        with LogReader(self._settings, [name]) as reader:
            ranges = reader.ranges()
            begin = {where: max(offsets.start, held.get(where, 0)) for where, offsets in ranges.items()}
            for record in reader.read(begin, {where: offsets.end for where, offsets in ranges.items()}):
                self._remember((record.key or b"").decode(errors="replace"))

    def _remember(self, action_id: str) -> None:
        self._done[action_id] = None
        if len(self._done) > MOST_REMEMBERED:
            del self._done[next(iter(self._done))]
