"""Writes the report, its pictures in a folder beside it: `python -m bench.report.write RESULTS PAGE` does so again."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.report.page import page
from bench.report.plots import draw_plots


def write_report(results: Mapping[str, Any], file: Path) -> None:
    """The page, and pictures where they can be drawn."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pictures = {}
    if importlib.util.find_spec("matplotlib"):
        drawn = draw_plots(results, file.with_suffix(""))
        pictures = {name: path.relative_to(file.parent).as_posix() for name, path in drawn.items()}
    file.write_text(page(results, pictures))


if __name__ == "__main__":
    write_report(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
