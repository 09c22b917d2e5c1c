"""Charts as SVG, drawn on the server: they need no script, can be printed, and have their numbers as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from markupsafe import Markup, escape

WIDTH, HEIGHT = 640, 150
_LEFT, _BOTTOM, _TOP, _EDGE = 44, 18, 8, 4
_LINES = 4
_SHORT_SPAN = 8
"""Up to so many days, the middle of the axis is labelled only if it is exactly one of the days."""


def bars(series: Mapping[str, Sequence[float]], labels: Sequence[str], title: str) -> Markup:
    """Stacked bars, one for each label; series differ in their class `c-<name>`.

    Args:
        series: by name, a value for each label, in the order in which they are stacked.
        labels: label of each bar, such as its time.
        title: what the chart shows.
    """
    totals = [sum(values) for values in zip(*series.values(), strict=True)] if series else [0.0] * len(labels)
    most = ceiling(max(totals, default=0.0))
    width = (WIDTH - _LEFT) / max(1, len(labels))
    parts = [_grid(most)]
    for number, label in enumerate(labels):
        base = float(HEIGHT - _BOTTOM)
        label_text = ", ".join(f"{name} {values[number]:,.0f}" for name, values in series.items() if values[number])
        shapes = []
        for name, values in series.items():
            height = values[number] / most * (HEIGHT - _BOTTOM - _TOP)
            if height > 0:
                base -= height
                shapes.append(
                    f'<rect class="c-{_class(name)}" x="{_LEFT + number * width + width * 0.1:.1f}" y="{base:.1f}"'
                    f' width="{width * 0.8:.1f}" height="{height:.1f}"/>'
                )
        if shapes:
            parts.append(f"<g><title>{escape(label)}: {escape(label_text)}</title>{''.join(shapes)}</g>")
    parts.append(_axis(labels))
    sums = ", ".join(f"{name} {sum(values):,.0f}" for name, values in series.items()) or "nothing"
    return picture(parts, f"{title}: {sums}")


def area(values: Sequence[float], labels: Sequence[str], title: str) -> Markup:
    """One line with the area below it."""
    most = ceiling(max(values, default=0.0))
    step = (WIDTH - _LEFT) / max(1, len(values) - 1)
    points = " ".join(f"{_LEFT + number * step:.1f},{_y(value / most):.1f}" for number, value in enumerate(values))
    parts = [_grid(most)]
    if values:
        floor = HEIGHT - _BOTTOM
        parts.append(f'<polygon class="c-area" points="{_LEFT},{floor} {points} {WIDTH},{floor}"/>')
        parts.append(f'<polyline class="c-line" points="{points}"/>')
    parts.append(_axis(labels))
    newest = f"{values[-1]:,.1f}" if values else "nothing"
    return picture(parts, f"{title}: at last {newest}, at most {max(values, default=0.0):,.1f}")


def curve(lines: Mapping[str, Sequence[tuple[float, float]]], title: str, *, diagonal: bool = False) -> Markup:
    """Lines over the unit square, such as precision by recall; `diagonal` draws the line of equal values."""
    parts = [_grid(1.0)]
    if diagonal:
        parts.append(f'<line class="c-grid" x1="{_LEFT}" y1="{HEIGHT - _BOTTOM}" x2="{WIDTH}" y2="{_TOP}"/>')
    for name, points in lines.items():
        drawn = " ".join(f"{_LEFT + x * (WIDTH - _LEFT):.1f},{_y(y):.1f}" for x, y in points)
        parts.append(f'<polyline class="c-line" points="{drawn}"><title>{escape(name)}</title></polyline>')
        parts.extend(
            f'<circle class="c-point" cx="{_LEFT + x * (WIDTH - _LEFT):.1f}" cy="{_y(y):.1f}" r="3">'
            f"<title>{escape(name)}: {x:.2f}, {y:.2f}</title></circle>"
            for x, y in points
        )
    parts.append(_axis(("0", "0.5", "1")))
    return picture(parts, title)


def lines(series: Mapping[str, Sequence[tuple[float, float]]], title: str) -> Markup:
    """Lines over numbers in rising order; lines have the classes `s-<n>`, from 0."""
    across = sorted({x for points in series.values() for x, _ in points})
    most = ceiling(max((y for points in series.values() for _, y in points), default=0.0))
    first, span = (across[0], (across[-1] - across[0]) or 1.0) if across else (0.0, 1.0)
    parts = [_grid(most)]
    for number, (name, points) in enumerate(series.items()):
        placed = [(_LEFT + (x - first) / span * (WIDTH - _LEFT), _y(y / most), x, y) for x, y in points]
        drawn = " ".join(f"{left:.1f},{top:.1f}" for left, top, _, _ in placed)
        parts.append(f'<polyline class="c-line s-{number}" points="{drawn}"><title>{escape(name)}</title></polyline>')
        parts.extend(
            f'<circle class="c-dot s-{number}" cx="{left:.1f}" cy="{top:.1f}" r="3">'
            f"<title>{escape(name)} at {x:,g}: {y:.3f}</title></circle>"
            for left, top, x, y in placed
        )
    parts.append(_axis([f"{x:,g}" for x in (first, first + span / 2, first + span)] if across else ()))
    label_text = ", ".join(f"{name} at last {points[-1][1]:.3f}" for name, points in series.items() if points)
    return picture(parts, f"{title}: {label_text or 'nothing'}")


def by_day(series: Mapping[str, Sequence[float]], days: Sequence[date], title: str) -> Markup:
    """Lines over days in rising order, with gaps allowed; lines have the classes `s-<n>`, from 0."""
    most = ceiling(max((value for values in series.values() for value in values), default=0.0))
    first, span = (days[0], (days[-1] - days[0]).days) if days else (date.min, 0)
    across = [_LEFT + (day - first).days / (span or 1) * (WIDTH - _LEFT - _EDGE) for day in days]
    parts = [_grid(most)]
    for number, (name, values) in enumerate(series.items()):
        placed = [(x, _y(value / most)) for x, value in zip(across, values, strict=True)]
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        parts.append(f'<polyline class="c-line s-{number}" points="{drawn}"><title>{escape(name)}</title></polyline>')
        parts.extend(
            f'<circle class="c-dot s-{number}" cx="{x:.1f}" cy="{y:.1f}" r="3">'
            f"<title>{escape(name)}, {day}: {value:,.0f}</title></circle>"
            for (x, y), day, value in zip(placed, days, values, strict=True)
        )
    has_middle = span > 0 and (span % 2 == 0 or span > _SHORT_SPAN)
    middle = str(first + timedelta(days=span // 2)) if has_middle else ""
    parts.append(_axis((str(first), middle, str(days[-1]) if span else "")) if days else "")
    label_text = ", ".join(f"{name} at last {values[-1]:,.0f}" for name, values in series.items() if values)
    return picture(parts, f"{title}: {label_text or 'nothing'}")


def picture(parts: Sequence[str], title: str, height: float = HEIGHT) -> Markup:
    """The SVG element of a chart, with its title as a label for screen readers.

    Args:
        parts: SVG, in which every text is escaped.
        title: what the chart shows, with its numbers.
        height: height of the picture, which is `WIDTH` wide.
    """
    return Markup(  # noqa: S704 -- every text in it was escaped above
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )


def _grid(most: float) -> str:
    lines = []
    for number in range(_LINES + 1):
        share = number / _LINES
        value = most * share
        label_text = f"{value:,.0f}" if value == int(value) else f"{value:,.2g}"
        lines.append(
            f'<line class="c-grid" x1="{_LEFT}" y1="{_y(share):.1f}" x2="{WIDTH}" y2="{_y(share):.1f}"/>'
            f'<text x="{_LEFT - 6}" y="{_y(share) + 4:.1f}" text-anchor="end">{label_text}</text>'
        )
    return "".join(lines)


def _axis(labels: Sequence[str]) -> str:
    if not labels:
        return ""
    middle = labels[len(labels) // 2]
    shown = ((labels[0], _LEFT, "start"), (middle, (WIDTH + _LEFT) / 2, "middle"), (labels[-1], WIDTH, "end"))
    return "".join(
        f'<text x="{x:.0f}" y="{HEIGHT - 4}" text-anchor="{anchor}">{escape(label)}</text>'
        for label, x, anchor in shown
    )


def _y(share: float) -> float:
    return HEIGHT - _BOTTOM - share * (HEIGHT - _BOTTOM - _TOP)


def _class(name: str) -> str:
    return "".join(char if char.isascii() and char.isalnum() else "_" for char in name)


def ceiling(value: float) -> float:
    """The next greater round number for an axis."""
    if value <= 0:
        return 1.0
    size = 10.0 ** (len(str(int(value))) - 1) if value >= 1 else 0.1
    while size < value:
        for step in (1, 2, 4, 5, 8, 10):
            if value <= step * size:
                return float(step * size)
        size *= 10
    return float(size)
