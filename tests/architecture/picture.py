"""The graph as text for a terminal, and as a picture for `docs/design.md`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.architecture.rooms import Edge, Layers

BEGIN = "<!-- The picture of the layers: written by `python -m tests.architecture --write`. -->"
END = "<!-- End of the picture. -->"
LOWEST_WITH_ARROWS = "weir.kafka"
"""All rooms on the lines below it may be imported by all, and would blur the picture."""


def text(layers: Layers, graph: Mapping[Edge, int]) -> str:
    """A line for each room, from the roof down: what it imports, and by how many imports."""
    told = []
    for number, line in enumerate(layers.lines):
        for room in line:
            below = sorted(((imported, n) for (one, imported), n in graph.items() if one == room), key=_by_line(layers))
            told.append(f"{number + 1:2} {room:22} -> " + (", ".join(f"{name} {n}" for name, n in below) or "nothing"))
    return "\n".join(told)


def mermaid(layers: Layers, graph: Mapping[Edge, int]) -> str:
    """Rooms from the roof down, with the arrows that no longer path implies.

    The ground floor, which all may import, is one box without arrows.
    """
    ground = layers.line_of(LOWEST_WITH_ARROWS) + 1
    lines = ["```mermaid", "flowchart TD"]
    for line in layers.lines[:ground]:
        lines += [f'  {_node(room)}["{room}"]' for room in line]
    names = "<br>".join(", ".join(line) for line in layers.lines[ground:])
    lines.append(f'  ground["{names}"]')
    above = {edge: n for edge, n in graph.items() if all(layers.line_of(room) < ground for room in edge)}
    lines += [f"  {_node(one)} --> {_node(other)}" for one, other in sorted(needed(above))]
    lines += [f"  {_node(room)} --> ground" for room in layers.lines[ground - 1]]
    return "\n".join([*lines, "```"])


def needed(graph: Mapping[Edge, int]) -> set[Edge]:
    """The edges without those that a longer path implies: fewer arrows say the same."""
    below: dict[str, set[str]] = {}
    for one, other in graph:
        below.setdefault(one, set()).add(other)

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        waiting = [start]
        while waiting:
            for other in below.get(waiting.pop(), set()) - found:
                found.add(other)
                waiting.append(other)
        return found

    return {
        (one, other)
        for one, others in below.items()
        for other in others
        if not any(other in reached(between) for between in others - {other})
    }


def with_picture(page: str, picture: str) -> str:
    """The page with the picture in its place.

    Raises:
        ValueError: the page has no place for one.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The page lacks {BEGIN!r} or {END!r}")
    return f"{before}{BEGIN}\n{picture}\n{END}{after}"


def _node(room: str) -> str:
    return room.replace(".", "_")


def _by_line(layers: Layers) -> Callable[[tuple[str, int]], tuple[int, str]]:
    return lambda one: (layers.line_of(one[0]), one[0])
