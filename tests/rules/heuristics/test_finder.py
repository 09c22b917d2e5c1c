from __future__ import annotations

import pytest
import re2  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from rules.heuristics.finder import LONG, finder, guarded

PATTERNS = [("shop/b", "b{2,}"), ("shop/a", "^a"), ("shop/c", "(a|b).{0,60}c[0-9]{3,20}"), ("shop/end", r"z\z")]
texts = (
    st.text(max_size=60)
    | st.text(alphabet="abcz019 ", min_size=LONG, max_size=LONG + 60)
    | st.text(alphabet="abcz019 \ud800é", max_size=200)
)


def one_by_one(text: str) -> tuple[str, ...]:
    encoded = text.encode("utf-8", "replace")
    return tuple(sorted(name for name, regex in PATTERNS if re2.search(regex, encoded)))


@given(texts)
def test_a_set_finds_what_its_patterns_find_one_by_one_in_the_order_of_their_ids(text: str) -> None:
    assert finder(PATTERNS)(text) == one_by_one(text)


@given(texts)
def test_a_set_without_room_finds_the_same(text: str) -> None:
    cramped = finder(PATTERNS, max_set_bytes=1_024)
    assert cramped(text) == one_by_one(text)


def test_a_set_that_runs_out_of_memory_while_it_matches_is_not_believed() -> None:
    # All that RE2 gives then is no match.
    find = guarded(PATTERNS, lambda _text: None)
    assert find("a bb c1234 z") == ("shop/a", "shop/b", "shop/c", "shop/end")
    assert find("nothing") == ()


@pytest.mark.parametrize("kibibytes", [256, 512, 1_024, 8_192])
def test_memory_decides_about_speed_alone(kibibytes: int) -> None:
    greedy = [(f"shop/{name}", rf"{name}.{{0,60}}{name}[0-9]{{3,20}}.{{0,40}}$") for name in "abcdef"]
    texts = ["".join("abcdef0123"[(i * i * k) % 10] for i in range(600)) + "a123" for k in range(1, 12)]
    small, large = finder(greedy, kibibytes * 1024), finder(greedy)
    assert [small(text) for text in texts] == [large(text) for text in texts]
    assert any(large(text) for text in texts)


def test_no_patterns_find_nothing() -> None:
    assert finder([])("anything") == ()
