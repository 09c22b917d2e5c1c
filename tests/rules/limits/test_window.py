from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rules.limits.window import AHEAD, BEHIND, WINDOW_S, Window

START = 1_750_000_000.0
FAR = START + 365 * 86_400.0


def feed(window: Window, *times: float, since: int = 0) -> int:
    """How often the window moved; as a fold asks: only outside of it."""
    moved = 0
    for number, ts in enumerate(times, since):
        if not window.start <= ts < window.end:
            moved += window.moves(ts, number)
    return moved


def test_the_first_event_opens_the_window_that_it_is_in() -> None:
    window = Window()
    assert feed(window, START + 3.0) == 1
    assert (window.start, window.end) == (START, START + WINDOW_S)


def test_a_window_ends_once_enough_events_lie_behind_its_end() -> None:
    window = Window()
    feed(window, START, *[START + 11.0] * (AHEAD - 1))
    assert window.start == START
    assert feed(window, START + 12.0) == 1
    assert window.start == START + 10.0


def test_a_record_from_the_far_future_moves_nothing() -> None:
    window = Window()
    feed(window, START, FAR, START + 1.0, START + 9.0)
    assert window.start == START
    feed(window, *[START + 14.0] * AHEAD)
    assert window.start == START + 10.0


def test_a_window_that_liars_moved_goes_back_with_the_traffic() -> None:
    window = Window()
    feed(window, START, *[FAR] * AHEAD)
    assert window.start > START + 1e6
    moved = feed(window, *[START + 2.0] * BEHIND, since=100)
    assert moved == 1
    assert window.start == START


def test_stragglers_among_traffic_do_not_take_a_window_back() -> None:
    window = Window()
    times = [START + 100.0, *[START + 101.0, START + 102.0, START + 103.0, START + 1.0] * 200]
    assert feed(window, *times) == 1
    assert window.start == START + 100.0


@given(st.lists(st.floats(0, 2e9) | st.floats(START, START + 60.0), max_size=200), st.integers(0, 200))
def test_a_window_goes_on_from_its_state_as_if_nothing_had_been(times: list[float], cut: int) -> None:
    straight, cut_one = Window(), Window()
    feed(straight, *times)
    feed(cut_one, *times[:cut])
    again = Window(*cut_one.state)
    feed(again, *times[cut:], since=len(times[:cut]))
    assert again.state == straight.state


@given(st.lists(st.floats(0, 2e9), min_size=1, max_size=300))
def test_a_window_never_lies_ahead_of_all_times(times: list[float]) -> None:
    window = Window()
    feed(window, *times)
    assert min(times) - WINDOW_S <= window.start <= max(times)
