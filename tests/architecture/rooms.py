"""The import graph by rooms, as the layers' contract in `pyproject.toml` names them.

A room is a name on a line of the contract: a package with everything in it, or one module. `make rooms` prints the
graph, and `python -m tests.architecture --write` puts its picture into `docs/design.md`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
PACKAGES = ("weir", "streams", "rules", "models")
Edge = tuple[str, str]


@dataclass(frozen=True)
class Layers:
    """The lines of the contract from the roof down, and the names on each."""

    lines: tuple[tuple[str, ...], ...]
    independent: frozenset[int]
    """Lines whose names know nothing of one another."""

    @classmethod
    def from_project(cls, project: Path = ROOT) -> Layers:
        """As `pyproject.toml` declares them."""
        declared = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
        written = next(contract["layers"] for contract in declared if contract["id"] == "layers")
        lines = tuple(tuple(re.split(r"\s*[|:]\s*", line)) for line in written)
        return cls(lines, frozenset(number for number, line in enumerate(written) if ":" not in line))

    @property
    def rooms(self) -> Sequence[str]:
        """Every room, from the roof down."""
        return [room for line in self.lines for room in line]

    def line_of(self, room: str) -> int:
        """The number of the room's line, from the roof down."""
        return next(number for number, line in enumerate(self.lines) if room in line)

    def room_of(self, module: str) -> str | None:
        """The room that a module lies in; None for a package that only holds rooms."""
        found = [room for room in self.rooms if module == room or module.startswith(f"{room}.")]
        return max(found, key=len, default=None)


def edges(layers: Layers) -> Mapping[Edge, int]:
    """How many imports lead from one room to another.

    Raises:
        LookupError: a module lies in no room.
    """
    graph = grimp.build_graph(*PACKAGES, include_external_packages=False, cache_dir=None)
    found: dict[Edge, int] = {}
    for module in sorted(graph.modules):
        importer = layers.room_of(module)
        if importer is None:
            if graph.find_modules_directly_imported_by(module) or module not in {"weir", "streams"}:
                raise LookupError(f"{module} has no line in the contract of the layers")
            continue
        for imported in graph.find_modules_directly_imported_by(module):
            target = layers.room_of(imported)
            if target is not None and target != importer:
                found[importer, target] = found.get((importer, target), 0) + 1
    return found


def upward(layers: Layers, graph: Mapping[Edge, int]) -> Iterator[Edge]:
    """Edges against the layers: upwards, or within a line whose names know nothing of one another."""
    for importer, imported in graph:
        above, below = layers.line_of(importer), layers.line_of(imported)
        if above > below or (above == below and above in layers.independent):
            yield importer, imported


def cycle(graph: Mapping[Edge, int]) -> list[str]:
    """The rooms of a cycle; empty if there is none."""
    below: dict[str, set[str]] = {}
    for importer, imported in graph:
        below.setdefault(importer, set()).add(imported)
        below.setdefault(imported, set())
    # Rooms that import nothing of what is left are taken away, until none can be.
    while free := {room for room, imported in below.items() if not imported & below.keys()}:
        below = {room: imported for room, imported in below.items() if room not in free}
    return sorted(below)
