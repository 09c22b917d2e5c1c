"""`docs/evaluation-models.md`, from the results that there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from evaluation.models.result import EvaluationResult, Figure, ResultTable

_HEAD = """# How well the models do

<!-- Written by `make evaluate`: change the code in `evaluation/models`, not this page. -->

Data that others recorded, and the demo's traffic; every example is predicted before it is learned, and every figure is
over a whole run, from its first example on. What was tuned was tuned on one half of the SMS messages, on other orders
and other seeds. `python -m evaluation.models --only texts` runs one part; its data are beside the project, in
`../shared/data`.
"""


def write(results: Mapping[str, EvaluationResult], folder: Path) -> Path:
    """Writes the page and its plots; gives the page's path."""
    plots = folder / "evaluation"
    plots.mkdir(parents=True, exist_ok=True)
    for result in results.values():
        for name, svg in result.plots:
            (plots / f"models-{name}.svg").write_text(svg, encoding="utf-8")
    page = folder / "evaluation-models.md"
    page.write_text(render(results), encoding="utf-8")
    return page


def render(results: Mapping[str, EvaluationResult]) -> str:
    """The page as Markdown."""
    figures = [figure for result in results.values() for figure in result.figures]
    parts = [_HEAD, _summary(figures), *_missed(figures)]
    for result in results.values():
        parts.append(f"\n## {result.title}\n\n{result.text}\n")
        parts += [f"\n{_table(table)}" for table in result.tables]
        parts += [f"\n![{result.title}: {name}](evaluation/models-{name}.svg)\n" for name, _ in result.plots]
    return "".join(parts)


def line(figure: Figure) -> str:
    """One figure beside its goal."""
    sign = "≥" if figure.at_least else "≤"
    verdict = "reached" if figure.is_reached else "missed"
    return f"{figure.what}: {figure.value:.{figure.places}f} ({sign} {figure.goal:g}: {verdict})"


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
    lines = [table.columns, ["---"] * len(table.columns), *table.rows]
    body = "".join(f"| {' | '.join(row)} |\n" for row in lines)
    return f"{table.title}:\n\n{body}" if table.title else body
