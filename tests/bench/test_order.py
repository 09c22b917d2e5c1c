from __future__ import annotations

from bench.order import Deadline, in_time, interleaved


def test_everybody_runs_once_before_anybody_runs_again() -> None:
    assert interleaved(["a", "b", "c"], 2) == [(1, "a"), (1, "b"), (1, "c"), (2, "a"), (2, "b"), (2, "c")]


def test_nothing_runs_where_nobody_is_there() -> None:
    assert interleaved([], 5) == []


def _rounds(run_s: float, limit_s: float) -> list[tuple[int, str]]:
    now_s = 0.0
    deadline = Deadline(limit_s, lambda: now_s)
    found = []
    for one in in_time(["a", "b"], 5, deadline):
        found.append(one)
        now_s += run_s
    return found


def test_no_round_begins_that_would_not_end_in_time() -> None:
    assert _rounds(run_s=10.0, limit_s=65.0) == interleaved(["a", "b"], 3)


def test_all_rounds_run_where_there_is_time() -> None:
    assert _rounds(run_s=10.0, limit_s=100.0) == interleaved(["a", "b"], 5)


def test_the_first_round_runs_however_long_it_takes() -> None:
    assert _rounds(run_s=100.0, limit_s=10.0) == interleaved(["a", "b"], 1)
