"""`docs/evaluation-rules.md`, from the results that there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from evaluation.models.result import EvaluationResult, Figure, ResultTable
from evaluation.rules.share import COLUMNS, SERVED

_HEAD = """# How well the rules do

<!-- Written by `make evaluate`: change the code in `evaluation/rules`, not this page. -->

The first table says what is served: the shipped packs, the default level of paranoia, no list that is tested on. Recall
and false positives stand side by side, with Wilson's 95 % intervals, and with who saw the cases before: a figure on
cases that rules were written for, or tuned on, flatters. An interval says what chance does, not what such looking does.
Below, goals that were set before, on the same whole sets. Errors in others' data are told by file and line, since no
row of others' data is part of Weir. `python -m evaluation.rules --only payloads` runs one part; its data are
beside the project, in `../shared/data`.
"""


def write(results: Mapping[str, EvaluationResult], folder: Path) -> Path:
    """Writes the page and its plots; gives the page's path."""
    plots = folder / "evaluation"
    plots.mkdir(parents=True, exist_ok=True)
    for result in results.values():
        for name, svg in result.plots:
            (plots / f"rules-{name}.svg").write_text(svg, encoding="utf-8")
    page = folder / "evaluation-rules.md"
    page.write_text(render(results), encoding="utf-8")
    return page


def render(results: Mapping[str, EvaluationResult]) -> str:
    """The page as Markdown."""
    figures = [figure for result in results.values() for figure in result.figures]
    rows = [
        row for result in results.values() for table in result.tables if table.title == SERVED for row in table.rows
    ]
    served = [f"\n{_table(ResultTable(SERVED, COLUMNS, rows))}"] if rows else []
    parts = [_HEAD, *served, _summary(figures), *_missed(figures)]
    for result in results.values():
        parts.append(f"\n## {result.title}\n\n{result.text}\n")
        parts += [f"\n{_table(table)}" for table in result.tables if table.title != SERVED]
        parts += [f"\n![{result.title}: {name}](evaluation/rules-{name}.svg)\n" for name, _ in result.plots]
    return "".join(parts)


def _summary(figures: Iterable[Figure]) -> str:
    rows = [
        [
            figure.what,
            f"{figure.value:.{figure.places}f}",
            f"{'≥' if figure.at_least else '≤'} {figure.goal:g}",
            "yes" if figure.is_reached else "no",
        ]
        for figure in figures
    ]
    return f"\n{_table(ResultTable('', ['what', 'value', 'goal', 'reached'], rows))}"


def _missed(figures: Iterable[Figure]) -> list[str]:
    missed = [figure for figure in figures if not figure.is_reached]
    return [f"\nMissed: {figure.what}. {figure.why}".rstrip() + "\n" for figure in missed]


def _table(table: ResultTable) -> str:
    if not table.rows:
        return f"{table.title}: none.\n" if table.title else ""
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in table.rows]
    lines = [table.columns, ["---"] * len(table.columns), *escaped]
    body = "".join(f"| {' | '.join(row)} |\n" for row in lines)
    return f"{table.title}:\n\n{body}" if table.title else body
