"""The Faust application of a worker: group membership, assignment and agents, with our transport under it."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import faust
from faust.types import StreamT
from yarl import URL

from streams.engine.fetched import Fetched, FetchPosition
from streams.engine.plan import StagePlan
from streams.engine.transport import BatchTopic, BatchTransport
from weir.kafka.groups import group_name
from weir.kafka.records import PartitionId
from weir.settings import Settings

_FETCH_BYTES = 4_194_304
"""Of one partition: with `max_batch_records`, what bounds a transaction."""
_QUEUED_BATCHES = 8
_COMMIT_INTERVAL_S = 2.8
_REBALANCE_TIMEOUT_S = 60.0
_NO_POLL_INTERVAL_S = 20 * 86_400.0


class Application(faust.App):
    """A Faust app that keeps nothing on disk."""

    def _create_directories(self) -> None:
        pass


def make_application(
    settings: Settings,
    plans: Sequence[StagePlan],
    take: Callable[[str, Fetched], Awaitable[None]],
    fetch_positions: Callable[[], Mapping[PartitionId, FetchPosition]],
    durable: Callable[[], Mapping[PartitionId, int]],
) -> Application:
    """An app with one agent a stage; it isn't started.

    Args:
        settings: the settings in force.
        plans: the stages of this worker; together they are one consumer group.
        take: called with stage and batch, one after another for each stage; it must not raise.
        fetch_positions: where fetching of each recovered partition must go on.
        durable: up to where everything is committed.
    """
    app = Application(
        group_name(settings.application_id, [plan.name for plan in plans]),
        **_broker_options(settings),
        **_FOR_BATCHES,
        **_WITHOUT_FAUSTS_OWN,
        web_bind=settings.web_host,
        web_host=settings.web_host,
        web_port=settings.web_port or None,
    )
    transport = BatchTransport(app.conf.broker_consumer, app)
    transport.fetch_positions, transport.durable = fetch_positions, durable
    app.transport = transport
    for plan in plans:
        _add_agent(app, settings, plan, take)
    app.finalize()
    return app


def _broker_options(settings: Settings) -> Mapping[str, Any]:
    """How the group's consumer talks to the brokers."""
    return {
        "broker": [URL(f"kafka://{server.strip()}") for server in settings.bootstrap_servers.split(",")],
        "broker_credentials": _credentials(settings),
        "broker_max_poll_records": settings.max_batch_records,
        "broker_session_timeout": settings.session_timeout_s,
        "broker_heartbeat_interval": settings.session_timeout_s / 5,
        "broker_rebalance_timeout": _REBALANCE_TIMEOUT_S,
        "broker_request_timeout": max(40.0, settings.session_timeout_s),
        # Nothing is fetched during a recovery, and that must not look like a member that hangs: health.py knows better.
        "broker_max_poll_interval": _NO_POLL_INTERVAL_S,
        "broker_commit_interval": _COMMIT_INTERVAL_S,
        # Positions come from our state; a position that the log doesn't have is lost input, and no reason to jump.
        "consumer_auto_offset_reset": "none",
        "consumer_max_fetch_size": _FETCH_BYTES,
    }


_FOR_BATCHES: Mapping[str, Any] = {
    "stream_buffer_maxsize": _QUEUED_BATCHES,
    "stream_recovery_delay": 0.0,
    # 0 would select another assignor, which doesn't keep partitions of the inputs of one stage together.
    "table_standby_replicas": 1,
    "Topic": BatchTopic,
    "value_serializer": "raw",
}
_WITHOUT_FAUSTS_OWN: Mapping[str, Any] = {
    "store": URL("memory://"),
    "topic_allow_declare": False,
    "topic_disable_leader": True,
    "web_enabled": False,
    "web_tables_enabled": False,
    "web_router_enabled": False,
    "autodiscover": False,
}
"""State, topics and the web server are the engine's."""


def _add_agent(
    app: Application, settings: Settings, plan: StagePlan, take: Callable[[str, Fetched], Awaitable[None]]
) -> None:
    async def work(stream: StreamT[Any]) -> None:
        async for event in stream.events():
            await take(plan.name, event.value)

    names = [settings.names.public(topic) for topic in plan.inputs]
    app.agent(app.topic(*names), name=f"{plan.name}", concurrency=1)(work)


def _credentials(settings: Settings) -> faust.SASLCredentials | faust.SSLCredentials | None:
    context = None
    if "SSL" in settings.security_protocol:
        context = ssl.create_default_context(cafile=str(settings.ssl_ca_file) if settings.ssl_ca_file else None)
    if settings.security_protocol.startswith("SASL"):
        password = settings.sasl_password.get_secret_value() if settings.sasl_password else ""
        return faust.SASLCredentials(
            username=settings.sasl_username,
            password=password,
            ssl_context=context,
            mechanism=settings.sasl_mechanism,
        )
    return faust.SSLCredentials(context) if context else None
