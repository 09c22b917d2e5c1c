"""Nodes of Kafka go and come back: in order, killed, all at once, for long, and with a full disk."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.faults.place import READY_TIMEOUT_S, LeftOutError, Stricken
from weir.broker import DevelopmentBroker
from weir.kafka.admin import admin
from weir.settings import Settings

TRANSACTIONS = "__transaction_state"
DISK_TIMEOUT_S = 20.0
MOST_ROOM_BYTES = 65_536


class OfBrokers(Stricken):
    """Family `brokers`."""

    def bounce(self) -> str:
        """A node is stopped in order, and started again."""
        return self._bounce_one(kill=False)

    def hard_bounce(self) -> str:
        """A node is killed, and started again: often the coordinator of somebody's transactions."""
        return self._bounce_one(kill=True)

    def bounce_of_all(self) -> str:
        """All nodes are killed within moments, and started again at once."""
        self._bounce(self.nodes, self.randomness.uniform(0.0, 1.0), kill=True)
        return f"{len(self.nodes)} nodes"

    def outage(self) -> str:
        """All nodes are gone for longer than sessions and transactions last."""
        longest_s = max(self.settings.session_timeout_s, self.settings.transaction_timeout_s)
        self._bounce(self.nodes, longest_s + self.randomness.uniform(0.5, 3.0), kill=True)
        return f"{len(self.nodes)} nodes"

    def start_while_down(self) -> str:
        """A worker is started while no node is there."""
        for node in self.nodes:
            node.stop(kill=True)
        gone = self._kill()
        before = list(self.fleet.members)
        calls = self._until(
            lambda: any(member.is_calling for member in self.fleet.members if member not in before), READY_TIMEOUT_S
        )
        self._last(self.randomness.uniform(1.0, 3.0))
        self._start(self.nodes)
        return f"instead of {gone.name}{'' if calls else ', not known to have called before they came back'}"

    def coordinator_killed(self) -> str:
        """The node that coordinates the transactions of one of the partitions is killed, and started again."""
        stage, partition = "sessionize", self.randomness.randrange(self.settings.partitions)
        transactional_id = f"{self.settings.application_id}.{stage}.{partition}"
        leader = coordinator(self.settings, transactional_id)
        node = next(node for node in self.nodes if node.node_id == leader)
        self._bounce([node], self.randomness.uniform(0.0, 2.0), kill=True)
        return f"node {leader}, of {transactional_id}"

    def full_disk(self) -> str:
        """A node can write no more, ends, and is started again with room."""
        if not hasattr(resource, "prlimit"):
            raise LeftOutError("only Linux lets one limit the files of a process that runs")
        node = self.randomness.choice(list(self.nodes))
        process = node.process.find()
        if process is None:
            raise LeftOutError("the node did not run")
        files = _files(self.settings, node)
        full = self.randomness.choice(files)
        # A write that goes beyond is cut short there, as on a disk that is full: the last batch is torn.
        room = full.stat().st_size + self.randomness.randrange(MOST_ROOM_BYTES)
        _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (room, most))
        ended = self._until(lambda: node.process.find() is None, DISK_TIMEOUT_S)
        told = "ended by itself" if ended else f"went on for {DISK_TIMEOUT_S:.0f} s and was killed"
        self._bounce([node], 0.0, kill=True)
        return f"node {node.node_id}, no room in {full.parent.name}, {told}"

    def _bounce_one(self, *, kill: bool) -> str:
        node = self.randomness.choice(list(self.nodes))
        self._bounce([node], self.randomness.uniform(0.0, 2.0), kill=kill)
        return f"node {node.node_id}"


def coordinator(settings: Settings, transactional_id: str) -> int:
    """The node that coordinates the transactions of this id."""
    partitions = admin(settings).list_topics(TRANSACTIONS, timeout=READY_TIMEOUT_S).topics[TRANSACTIONS].partitions
    return int(partitions[java_hash(transactional_id) % len(partitions)].leader)


def java_hash(text: str) -> int:
    """Java's hash of a text of ASCII, its sign dropped: by it brokers choose the partition of a transactional id."""
    value = 0
    for character in text:
        value = (31 * value + ord(character)) % 2**32
    return value if value < 2**31 else 2**32 - value


def _files(settings: Settings, node: DevelopmentBroker) -> Sequence[Path]:
    """The newest segments of the partitions that are written to all the while."""
    topics = (f"{settings.topic_prefix}.events", f"{settings.topic_prefix}.sessions", settings.names.state("score"))
    folders = [folder for topic in topics for folder in (node.folder / "data").glob(f"{topic}-*")]
    return sorted(max(folder.glob("*.log")) for folder in folders)
