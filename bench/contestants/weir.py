"""Weir itself: `weir worker`, as a deployment starts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.contestants.contestant import Command, RunEnvironment, Traits
from bench.contestants.forms import PURE, require_two_forms
from bench.contestants.topics import remove_topics
from bench.measures.worker import WEIR, environment_of
from rules.heuristics.patterns import SHIPPED
from weir import __version__
from weir.broker import free_port
from weir.kafka.admin import create_topics
from weir.settings import Settings
from weir.topics import EVENTS, PUBLIC, SESSIONS

NO_BUDGETS = 'version: "none"\nbudgets: []\n'
EMPTY_PACK = 'pack: {name}\nversion: "none"\nowner: bench\ndescription: Takes the place of the shipped one.\n'
LONG_S = 86_400.0
"""Nothing may be appended to the log that everybody reads, however long it lies there."""


@dataclass(frozen=True)
class Weir:
    """One worker process for each group of stages."""

    name: str
    title: str
    remarks: str
    processes: Sequence[str] = ("sessionize",)
    """Stages of each process, as `--stages` takes them."""
    plain: bool = False
    """Without patterns and budgets, as peers are."""
    packs: Sequence[Path] = ()
    """Packs of patterns of one's own."""
    more: Mapping[str, object] = field(default_factory=dict)
    """Settings."""
    is_pure: bool = False
    """Whether it runs as Python, although parts of it are compiled."""

    @property
    def traits(self) -> Traits:
        """What is known of it."""
        return Traits(
            self.name,
            self.title,
            __version__,
            exactly_once=True,
            remarks=self.remarks,
            patterns=not self.plain,
            extras=not self.plain,
            progress="status",
        )

    def prepare(self, home: Path) -> None:  # noqa: ARG002 -- of the contract
        """It is installed already.

        Raises:
            UnavailableError: there is no compiled form beside the one in Python, or it can't be turned off.
        """
        if self.is_pure:
            require_two_forms()

    def lay_out(self, place: RunEnvironment) -> str:
        """Public topics but that of events are made anew: no run may read what another wrote."""
        settings = self._settings(place)
        names = [settings.names.public(topic) for topic in PUBLIC if topic is not EVENTS]
        remove_topics(settings, lambda name: name in names)
        create_topics(settings)
        return settings.names.public(SESSIONS)

    def commands(self, place: RunEnvironment) -> list[Command]:
        """A worker for each group of stages."""
        settings = self._settings(place)
        environment = environment_of(settings) | (PURE if self.is_pure else {})
        started = []
        for stages in self.processes:
            port = free_port()
            arguments = [str(WEIR), "worker", "--stages", stages, "--web-port", str(port)]
            started.append(Command(arguments, environment, f"http://127.0.0.1:{port}"))
        return started

    def _settings(self, place: RunEnvironment) -> Settings:
        chosen: dict[str, object] = {
            "bootstrap_servers": place.settings.bootstrap_servers,
            "application_id": place.run,
            "topic_prefix": place.settings.topic_prefix,
            "partitions": place.spec.partitions,
            "gap_s": place.spec.gap_s,
            "grace_s": place.spec.grace_s,
            "idle_timeout_s": LONG_S,
            "log_level": "warning",
        }
        if self.plain:
            chosen |= _without_rules(place.folder, self.packs)
        return Settings(**(chosen | dict(self.more)))  # type: ignore[arg-type]  # pydantic checks them


def _without_rules(folder: Path, others: Sequence[Path]) -> dict[str, object]:
    """No budgets, and an empty pack in the place of each that is shipped."""
    budgets = folder / "budgets.yaml"
    budgets.write_text(NO_BUDGETS)
    packs = []
    for shipped in sorted(SHIPPED.glob("*.yaml")):
        pack = folder / shipped.name
        pack.write_text(EMPTY_PACK.format(name=shipped.stem))
        packs.append(pack)
    return {"limits_file": budgets, "pack_files": (*packs, *others)}
