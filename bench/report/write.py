"""Writes the page from a folder of results, its pictures in a folder beside it."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from pathlib import Path

from bench.report.page import page
from bench.report.plots import draw_plots
from bench.result import newest, read_results


def write_report(results: Path, file: Path, now: datetime | None = None) -> None:
    """The page, and pictures where they can be drawn.

    Raises:
        BadResultError: something among the results is none; the page stays as it was.
    """
    found, moment = newest(read_results(results)), now or datetime.now(UTC)
    page(found, {}, moment)
    file.parent.mkdir(parents=True, exist_ok=True)
    pictures = {}
    if importlib.util.find_spec("matplotlib"):
        drawn = draw_plots(found, file.with_suffix(""))
        pictures = {kind: path.relative_to(file.parent).as_posix() for kind, path in drawn.items()}
    file.write_text(page(found, pictures, moment))
