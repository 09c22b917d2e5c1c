"""The report's plots, as SVG. Needs the extra `plots`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.report.figures import wrong
from bench.result import BenchResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Figures = Mapping[str, Any]
OURS, THEIRS, LINE = "#2f6690", "#b9b4a8", "#b23a48"


def draw_plots(results: Sequence[BenchResult], folder: Path) -> dict[str, Path]:
    """Draws what there are results for; kind to file. The folder's earlier pictures go."""
    for old in folder.glob("*.svg"):
        old.unlink()
    drawings: dict[str, Callable[[Axes, Figures], None]] = {
        "latency": _latency,
        "visitors": lambda axes, found: _costs(axes, found, "visitors", is_log=True),
        "patterns": lambda axes, found: _costs(axes, found, "patterns", is_log=False),
        "scale": _scale,
    }
    drawn = {}
    for result in results:
        drawing = drawings.get(result.part)
        if result.figures.get("traits") and any(
            run["contestant"] not in wrong(result) for run in result.figures["runs"]
        ):
            drawing = _throughput(wrong(result))
        if drawing:
            folder.mkdir(parents=True, exist_ok=True)
            drawn[result.kind] = folder / f"{result.kind}.svg"
            _draw(drawing, result.figures, drawn[result.kind])
    return drawn


def _draw(drawing: Callable[[Axes, Figures], None], found: Figures, file: Path) -> None:
    import matplotlib as mpl  # noqa: PLC0415 -- an extra
    from matplotlib.figure import Figure  # noqa: PLC0415 -- likewise

    # The same figures give the same file.
    with mpl.rc_context({"svg.hashsalt": "weir"}):
        figure = Figure(figsize=(7.5, 3.4), layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        drawing(axes, found)
        figure.savefig(file, format="svg", metadata={"Date": None})


def _throughput(left_out: Sequence[str]) -> Callable[[Axes, Figures], None]:
    def draw(axes: Axes, found: Figures) -> None:
        bars = []
        for name, traits in found["traits"].items():
            rates = [run["per_cpu_s"] for run in found["runs"] if run["contestant"] == name and name not in left_out]
            if rates:
                bars.append((traits["title"], rates, OURS if name.startswith("weir") else THEIRS))
        bars.reverse()
        for at, (_, rates, colour) in enumerate(bars):
            axes.barh(at, median(rates), color=colour)
            axes.plot([min(rates), max(rates)], [at, at], color="#333333", linewidth=1)
        axes.set_yticks(range(len(bars)), [title for title, _, _ in bars], fontsize=8)
        axes.set_xlabel("events a CPU second: median, from least to greatest")

    return draw


def _latency(axes: Axes, found: Figures) -> None:
    for name, colour in (("one process", OURS), ("a process a stage", LINE)):
        seen = found[name]["latencies_ms"]
        if seen:
            axes.hist(seen, bins=_bins(seen), histtype="step", color=colour, label=name)
    axes.set_xscale("log")
    axes.set_xlabel("milliseconds from the intended sending to the flag")
    axes.set_ylabel("flags, of those kept")
    axes.legend(frameon=False)


def _bins(seen: list[float]) -> list[float]:
    least, most = max(min(seen), 0.1), max(*seen, 1.0)
    return [least * (most / least) ** (at / 60) for at in range(61)]


def _costs(axes: Axes, found: Figures, by: str, *, is_log: bool) -> None:
    rows = found["rows"]
    numbers = [row[by] for row in rows]
    axes.plot(numbers, [median(row["cost_us"]) for row in rows], color=OURS, marker="o")
    axes.vlines(numbers, [min(row["cost_us"]) for row in rows], [max(row["cost_us"]) for row in rows], color="#333333")
    if is_log:
        axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel(f"{by}")
    axes.set_ylabel("CPU µs an event")


def _scale(axes: Axes, found: Figures) -> None:
    names = list(found["workers"])
    for offset, figure, colour in ((-0.2, "per_cpu_s", OURS), (0.2, "per_wall_s", THEIRS)):
        rates = [median(run[figure] for run in found["workers"][name]) for name in names]
        label = "a CPU second" if figure == "per_cpu_s" else "a second"
        axes.bar([at + offset for at in range(len(names))], rates, width=0.38, color=colour, label=label)
    axes.set_xticks(range(len(names)), [f"{name} worker{'' if name == '1' else 's'}" for name in names])
    axes.set_ylabel("events")
    axes.legend(frameon=False)
