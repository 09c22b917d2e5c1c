from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.engine.rejoining import LONGEST_PAUSE_S, MOST, WINDOW_S, Rejoining


def test_a_loss_now_and_then_is_followed_by_another_try_for_ever() -> None:
    rejoining = Rejoining()
    assert all(rejoining.lost(number * WINDOW_S) is not None for number in range(100))


def test_losses_one_after_another_wait_longer_and_longer_and_then_end_the_process() -> None:
    rejoining = Rejoining()
    pauses = [rejoining.lost(float(number)) for number in range(MOST)]
    *waited, last = pauses
    assert waited == sorted(pause for pause in waited if pause is not None)
    assert last is None


@given(st.lists(st.floats(0, 10_000), min_size=1, max_size=50))
def test_no_pause_is_longer_than_its_bound(at_s: list[float]) -> None:
    rejoining = Rejoining()
    for moment_s in sorted(at_s):
        pause_s = rejoining.lost(moment_s)
        assert pause_s is None or 0 < pause_s <= LONGEST_PAUSE_S
