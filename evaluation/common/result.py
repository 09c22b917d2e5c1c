"""The result of a part of the evaluation: figures with their goals, tables, and plots."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Figure(msgspec.Struct):
    """One figure and its goal."""

    what: str
    value: float
    goal: float
    at_least: bool = True
    """Whether the goal is a minimum."""
    places: int = 4
    """Decimal places."""
    why: str = ""
    """The reason why the goal is missed, if it is known."""

    @property
    def is_reached(self) -> bool:
        """Whether the goal is met, by the exact and not the rounded value."""
        return self.value >= self.goal if self.at_least else self.value <= self.goal


class ResultTable(msgspec.Struct):
    """Rows of text under a title."""

    title: str
    columns: list[str]
    rows: list[list[str]]


class EvaluationResult(msgspec.Struct):
    """The result of one part."""

    title: str
    text: str
    figures: list[Figure] = []
    tables: list[ResultTable] = []
    plots: list[tuple[str, str]] = []
    """Name of the file and SVG."""
    seconds: float = 0.0


def draw(plot: Callable[[Axes], None]) -> str:
    """A plot as SVG that needs nothing else."""
    from matplotlib import rc_context  # noqa: PLC0415 -- an extra
    from matplotlib.figure import Figure as Canvas  # noqa: PLC0415 -- likewise

    # A fixed salt: the same figures give the same file.
    with rc_context({"svg.hashsalt": "weir"}):
        canvas = Canvas(figsize=(7, 3.2), layout="constrained")
        axes = canvas.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        plot(axes)
        buffer = io.StringIO()
        canvas.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
