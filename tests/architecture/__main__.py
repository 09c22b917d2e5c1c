"""`make rooms`: the import graph by rooms; exit code 1 where an edge goes against the layers, or in a circle."""

from __future__ import annotations

import argparse
import sys

from tests.architecture.picture import mermaid, text, with_picture
from tests.architecture.rooms import ROOT, Layers, cycle, edges, upward

PAGE = ROOT / "docs" / "design.md"


def main() -> int:
    """Prints the graph, or writes its picture."""
    parser = argparse.ArgumentParser(prog="python -m tests.architecture", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"put the picture into {PAGE.relative_to(ROOT)}")
    wanted = parser.parse_args()
    layers = Layers.from_project()
    graph = edges(layers)
    sys.stdout.write(f"{text(layers, graph)}\n")
    wrong = [f"{importer} imports {imported}, against the layers" for importer, imported in upward(layers, graph)]
    if circle := cycle(graph):
        wrong.append(f"these rooms import one another in a circle: {', '.join(circle)}")
    if wanted.write:
        PAGE.write_text(with_picture(PAGE.read_text(), mermaid(layers, graph)))
    sys.stdout.write(
        "".join(f"{line}\n" for line in wrong) or "No edge goes against the layers, and none in a circle.\n"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
