"""The report's plots, as SVG. Needs the extra `plots`."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from streams.replay.learning import WINDOW
from weir.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from streams.replay.figures import Figures

COLOURS = {"allow": "#5b8c5a", "review": "#e0b040", "throttle": "#d97b29", "block": "#b23a48"}
LINE = "#2f6690"


def check_plots() -> None:
    """Checks that plots can be drawn, before any work is done.

    Raises:
        UsageError: Matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError("A report needs matplotlib, which is not installed.", "Run pip install 'weir[plots]'.")


def plots(figures: Figures) -> list[tuple[str, str]]:
    """Title and SVG of each plot that there is data for."""
    drawn: list[tuple[str, str]] = []
    if list(figures.times):
        drawn.append(("Events over time", _draw(lambda axes: _times(axes, figures))))
    if figures.sizes:
        drawn.append(("Sessions by their number of events", _draw(lambda axes: _sizes(axes, figures))))
    if figures.verdicts:
        drawn.append(("Flagged sessions by stage and verdict", _draw(lambda axes: _verdicts(axes, figures))))
    if figures.curve:
        drawn.append(("Learning: AUC on the newest window", _draw(lambda axes: _curve(axes, figures))))
    if figures.learning.points:
        drawn.append(("Flagged, with learning and without", _draw(lambda axes: _learning(axes, figures))))
    if figures.examples.examples:
        drawn.append(("Calibration of scores at the time of scoring", _draw(lambda axes: _calibration(axes, figures))))
    return drawn


def _draw(plot: Callable[[Axes], None]) -> str:
    from matplotlib.figure import Figure  # noqa: PLC0415 -- an extra

    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    plot(axes)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    svg = buffer.getvalue()
    return svg[svg.index("<svg") :]


def _times(axes: Axes, figures: Figures) -> None:
    bins = list(figures.times)
    width_s = figures.times.width_s
    starts = [datetime.fromtimestamp(start, UTC) for start, _ in bins]
    axes.vlines(starts, 0, [count for _, count in bins], color=LINE, linewidth=1.5)  # type: ignore[arg-type]
    axes.set_ylabel(f"events in {_span(width_s)}")
    axes.tick_params(axis="x", rotation=30)


def _span(seconds: float) -> str:
    for unit, name in ((86_400, "days"), (3_600, "hours")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds / 60:.3g} minutes"


def _sizes(axes: Axes, figures: Figures) -> None:
    sizes = sorted(figures.sizes)
    labels = [str(size) if size == 1 else f"{size}-{2 * size - 1}" for size in sizes]
    axes.bar(labels, [figures.sizes[size] for size in sizes], color=LINE)
    axes.set_xlabel("events")
    axes.set_ylabel("sessions")


def _verdicts(axes: Axes, figures: Figures) -> None:
    stages = sorted({stage for stage, _ in figures.verdicts})
    left = dict.fromkeys(stages, 0)
    for verdict, colour in COLOURS.items():
        counts = [figures.verdicts[stage, verdict] for stage in stages]
        if any(counts):
            axes.barh(stages, counts, left=list(left.values()), color=colour, label=verdict)
            left = {stage: left[stage] + count for stage, count in zip(stages, counts, strict=True)}
    axes.set_xlabel("sessions")
    axes.legend(frameon=False)


def _curve(axes: Axes, figures: Figures) -> None:
    for role in sorted({point.role for point in figures.curve}):
        points = [point for point in figures.curve if point.role == role]
        axes.plot([point.examples for point in points], [point.auc for point in points], label=role)
    axes.set_xlabel("examples learned")
    axes.set_ylabel("AUC")
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False)


def _learning(axes: Axes, figures: Figures) -> None:
    points = figures.learning.points
    answers = [point.answers for point in points]
    for name, style in (("with_learning", "-"), ("without", "--")):
        found = [getattr(point, name) for point in points]
        label = name.replace("_", " ")
        recall = [float("nan") if one.recall is None else one.recall for one in found]
        wrong = [float("nan") if one.false_positives is None else one.false_positives for one in found]
        axes.plot(answers, recall, style, color=LINE, label=f"abusive, {label}")
        axes.plot(answers, wrong, style, color=COLOURS["block"], label=f"benign, {label}")
    axes.set_xlabel("human labels")
    axes.set_ylabel(f"flagged, newest {WINDOW}")
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False)


def _calibration(axes: Axes, figures: Figures) -> None:
    tenths = figures.examples.calibration()
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle="--")
    sizes = [20 + 200 * tenth.examples / figures.examples.examples for tenth in tenths]
    axes.scatter([tenth.mean_score for tenth in tenths], [tenth.share_bad for tenth in tenths], s=sizes, color=LINE)
    axes.set_xlabel("mean score")
    axes.set_ylabel("share labelled bad")
