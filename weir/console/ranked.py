"""Horizontal bars, each with a label and, for a rate, with its confidence interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from weir.console.charts import WIDTH, ceiling, picture

_RIGHT, _TOP, _FLOOR = 16, 6, 20
_ROW, _BAR = 22, 14
_LINES = 4
_LETTER, _NARROWEST, _WIDEST = 6.2, 60.0, 240.0
"""Width of a character of a label, and bounds of the labels' width."""


@dataclass(frozen=True, slots=True)
class RankedBar:
    """One bar."""

    label: str
    value: float | None
    """None if the rate's divisor is 0: only the label is drawn."""
    low: float | None = None
    high: float | None = None
    """Bounds of the value's confidence interval; None where it has none."""


def ranked(rows: Sequence[RankedBar], title: str, *, is_share: bool = False) -> Markup:
    """A horizontal bar for each row, with whiskers for the interval.

    Args:
        rows: from top to bottom.
        title: what the chart shows.
        is_share: whether values are shares of 1, which are written in per cent on an axis from 0 to 100 %.
    """
    most = 1.0 if is_share else ceiling(max((row.value or 0.0 for row in rows), default=0.0))
    longest = max((len(row.label) for row in rows), default=0)
    scale = _Scale(min(_WIDEST, max(_NARROWEST, longest * _LETTER + 12)), most, is_share)
    floor = _TOP + len(rows) * _ROW
    parts = [_grid(scale, floor)]
    parts.extend(_bar(row, _TOP + number * _ROW, scale) for number, row in enumerate(rows))
    label_text = "; ".join(_value_text(row, is_share=is_share) for row in rows) or "nothing"
    return picture(parts, f"{title}: {label_text}", floor + _FLOOR)


@dataclass(frozen=True, slots=True)
class _Scale:
    """The horizontal scale: from 0 at `left` to `most` at the right."""

    left: float
    most: float
    is_share: bool

    def x(self, value: float) -> float:
        return self.left + min(1.0, max(0.0, value / self.most)) * (WIDTH - _RIGHT - self.left)


def _bar(row: RankedBar, top: float, scale: _Scale) -> str:
    middle, shapes = top + _ROW / 2, []
    if row.value is not None:
        width = scale.x(row.value) - scale.left
        shapes.append(
            f'<rect class="c-bar" x="{scale.left:.1f}" y="{middle - _BAR / 2:.1f}" width="{width:.1f}"'
            f' height="{_BAR}"/>'
        )
        if row.low is not None and row.high is not None:
            low, high = scale.x(row.low), scale.x(row.high)
            ends = "".join(f"M{x:.1f},{middle - 4:.1f}v8" for x in (low, high))
            shapes.append(f'<path class="c-interval" d="M{low:.1f},{middle:.1f}H{high:.1f}{ends}"/>')
    return (
        f"<g><title>{escape(_value_text(row, is_share=scale.is_share))}</title>"
        f'<text x="{scale.left - 8:.1f}" y="{middle + 4:.1f}" text-anchor="end">{escape(row.label)}</text>'
        f"{''.join(shapes)}</g>"
    )


def _grid(scale: _Scale, floor: float) -> str:
    parts = []
    for number in range(_LINES + 1):
        value = scale.most * number / _LINES
        x = scale.x(value)
        parts.append(f'<line class="c-grid" x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{floor}"/>')
        # A count has no fractions, so some lines of a short axis have no number.
        if scale.is_share or value.is_integer():
            anchor, label_text = "end" if number == _LINES else "middle", _number(value, is_share=scale.is_share)
            parts.append(f'<text x="{x:.1f}" y="{floor + 14}" text-anchor="{anchor}">{label_text}</text>')
    return "".join(parts)


def _value_text(row: RankedBar, *, is_share: bool) -> str:
    if row.value is None:
        return f"{row.label} without a value"
    label_text = f"{row.label} {_number(row.value, is_share=is_share)}"
    if row.low is None or row.high is None:
        return label_text
    return f"{label_text} ({_number(row.low, is_share=is_share)} to {_number(row.high, is_share=is_share)})"


def _number(value: float, *, is_share: bool) -> str:
    if is_share:
        return f"{value:.0%}" if value == 0 or value >= 0.1 else f"{value:.1%}"  # noqa: PLR2004 -- digits
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
