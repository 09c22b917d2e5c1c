"""An evaluation's page in Markdown: figures beside their goals, then the text, tables and plots of each part."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from evaluation.common.result import EvaluationResult, Figure, ResultTable


def write_page(name: str, page: str, results: Mapping[str, EvaluationResult], folder: Path) -> Path:
    """Writes the page `evaluation-{name}.md` and the plots that it shows.

    Returns:
        The page's path.
    """
    plots = folder / "evaluation"
    plots.mkdir(parents=True, exist_ok=True)
    for result in results.values():
        for plot, svg in result.plots:
            (plots / f"{name}-{plot}.svg").write_text(svg, encoding="utf-8")
    path = folder / f"evaluation-{name}.md"
    path.write_text(page, encoding="utf-8")
    return path


def sections(name: str, results: Mapping[str, EvaluationResult], leave_out: Collection[str] = ()) -> str:
    """The summary of all figures, then each part; tables whose title is in `leave_out` are not shown."""
    figures = [figure for result in results.values() for figure in result.figures]
    parts = [_summary(figures), *_missed(figures)]
    for result in results.values():
        parts.append(f"\n## {result.title}\n\n{result.text}\n")
        parts += [f"\n{markdown(table)}" for table in result.tables if table.title not in leave_out]
        parts += [f"\n![{result.title}: {plot}](evaluation/{name}-{plot}.svg)\n" for plot, _ in result.plots]
    return "".join(parts)


def markdown(table: ResultTable) -> str:
    """A table in Markdown under its title; a table without rows is one line."""
    if not table.rows:
        return f"{table.title}: none.\n" if table.title else ""
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in table.rows]
    lines = [table.columns, ["---"] * len(table.columns), *escaped]
    body = "".join(f"| {' | '.join(row)} |\n" for row in lines)
    return f"{table.title}:\n\n{body}" if table.title else body


def line(figure: Figure) -> str:
    """One figure beside its goal, as the command prints it."""
    verdict = "reached" if figure.is_reached else "missed"
    return f"{figure.what}: {_value(figure)} ({_goal(figure)}: {verdict})"


def _summary(figures: Iterable[Figure]) -> str:
    rows = [[figure.what, _value(figure), _goal(figure), "yes" if figure.is_reached else "no"] for figure in figures]
    return f"\n{markdown(ResultTable('', ['what', 'value', 'goal', 'reached'], rows))}"


def _missed(figures: Iterable[Figure]) -> list[str]:
    missed = [figure for figure in figures if not figure.is_reached]
    return [f"\nMissed: {figure.what}. {figure.why}".rstrip() + "\n" for figure in missed]


def _value(figure: Figure) -> str:
    return f"{figure.value:.{figure.places}f}"


def _goal(figure: Figure) -> str:
    return f"{'≥' if figure.at_least else '≤'} {figure.goal:g}"
