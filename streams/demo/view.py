"""Shows the demo in the terminal: a live table on an interactive terminal, otherwise a line every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from streams.demo.figures import DemoFigures

LINE_EVERY_S = 5.0
_COLOURS = {"allow": "green", "review": "yellow", "throttle": "magenta", "block": "red"}
_WHY_LENGTH = 70


class View(Protocol):
    """Shows figures while it is open."""

    def show(self, figures: DemoFigures) -> None:
        """Shows the newest figures; called about once a second."""

    def __enter__(self) -> Self:
        """Starts showing."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops showing, and restores the terminal."""


def make_view(console: Console, address: str) -> View:
    """A live table on a terminal that can move its cursor, otherwise lines."""
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveView(console, address)
    return LineView(console.out)


class LiveView:
    """A table that is redrawn in place."""

    def __init__(self, console: Console, address: str) -> None:
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._address = address

    def show(self, figures: DemoFigures) -> None:
        """Draws the figures."""
        footer = f"[dim]{escape(self._address)} · Ctrl-C ends the demo[/]"
        self._live.update(Group(_counts(figures), _newest_flags(figures), footer), refresh=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()


class LineView:
    """A line every few seconds, followed by the newest flag if it has changed."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._clock = clock
        self._due_s = 0.0
        self._last: dict[str, str] | None = None

    def show(self, figures: DemoFigures) -> None:
        """Writes a line if the last one is `LINE_EVERY_S` old."""
        now_s = self._clock()
        if now_s < self._due_s:
            return
        self._due_s = now_s + LINE_EVERY_S
        self._write(line(figures))
        newest = figures.newest[0] if figures.newest else None
        if newest is not None and newest != self._last:
            self._last = newest
            self._write(f"       newest: {newest['verdict']} {newest['visitor']} by {newest['stage']}: {short(newest)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


def line(figures: DemoFigures) -> str:
    """The figures in one line."""
    flags = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(figures.flags.items())) or "none yet"
    waiting = "?" if figures.lag is None else f"{figures.lag:,}"
    return (
        f"{figures.elapsed_s:5.0f} s  {figures.sent:,} events ({figures.per_s:,.0f}/s), {waiting} waiting; "
        f"{figures.opened:,} sessions, {figures.closed:,} closed; flags: {flags}; model: {figures.model}"
    )


def short(row: dict[str, str]) -> str:
    """The reason, cut to the width of a line."""
    why = row["why"]
    return why if len(why) <= _WHY_LENGTH else why[: _WHY_LENGTH - 1] + "…"


def _counts(figures: DemoFigures) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    median = "" if figures.latency_ms is None else f", median {figures.latency_ms:,.0f} ms after the event"
    outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in figures.outcomes.items())
    table.add_row("events", f"{figures.sent:,} sent, {figures.per_s:,.0f} a second, {figures.labels:,} labels")
    table.add_row("worker", f"{outcomes or '…'}; {figures.lag or 0:,} waiting; {figures.memory_mb:,.0f} MB")
    table.add_row("sessions", f"{figures.opened:,} opened, {figures.closed:,} closed")
    verdicts = ", ".join(f"[{_COLOURS[name]}]{count:,} {name}[/]" for name, count in sorted(figures.flags.items()))
    table.add_row("flags", f"{verdicts or 'none yet'}{median}")
    table.add_row("by stage", ", ".join(f"{count:,} {stage}" for stage, count in sorted(figures.stages.items())))
    table.add_row("model", escape(figures.model))
    return table


def _newest_flags(figures: DemoFigures) -> Table:
    table = Table("visitor", "verdict", "stage", "why", box=None, header_style="bold", pad_edge=False)
    for row in figures.newest:
        verdict = f"[{_COLOURS[row['verdict']]}]{row['verdict']}[/]"
        table.add_row(escape(row["visitor"]), verdict, row["stage"], escape(short(row)))
    return table
