"""Peers in Python: each in an environment of its own, with its versions pinned; Faust in Weir's, as it comes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.contestants.contestant import Command, RunEnvironment, Traits
from bench.contestants.environment import python_of
from bench.contestants.jvm import fetch, java
from bench.contestants.topics import make_topic

ROOT = Path(__file__).parents[2]
PROGRAMS = "bench.contestants.peers"
CONNECTOR = ("flink-connector-kafka", "flink-connector-base", "kafka-clients")
TOOLS = ("msgspec==0.22.0", "xxhash==4.1.0")
"""What every peer's fold is made of."""


@dataclass(frozen=True)
class PythonPeer:
    """A program below `peers/`."""

    traits: Traits
    requirements: Sequence[str] = ()
    """None: Weir's own environment."""
    arguments: Sequence[str] = ()
    """Of the interpreter."""
    recovers_to: str = ""
    """Folder in its scratch folder that must be prepared for its recovery."""
    output_partitions: int = 0
    """Of its output topic, if not as many as the log has."""
    jars: str = ""
    """The lock of the jars that it needs; their program is Python all the same."""
    python: list[str] = field(default_factory=list)
    fetched: list[Path] = field(default_factory=list)

    def prepare(self, home: Path) -> None:
        """Makes its environment.

        Raises:
            UnavailableError: it does not install.
        """
        if self.jars:
            # The engine itself comes with the package.
            self.fetched[:] = [jar for jar in fetch(self.jars, home) if jar.name.startswith(CONNECTOR)]
        if not self.requirements:
            self.python[:] = [sys.executable]
            return
        self.python[:] = [str(python_of(self.traits.name, [*self.requirements, *TOOLS], home))]

    def lay_out(self, place: RunEnvironment) -> str:
        """Its output; whoever has a changelog makes it itself."""
        make_topic(place.settings, place.output, self.output_partitions or place.spec.partitions)
        return place.output

    def commands(self, place: RunEnvironment) -> list[Command]:
        """One process."""
        more = {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
        if self.jars:
            more |= {"BENCH_JARS": os.pathsep.join(map(str, self.fetched)), "JAVA_HOME": str(Path(java()).parents[1])}
        arguments = [argument.format(state=place.folder) for argument in self.arguments]
        if self.recovers_to:
            folder = place.folder / self.recovers_to
            folder.mkdir()
            subprocess.run([*self.python, "-m", "bytewax.recovery", str(folder), "1"], check=True, timeout=60)
        return [Command([*self.python, *arguments], place.environment() | more)]
