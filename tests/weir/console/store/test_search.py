from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.console import FedStore, flag, session
from weir.console.store.search import COUNTED, PAGE, Search, find
from weir.contracts.flag import Reason
from weir.errors import UsageError
from weir.settings import Settings
from weir.topics import FLAGS, SESSIONS


@pytest.fixture
def store(tmp_path: Path) -> FedStore:
    return FedStore(Settings(), tmp_path)


def found(store: FedStore, **asked: str) -> set[str]:
    return {row["session_id"] for row in find(store.reader, Search(**asked)).rows}


@pytest.mark.parametrize(
    "q",
    [
        "s1",
        "ann",
        "192.0.2.9",
        "ann@shop",
        "/cart",
        "cart/items",
        "curl/8",
        "CURL",
        "https://shop.example/cart/items?id=3",
    ],
)
def test_a_session_is_found_by_what_a_person_knows_of_it(store: FedStore, q: str) -> None:
    own = {"entry_url": "/cart/items?id=1", "user_agent": "curl/8.1", "ip": "192.0.2.9", "account_ids": ["ann@shop"]}
    store.feed(SESSIONS, session("s1", "ann", **own))
    store.feed(SESSIONS, session("s2", "ben"))
    assert found(store, q=q) == {"s1"}


@pytest.mark.parametrize("q", ["%", "_", "%%%", "100%_off", "' OR 1=1 --", "\\", "a\u0000b", "*", '"'])
def test_signs_that_mean_something_to_a_database_mean_themselves(store: FedStore, q: str) -> None:
    store.feed(SESSIONS, session("s1", "ann"))
    assert found(store, q=q) == set()


def test_filters_are_put_together(store: FedStore) -> None:
    for name, verdict, stage in (("s1", "block", "heuristics"), ("s2", "block", "model"), ("s3", "review", "model")):
        store.feed(SESSIONS, session(name, name))
        store.feed(FLAGS, flag(name, name, verdict=verdict, stage=stage))
    assert found(store, verdict="block") == {"s1", "s2"}
    assert found(store, verdict="block", stage="model") == {"s2"}
    assert found(store, verdict="block", stage="model", reason="injection/union") == {"s2"}
    assert found(store, verdict="block", state="closed") == set()


def test_a_flag_that_changed_is_counted_as_it_is_now(store: FedStore) -> None:
    store.feed(SESSIONS, session())
    store.feed(
        FLAGS, flag(reasons=[Reason(id="a/b", version="1", text="A."), Reason(id="a/c", version="1", text="B.")])
    )
    store.feed(FLAGS, flag(verdict="allow", stage="people", reasons=[]))
    facets = find(store.reader, Search()).facets
    assert facets == {"verdict": [("allow", 1)], "stage": [("people", 1)], "state": [("open", 1)], "reason": []}
    assert found(store, verdict="block") == found(store, reason="a/b") == set()


def test_pages_follow_each_other_without_a_gap_or_a_repetition(store: FedStore) -> None:
    for n in range(PAGE * 2 + 7):
        store.feed(SESSIONS, session(f"s{n}", "ann", start=1_000.0, end=2_000.0 + n // 3))
    seen: list[str] = []
    after = ""
    while True:
        page = find(store.reader, Search(q="ann"), after)
        seen += [row["session_id"] for row in page.rows]
        if page.next_page is None:
            break
        after = page.next_page
    assert len(seen) == len(set(seen)) == PAGE * 2 + 7


def test_more_than_is_counted_is_said_to_be_more(store: FedStore) -> None:
    for n in range(COUNTED + 5):
        store.feed(SESSIONS, session(f"s{n}", "ann"))
    page = find(store.reader, Search(q="ann"))
    assert (page.number, page.is_more) == (COUNTED, True)
    assert find(store.reader, Search()).number == COUNTED + 5


def test_what_is_no_time_is_told_so() -> None:
    with pytest.raises(UsageError, match="yesterday is not a time"):
        Search.of({"since": "yesterday"})


@given(st.builds(Search, *[st.text(max_size=20) for _ in range(5)]))
def test_a_search_is_its_address(search: Search) -> None:
    from urllib.parse import parse_qsl  # noqa: PLC0415 -- for this test alone

    asked = {name: value.strip() for name, value in search.asked.items()}
    assert Search.of(dict(parse_qsl(search.query))).asked == {name: value for name, value in asked.items() if value}
