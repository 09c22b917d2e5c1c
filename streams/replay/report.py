"""`weir replay --report`: one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from streams.replay.figures import Figures
from streams.replay.plots import plots
from streams.replay.summary import ReplaySummary
from weir.errors import UsageError


def render(summary: ReplaySummary, figures: Figures, inputs: Sequence[str]) -> str:
    """The page: figures as tables, plots as inline SVG."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("streams.replay"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    drawn = [(title, Markup(svg)) for title, svg in plots(figures)]  # noqa: S704 -- matplotlib escapes its texts
    return environment.get_template("report.html").render(summary=summary, plots=drawn, inputs=inputs)


def check_report(path: Path) -> None:
    """Checks that the page can be written, before any work is done.

    Raises:
        UsageError: The file can't be written.
    """
    try:
        path.open("ab").close()
    except OSError as error:
        raise _not_written(path, error) from error


def write_report(path: Path, summary: ReplaySummary, figures: Figures, inputs: Sequence[str]) -> None:
    """Writes the page.

    Raises:
        UsageError: The file can't be written.
    """
    page = render(summary, figures, inputs)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise _not_written(path, error) from error


def _not_written(path: Path, error: OSError) -> UsageError:
    return UsageError(f"Can't write {path}: {error.strerror}.", "Name a file in a folder that exists.")
