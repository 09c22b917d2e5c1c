"""`docs/evaluation-rules.md`, from the results that there are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evaluation.common.page import markdown, sections, write_page
from evaluation.common.result import EvaluationResult, ResultTable
from evaluation.rules.share import COLUMNS, SERVED

_HEAD = """# How well the rules do

<!-- Written by `make evaluate`: change the code in `evaluation/rules`, not this page. -->

The first table says what is served: the shipped packs, the default level of paranoia, no list that is tested on. Recall
and false positives stand side by side, with Wilson's 95 % intervals, and with who saw the cases before: a figure on
cases that rules were written for, or tuned on, flatters. An interval says what chance does, not what such looking does.
Below, goals that were set before, on the same whole sets. Errors in others' data are named by file and line, since no
row of others' data is part of Weir. `python -m evaluation.rules --only payloads` runs one part; its data are
beside the project, in `../shared/data`.
"""


def write(results: Mapping[str, EvaluationResult], folder: Path) -> Path:
    """Writes the page and its plots; gives the page's path."""
    return write_page("rules", render(results), results, folder)


def render(results: Mapping[str, EvaluationResult]) -> str:
    """The page as Markdown: what is served is gathered from all parts at its head."""
    rows = [
        row for result in results.values() for table in result.tables if table.title == SERVED for row in table.rows
    ]
    served = f"\n{markdown(ResultTable(SERVED, COLUMNS, rows))}" if rows else ""
    return _HEAD + served + sections("rules", results, leave_out={SERVED})
