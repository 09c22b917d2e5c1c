"""The raw result of a part: a file of its own below `bench/results/`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from bench.parts import kind_of

FORMAT = "weir benchmark part, version 1"
STAMP = "%Y-%m-%dT%H%M"


class BadResultError(Exception):
    """A file among the results that can't be read as one; the message names it."""


class Commit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was measured."""

    name: str
    """Empty: unknown, as in a tree that is no clone."""
    clean: bool
    """Whether nothing but results and the page differed from it."""


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it was measured on."""

    processor: str
    processors: int
    memory_gib: int
    system: str


class Load(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The load average over 1, 5 and 15 minutes."""

    before: tuple[float, float, float]
    after: tuple[float, float, float]


class BenchResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part, once it was measured."""

    format: str
    part: str
    contestants: tuple[str, ...]
    taken: datetime
    """When it was begun."""
    took_s: float
    machine: Machine
    versions: dict[str, str]
    load: Load
    commit: Commit
    parameters: dict[str, Any]
    figures: dict[str, Any]

    @property
    def kind(self) -> str:
        """Of results of one kind, the newest counts."""
        return kind_of(self.part, self.contestants)

    @property
    def file_name(self) -> str:
        """What its file is called."""
        return f"{self.kind}-{self.taken.astimezone(UTC).strftime(STAMP)}.json"


def write_result(result: BenchResult, folder: Path) -> Path:
    """Writes it whole or not at all; its file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / result.file_name
    beside = file.with_suffix(".part")
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
    beside.replace(file)
    return file


def read_results(folder: Path) -> list[BenchResult]:
    """All that lie in a folder, in the order of their names.

    Raises:
        BadResultError: one of the files is none.
    """
    return [_read(file) for file in sorted(folder.glob("*.json"))]


def newest(results: Iterable[BenchResult]) -> list[BenchResult]:
    """Of each kind the one that was taken last, the newest first."""
    found: dict[str, BenchResult] = {}
    for result in sorted(results, key=lambda one: one.taken):
        found[result.kind] = result
    return sorted(found.values(), key=lambda one: one.taken, reverse=True)


def without_places(value: object, roots: Collection[str], host: str) -> object:
    """The same figures, but no text in them names a file by its whole path, or this machine."""
    if isinstance(value, dict):
        return {key: without_places(one, roots, host) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_places(one, roots, host) for one in value]
    if not isinstance(value, str):
        return value
    if roots:
        path = rf"(?<![\w/.])/(?:{'|'.join(map(re.escape, sorted(roots)))})(?:/[\w.+@-]+)*/([\w.+@-]+)"
        value = re.sub(path, r"\1", value)
    return re.sub(rf"\b{re.escape(host)}\b", "this machine", value) if host and host != "localhost" else value


def _read(file: Path) -> BenchResult:
    try:
        result = msgspec.json.decode(file.read_bytes(), type=BenchResult)
    except msgspec.DecodeError as error:
        raise BadResultError(f"{file.name} is no result of a part, or a torn one: {error}. Remove it.") from error
    if result.format != FORMAT:
        raise BadResultError(f"{file.name} has the format {result.format!r}; {FORMAT!r} is what can be read.")
    if result.taken.tzinfo is None:
        raise BadResultError(f"{file.name} says no time zone with when it was taken.")
    if result.file_name != file.name:
        raise BadResultError(f"{file.name} holds what belongs in {result.file_name}. Give it that name.")
    return result
