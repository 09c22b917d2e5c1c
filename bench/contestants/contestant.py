"""What a contestant is: how it is prepared, started, and known to be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from bench.events.spec import LogSpec
from weir.settings import Settings

Progress = Literal["group", "outputs", "status"]
"""How one sees how far it is: the group's committed offsets, the number of its outputs, or its own status page."""


@dataclass(frozen=True)
class Traits:
    """What the report and the judge must know of a contestant."""

    name: str
    title: str
    version: str
    exactly_once: bool
    remarks: str
    """How it is set up, and what it is spared."""
    finals: bool = True
    """Whether it publishes a session's last word when event time closes it."""
    patterns: bool = False
    """Whether all shipped patterns are matched."""
    extras: bool = False
    """Whether it may publish more often than all do: at a new pattern, and at the first event over budget."""
    progress: Progress = "group"
    slow: bool = False
    """Gets the short log: a tenth of the events is enough to tell, and the long one would take half an hour."""


@dataclass(frozen=True)
class RunEnvironment:
    """Where a contestant runs: a broker with the log, a scratch folder, names of its own."""

    settings: Settings
    spec: LogSpec
    folder: Path
    run: str
    """Names topics, groups and transactions, so that no run sees another's."""
    input: str

    @property
    def output(self) -> str:
        """The topic of its sessions."""
        return f"{self.run}.sessions"

    @property
    def group(self) -> str:
        """Its consumer group."""
        return f"{self.run}.group"

    def environment(self) -> dict[str, str]:
        """The same for peers, which know nothing of Weir."""
        return {
            "BENCH_BOOTSTRAP": self.settings.bootstrap_servers,
            "BENCH_INPUT": self.input,
            "BENCH_OUTPUT": self.output,
            "BENCH_GROUP": self.group,
            "BENCH_STATE": str(self.folder),
            "BENCH_PARTITIONS": str(self.spec.partitions),
            "BENCH_GAP_S": f"{self.spec.gap_s:g}",
            "BENCH_GRACE_S": f"{self.spec.grace_s:g}",
        }


@dataclass(frozen=True)
class Command:
    """A process to start."""

    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    status_url: str = ""
    """Where it tells its progress, if it does so itself."""


class Contestant(Protocol):
    """One way to do the work."""

    @property
    def traits(self) -> Traits:
        """What is known of it."""

    def prepare(self, home: Path) -> None:
        """Installs and builds what it needs below `home`; does nothing where that is done.

        Raises:
            UnavailableError: it can't be run here, and why.
        """

    def lay_out(self, place: RunEnvironment) -> str:
        """Makes the topics of a run, empty; returns the name of the one that sessions come out on."""

    def commands(self, place: RunEnvironment) -> list[Command]:
        """Its processes."""
