"""`docs/evaluation-models.md`, from the results that there are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evaluation.common.page import sections, write_page
from evaluation.common.result import EvaluationResult

_HEAD = """# How well the models do

<!-- Written by `make evaluate`: change the code in `evaluation/models`, not this page. -->

Data that others recorded, and the demo's traffic; every example is predicted before it is learned, and every figure is
over a whole run, from its first example on. What was tuned was tuned on one half of the SMS messages, on other orders
and other seeds. `python -m evaluation.models --only texts` runs one part; its data are beside the project, in
`../shared/data`.
"""


def write(results: Mapping[str, EvaluationResult], folder: Path) -> Path:
    """Writes the page and its plots; gives the page's path."""
    return write_page("models", render(results), results, folder)


def render(results: Mapping[str, EvaluationResult]) -> str:
    """The page as Markdown."""
    return _HEAD + sections("models", results)
