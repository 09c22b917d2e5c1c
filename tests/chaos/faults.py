"""What can go wrong, each as a method: it begins, lasts, and is over when the method returns."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition

from tests.chaos.fleet import Fleet, Member
from tests.chaos.plan import Planned
from tests.chaos.proxy import Proxy
from weir.broker import DevelopmentBroker
from weir.cluster import admin
from weir.settings import Settings
from weir.topics import EVENTS

READY_TIMEOUT_S = 60.0
STEP_S = 0.05


@dataclass
class Faults:
    """The faults, and what they act upon."""

    settings: Settings
    """With a session timeout, which some of them outlast."""
    fleet: Fleet
    nodes: Sequence[DevelopmentBroker]
    proxies: Sequence[Proxy]
    randomness: random.Random = field(default_factory=random.Random)

    def happen(self, planned: Planned) -> None:
        """Has a planned fault happen, with its own seed."""
        self.randomness = random.Random(planned.seed)
        getattr(self, planned.fault)()

    def kill(self) -> None:
        """SIGKILL, whatever the worker is doing."""
        if member := self.fleet.some(self.randomness):
            member.send(signal.SIGKILL)

    def kill_again_while_it_recovers(self) -> None:
        """SIGKILL of one, and of each of the next few within moments of their start."""
        for _ in range(3):
            self.kill()
            self._last(self.randomness.uniform(0.5, 4.0))

    def pause_past_the_session(self) -> None:
        """SIGSTOP until the group has given the partitions to others, then SIGCONT: a zombie wakes up."""
        if member := self.fleet.some(self.randomness):
            member.send(signal.SIGSTOP)
            self._last(self.settings.session_timeout_s + self.randomness.uniform(2.0, 6.0))
            member.send(signal.SIGCONT)

    def terminate(self) -> None:
        """SIGTERM, under load."""
        if member := self.fleet.some(self.randomness):
            member.send(signal.SIGTERM)

    def bounce(self) -> None:
        """A node is stopped in order, and started again."""
        self._bounce(self.randomness.uniform(0.0, 2.0), kill=False)

    def hard_bounce(self) -> None:
        """A node is killed, and started again: often the coordinator of somebody's transactions."""
        self._bounce(self.randomness.uniform(0.0, 2.0), kill=True)

    def outage(self) -> None:
        """All nodes are gone for longer than sessions and transactions last."""
        for node in self.nodes:
            node.stop(kill=True)
        self._last(max(self.settings.session_timeout_s, self.settings.transaction_timeout_s) + 3.0)
        self._start(self.nodes)

    def storm(self) -> None:
        """Workers join and leave every few seconds."""
        usual = self.fleet.wanted
        for _ in range(4):
            self.fleet.resize(usual + 1)
            self._last(self.randomness.uniform(1.0, 3.0))
            self.fleet.resize(max(1, usual - 1))
            self._last(self.randomness.uniform(1.0, 3.0))
        self.fleet.resize(usual)

    def more_workers_than_partitions(self) -> None:
        """Some have nothing to do, until others go."""
        usual = self.fleet.wanted
        self.fleet.resize(self.settings.partitions + 1)
        self._last(6.0)
        self.fleet.resize(usual)

    def rolling_restart(self) -> None:
        """One after another ends in order; the next waits until all are ready."""
        for member in list(self.fleet.members):
            member.send(signal.SIGTERM)
            self._until_ready(without=member)

    def delay(self) -> None:
        """The network takes its time."""
        for proxy in self.proxies:
            proxy.delay_s = self.randomness.uniform(0.02, 0.2)
        self._last(6.0)
        for proxy in self.proxies:
            proxy.delay_s = 0.0

    def cut(self) -> None:
        """Every connection is reset, several times."""
        for _ in range(self.randomness.randint(1, 5)):
            for proxy in self.proxies:
                proxy.cut()
            self._last(self.randomness.uniform(0.2, 1.5))

    def half_open(self) -> None:
        """Connections stand and carry nothing, for longer than a member may be silent."""
        for proxy in self.proxies:
            proxy.hold(holding=True)
        self._last(self.settings.session_timeout_s + self.randomness.uniform(0.0, 4.0))
        for proxy in self.proxies:
            proxy.hold(holding=False)

    def offsets_reset(self) -> None:
        """All workers end, and the group's offsets are set to the start: positions come from our state alone."""
        usual = self.fleet.wanted
        self.fleet.resize(0)
        self._until(lambda: not self.fleet.members)
        topic = self.settings.names.public(EVENTS)
        start = [TopicPartition(topic, number, 0) for number in range(self.settings.partitions)]
        client = admin(self.settings)
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline:
            groups = client.list_consumer_groups().result().valid
            asked = [ConsumerGroupTopicPartitions(group.group_id, start) for group in groups]
            try:
                for future in client.alter_consumer_group_offsets(asked[:1]).values() if asked else ():
                    future.result()
                break
            except KafkaException:
                self._last(STEP_S)
        self.fleet.resize(usual)

    def _bounce(self, down_s: float, *, kill: bool) -> None:
        node = self.randomness.choice(list(self.nodes))
        node.stop(kill=kill)
        self._last(down_s)
        self._start([node])

    def _start(self, nodes: Sequence[DevelopmentBroker]) -> None:
        for node in nodes:
            node.launch()
        for node in nodes:
            node.wait_until_up(READY_TIMEOUT_S)

    def _until_ready(self, without: Member) -> None:
        self._until(lambda: without not in self.fleet.members and self.fleet.is_ready)

    def _until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not reached() and time.monotonic() < deadline:
            self._last(STEP_S)

    @staticmethod
    def _last(seconds: float) -> None:
        """A fault has a length: this is no waiting for something."""
        time.sleep(seconds)
