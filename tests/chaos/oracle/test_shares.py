from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.oracle.expected import Revision
from tests.chaos.oracle.records import Record
from tests.chaos.oracle.shares import SHARES, Places, Shares, share_of

PLACES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5_000)))


def test_all_of_a_session_lies_in_one_share_in_the_order_in_which_it_was_put_aside(tmp_path: Path) -> None:
    names = [f"session-{number}" for number in range(500)]
    with Shares(tmp_path) as shares:
        for part in range(3):
            for name in names:
                key = name.encode()
                shares.put_record(name, Record("sessions", 0, part, key, None))
                shares.put_flag(name, Record("flags", 0, part, key, None))
                shares.put_life(name, [Revision((0, part), 0, is_due=True, is_merge=False, names=(), body=b"[]")])
    found = {}
    for share in (share_of(tmp_path, number) for number in range(SHARES)):
        of_records, of_flags = {one.key for one in share.records}, {one.key for one in share.flags}
        assert {name.encode() for name in share.sessions} == of_records == of_flags
        for name, lives in share.sessions.items():
            offsets = [
                [one.offset for one in kept if one.key == name.encode()] for kept in (share.records, share.flags)
            ]
            found[name] = [*offsets, [life[0].place[1] for life in lives]]
    assert found == {name: [[0, 1, 2]] * 3 for name in names}


@given(PLACES, PLACES)
def test_places_are_those_that_were_added(added: list[tuple[int, int]], others: list[tuple[int, int]]) -> None:
    places = Places()
    for place in added:
        places.add(place)
    assert set(places) == set(added)
    assert len(places) == len(set(added))
    assert all((place in places) == (place in set(added)) for place in others)
