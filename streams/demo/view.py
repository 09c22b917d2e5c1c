"""Shows the demo in the terminal: a live table on an interactive one, else a line every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from streams.demo.picture import Picture

LINE_EVERY_S = 5.0
_COLOURS = {"allow": "green", "review": "yellow", "throttle": "magenta", "block": "red"}
_WHY_LENGTH = 70


class View(Protocol):
    """Shows pictures while it is open."""

    def show(self, picture: Picture) -> None:
        """Shows the newest picture; called about once a second."""

    def __enter__(self) -> Self:
        """Begins."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends, and leaves the terminal as it was."""


def make_view(console: Console, address: str) -> View:
    """A live table on a terminal that can move its cursor, else lines."""
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveView(console, address)
    return LineView(console.out)


class LiveView:
    """One table that is drawn anew in its place."""

    def __init__(self, console: Console, address: str) -> None:
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._address = address

    def show(self, picture: Picture) -> None:
        """Draws the picture."""
        footer = f"[dim]{escape(self._address)} · Ctrl-C ends it[/]"
        self._live.update(Group(_counts(picture), _newest(picture), footer), refresh=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()


class LineView:
    """A line every few seconds, and the newest flag below it when there is a new one."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._clock = clock
        self._due_s = 0.0
        self._last: dict[str, str] | None = None

    def show(self, picture: Picture) -> None:
        """Writes the line if it is time."""
        now_s = self._clock()
        if now_s < self._due_s:
            return
        self._due_s = now_s + LINE_EVERY_S
        self._write(line(picture))
        newest = picture.newest[0] if picture.newest else None
        if newest is not None and newest != self._last:
            self._last = newest
            self._write(f"       newest: {newest['verdict']} {newest['visitor']} by {newest['stage']}: {short(newest)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


def line(picture: Picture) -> str:
    """The picture in one line."""
    flags = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(picture.flags.items())) or "none yet"
    waiting = "?" if picture.lag is None else f"{picture.lag:,}"
    return (
        f"{picture.elapsed_s:5.0f} s  {picture.sent:,} events ({picture.per_s:,.0f}/s), {waiting} waiting; "
        f"{picture.opened:,} sessions, {picture.closed:,} closed; flags: {flags}; model: {picture.model}"
    )


def short(row: dict[str, str]) -> str:
    """The reason, cut to the width of a line."""
    why = row["why"]
    return why if len(why) <= _WHY_LENGTH else why[: _WHY_LENGTH - 1] + "…"


def _counts(picture: Picture) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    median = "" if picture.latency_ms is None else f", median {picture.latency_ms:,.0f} ms after the event"
    outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in picture.outcomes.items())
    table.add_row("events", f"{picture.sent:,} sent, {picture.per_s:,.0f} a second, {picture.labels:,} labels")
    table.add_row("worker", f"{outcomes or '…'}; {picture.lag or 0:,} waiting; {picture.memory_mb:,.0f} MB")
    table.add_row("sessions", f"{picture.opened:,} opened, {picture.closed:,} closed")
    verdicts = ", ".join(f"[{_COLOURS[name]}]{count:,} {name}[/]" for name, count in sorted(picture.flags.items()))
    table.add_row("flags", f"{verdicts or 'none yet'}{median}")
    table.add_row("by stage", ", ".join(f"{count:,} {stage}" for stage, count in sorted(picture.stages.items())))
    table.add_row("model", escape(picture.model))
    return table


def _newest(picture: Picture) -> Table:
    table = Table("visitor", "verdict", "stage", "why", box=None, header_style="bold", pad_edge=False)
    for row in picture.newest:
        verdict = f"[{_COLOURS[row['verdict']]}]{row['verdict']}[/]"
        table.add_row(escape(row["visitor"]), verdict, row["stage"], escape(short(row)))
    return table
