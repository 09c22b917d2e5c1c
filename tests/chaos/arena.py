"""Where a run takes place: nodes of Kafka, proxies in front of them, topics, settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.answers import TRUSTED
from tests.chaos.cleaning import clean_eagerly
from tests.chaos.proxy import HOST, Proxy
from weir.broker import DevelopmentBroker, Voter, directory_id, free_port
from weir.kafka.admin import create_topics
from weir.settings import Settings

START_TIMEOUT_S = 90.0
PROPERTIES: Mapping[str, str] = {
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
    "group.min.session.timeout.ms": "1000",
    # The cleaner looks for work once a second; `cleaning.py` makes some.
    "log.cleaner.backoff.ms": "1000",
}


@dataclass(frozen=True)
class Arena:
    """All that a run has around its workers."""

    nodes: list[DevelopmentBroker]
    proxies: list[Proxy]
    direct: Settings
    """For load and judges: past the proxies."""
    proxied: Settings
    """For workers."""


@contextmanager
def arena(folder: Path, nodes: int, partitions: int) -> Iterator[Arena]:
    """Starts nodes with a proxy before each, makes the topics, and ends all of it afterwards."""
    voters = [Voter(number, free_port(), directory_id()) for number in range(1, nodes + 1)]
    with ExitStack() as stack:
        brokers, proxies = [], []
        for voter in voters:
            port, inner, outer = free_port(), free_port(), free_port()
            listeners = {"PLAINTEXT": port, "VIA": inner, "CONTROLLER": voter.controller_port}
            advertised = listeners | {"VIA": outer}
            broker = DevelopmentBroker(
                folder / f"node-{voter.node_id}",
                port=port,
                profile="load" if nodes == 1 else "dev",
                node_id=voter.node_id,
                voters=voters,
                properties={
                    **PROPERTIES,
                    **_patience(nodes),
                    "listeners": _addresses(listeners),
                    "advertised.listeners": _addresses(advertised),
                    "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in listeners),
                    "inter.broker.listener.name": "PLAINTEXT",
                },
            )
            stack.callback(broker.stop, kill=True)
            broker.launch()
            brokers.append(broker)
            proxies.append(stack.enter_context(Proxy(outer, to=inner)))
        for broker in brokers:
            broker.wait_until_up(START_TIMEOUT_S)
        direct = _settings([broker.port for broker in brokers], partitions)
        create_topics(direct)
        clean_eagerly(direct)
        yield Arena(brokers, proxies, direct, _settings([proxy.port for proxy in proxies], partitions))


def _patience(nodes: int) -> dict[str, str]:
    """A node that was killed is taken back when its last life's session is over: nine seconds, by Kafka's default.

    Several nodes share the machine's cores, and may be late with their heartbeats.
    """
    session_ms = 2_000 if nodes == 1 else 4_000
    return {"broker.session.timeout.ms": str(session_ms), "broker.heartbeat.interval.ms": str(session_ms // 5)}


def _addresses(listeners: Mapping[str, int]) -> str:
    return ",".join(f"{name}://{HOST}:{port}" for name, port in listeners.items())


def _settings(ports: list[int], partitions: int) -> Settings:
    return Settings(
        bootstrap_servers=",".join(f"{HOST}:{port}" for port in ports),
        partitions=partitions,
        replication_factor=min(3, len(ports)),
        application_id="chaos",
        topic_prefix="chaos",
        # Sessions of seconds, so that a run of minutes sees all of their lives.
        gap_s=6.0,
        grace_s=3.0,
        idle_timeout_s=2.0,
        max_ahead_s=1.0,
        # Small, so that traffic with records beyond it stays light.
        max_record_bytes=20_000,
        session_timeout_s=4.0,
        transaction_timeout_s=5.0,
        checkpoint_interval_s=2.0,
        stall_timeout_s=60.0,
        recovery_timeout_s=60.0,
        shadow=frozenset({"rate_limit", "model", "business_rule"}),
        human_sources=TRUSTED,
    )
