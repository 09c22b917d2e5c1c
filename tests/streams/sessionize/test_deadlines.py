from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.sessionize.deadlines import FOREVER, Deadlines
from streams.sessionize.state import SessionEnd


class World:
    """Open sessions by visitor, as the deadlines see them."""

    def __init__(self) -> None:
        self.open: dict[str, list[SessionEnd]] = {}
        self.deadlines = Deadlines(lambda visitor: self.open.get(visitor, ()))
        self.number = 0

    def begin(self, visitor: str, end: float) -> None:
        self.number += 1
        there = self.open.setdefault(visitor, [])
        if not there or end < min(one.end for one in there):
            self.deadlines.add(end, visitor, self.number)
        there.append(SessionEnd(end, self.number))

    def grow(self, visitor: str, by: float) -> None:
        if visitor in self.open:
            self.open[visitor][0].end += by

    def drop(self, visitor: str) -> None:
        """Ends a visitor's last session without the deadlines being told, as a merge does."""
        if len(self.open.get(visitor, ())) > 1:
            self.open[visitor].pop()

    def close(self, horizon: float) -> list[tuple[float, str, int]]:
        closed = []
        if self.deadlines.next < horizon:
            for visitor, number in self.deadlines.pop_due(horizon):
                (one,) = [one for one in self.open[visitor] if one.number == number]
                closed.append((one.end, visitor, number))
                self.open[visitor].remove(one)
                if not self.open[visitor]:
                    del self.open[visitor]
        return closed

    def due(self, horizon: float) -> list[tuple[float, str, int]]:
        """The same by looking at everything."""
        return sorted(
            (one.end, visitor, one.number) for visitor, there in self.open.items() for one in there if one.end < horizon
        )


names = st.sampled_from("abcde")
ends = st.floats(0, 20).map(lambda end: round(end, 2))
moves = st.lists(
    st.one_of(
        st.tuples(st.just("begin"), names, ends),
        st.tuples(st.just("grow"), names, ends),
        st.tuples(st.just("drop"), names, st.just(0.0)),
        st.tuples(st.just("close"), names, ends),
        st.tuples(st.just("rebuild"), names, st.just(0.0)),
    ),
    max_size=60,
)


@given(moves)
def test_sessions_come_up_when_they_are_due_and_in_order(played: list[tuple[str, str, float]]) -> None:
    world = World()
    horizon = 0.0
    for move, visitor, amount in played:
        if move == "begin":
            world.begin(visitor, horizon + amount)
        elif move == "grow":
            world.grow(visitor, amount)
        elif move == "drop":
            world.drop(visitor)
        elif move == "rebuild":
            world.deadlines.rebuild(list(world.open))
        else:
            horizon += amount
            expected = world.due(horizon)
            assert world.close(horizon) == expected
    expected = world.due(FOREVER)
    assert world.close(1e9) == expected
    assert not world.open
    assert world.deadlines.next == FOREVER


def test_stale_entries_are_noticed_and_cleared() -> None:
    world = World()
    world.begin("ann", 30_000.0)
    for second in range(20_000):
        world.deadlines.add(float(second), "ann", 1)
    assert world.deadlines.is_crowded(1)
    world.deadlines.rebuild(["ann"])
    assert not world.deadlines.is_crowded(1)
    assert not world.close(30_000.0)
    assert len(world.close(30_001.0)) == 1
