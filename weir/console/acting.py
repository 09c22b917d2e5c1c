"""Writes users' actions: each action once, with its records in one Kafka transaction."""

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
    """Writes actions; any thread may call it, and calls wait for each other.

    A page chooses the id of an action before it is sent. If the page gets no response, it sends the same request again,
    and the writer finds that the action is done. If the console is killed meanwhile, the transaction is complete or has
    no effect.

    Args:
        settings: addresses of the brokers.
        store: has the earlier actions.
        positions: returns the store's position in each partition.
        instance: name of this console in the installation; a later console with the same name fences it.
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
        """Ids of the newest actions, in their order; the store has older actions."""
        self._lock = threading.Lock()

    def do(self, action: Action, outputs: Sequence[Output] = ()) -> tuple[PartitionId, int] | None:
        """Writes an action, after the records that follow from it.

        Returns:
            Partition and offset of the action; None: the action was done before.

        Raises:
            ClusterError: Kafka did not accept the action; the same request may be sent again.
        """
        with self._lock:
            sender = self._ready()
            if self._is_done(action.action_id):
                return None
            record = Output(ACTIONS, action.action_id.encode(), encode(action))
            try:
                where = sender.send([*outputs, record])
            except ClusterError:
                # The outcome is unknown; the topic is read before the next action to find it.
                self._sender = None
                raise
            self._remember(action.action_id)
            return where

    def is_done(self, action_id: str) -> bool:
        """Whether an action was done, by the records that this console has read."""
        with self._lock:
            return self._is_done(action_id)

    def close(self) -> None:
        """Releases the producer."""
        with self._lock:
            self._sender = None

    def _is_done(self, action_id: str) -> bool:
        if action_id in self._done:
            return True
        return self._store.row("SELECT 1 FROM actions WHERE action_id = ?", (action_id,)) is not None

    def _ready(self) -> TransactionalSender:
        """The sender. A new sender aborts its predecessor's open transaction, so the topic then has all actions."""
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
