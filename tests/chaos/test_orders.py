from __future__ import annotations

from collections import Counter
from itertools import repeat
from multiprocessing.pool import ThreadPool
from pathlib import Path

from tests.chaos.orders import Orders


def test_one_alone_dies_of_an_order_however_many_come_to_the_point(tmp_path: Path) -> None:
    orders = Orders(tmp_path / "order")
    orders.give("after_commit")
    with ThreadPool(8) as pool:
        died = Counter(pool.map(orders.taken, repeat("after_commit", 200)))
    assert died[True] == 1
    assert not orders.is_given
    assert orders.is_dying


def test_an_order_for_another_point_is_left_alone_and_can_be_withdrawn(tmp_path: Path) -> None:
    orders = Orders(tmp_path / "order")
    assert not orders.taken("after_commit")
    orders.give("after_fence")
    assert not orders.taken("after_commit")
    assert orders.is_given
    assert orders.withdraw()
    assert not orders.withdraw()
