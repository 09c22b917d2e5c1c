"""Tables, JSON lines and progress."""

from __future__ import annotations

import json

import pytest

from weir.cli.output import cell, clock_time, progress, show


def test_a_table_has_the_columns_and_json_has_all(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"name": "a", "size": 1234, "hidden": True}]
    show(rows, ("name", "size"))
    table = capsys.readouterr().out
    assert "1,234" in table
    assert "hidden" not in table
    show(rows, ("name", "size"), as_json=True)
    assert json.loads(capsys.readouterr().out) == rows[0]


def test_nothing_to_show_is_said_to_people_and_not_to_programs(capsys: pytest.CaptureFixture[str]) -> None:
    show([], ("name",), empty="There are none.")
    assert capsys.readouterr().out == "There are none.\n"
    show([], ("name",), empty="There are none.", as_json=True)
    assert capsys.readouterr().out == ""


def test_what_looks_like_markup_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"text": "[red]not red[/red]"}], ("text",))
    assert "[red]not red[/red]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "shown"), [(None, ""), (True, "yes"), (1234567, "1,234,567"), (0.5, "0.5"), (2.0, "2"), ("x", "x")]
)
def test_cells(value: object, shown: str) -> None:
    assert cell(value) == shown


def test_times_are_utc() -> None:
    assert clock_time(0) == "1970-01-01 00:00:00Z"


def test_without_a_terminal_progress_is_one_line_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("Reading", total=3) as advance:
        advance(1)
        advance(2)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Reading: 3 events in ")
    assert said.err.count("\n") == 1


def test_progress_that_ends_before_its_total_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("Sending", total=1_500, unit="letters") as advance:
        advance(20)
    assert capsys.readouterr().err.startswith("Sending: 20 of 1,500 letters in ")
