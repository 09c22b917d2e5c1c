from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from streams.demo.figures import DemoFigures
from streams.demo.view import LINE_EVERY_S, LineView, LiveView, make_view

FLAG = {"visitor": "v1", "verdict": "block", "stage": "heuristics", "why": "[red]asks for /.env[/] " + "x" * 200}
FIGURES = DemoFigures(
    elapsed_s=12.0,
    sent=2_400,
    per_s=200.0,
    outcomes={"folded": 2_300, "duplicate": 70},
    opened=150,
    closed=40,
    flags={"block": 3},
    stages={"heuristics": 3},
    lag=5,
    model="logistic 2",
    newest=(FLAG,),
)


class Clock:
    """A clock that stands still until it is moved."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def console(**options: bool | str) -> Console:
    return Console(file=io.StringIO(), width=120, **options)  # type: ignore[arg-type]


def test_without_a_terminal_there_are_lines() -> None:
    assert isinstance(make_view(console(force_terminal=False), ""), LineView)


def test_a_dumb_terminal_gets_lines_too() -> None:
    dumb = Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "dumb"})
    assert isinstance(make_view(dumb, ""), LineView)


def test_a_terminal_gets_a_live_table() -> None:
    terminal = Console(file=io.StringIO(), width=120, force_terminal=True, _environ={"TERM": "xterm"})
    view = make_view(terminal, "console http://127.0.0.1:1")
    assert isinstance(view, LiveView)
    with view:
        view.show(FIGURES)
        view.show(DemoFigures())
    assert isinstance(terminal.file, io.StringIO)
    said = terminal.file.getvalue()
    assert "2,400 sent" in said
    # What visitors send is never taken for markup.
    assert "[red]asks for /.env" in said
    assert "http://127.0.0.1:1" in said


def test_lines_come_every_few_seconds_and_new_flags_once() -> None:
    said: list[str] = []
    clock = Clock()
    with LineView(said.append, clock) as view:
        view.show(FIGURES)
        view.show(FIGURES)
        clock.now_s += LINE_EVERY_S
        view.show(FIGURES)
        clock.now_s += LINE_EVERY_S
        view.show(replace(FIGURES, newest=({**FLAG, "visitor": "v2"}, FLAG)))
    lines = [line for line in said if "events" in line]
    flags = [line for line in said if "newest" in line]
    assert len(lines) == 3
    assert "2,400 events (200/s), 5 waiting; 150 sessions, 40 closed; flags: 3 block; model: logistic 2" in lines[0]
    assert ["v1" in flags[0], "v2" in flags[1]] == [True, True]
    assert len(flags) == 2
    assert all(len(line) < 160 for line in flags)
