from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.heuristics.disguises import disguises
from rules.heuristics.explain import every_field, explain, texts_of
from rules.heuristics.pack import DECODERS, PatternField
from rules.heuristics.patterns import Patterns, load_packs
from tests.support.packs import a_pack
from weir.contracts import Event

MINE = Patterns([a_pack({})])
SHIPPED = load_packs(level=4)
PIECES = (
    "%27",
    "%2527",
    "'",
    " or ",
    "1=1",
    "<script>",
    "&lt;",
    "%c0%af",
    "..",
    "/",
    "+",
    "?",
    "/**/",
    "\uff21",
    "\\ud800",
    "e",
)
DISGUISED = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)


def event(**given: Any) -> Event:  # noqa: ANN401 -- any field
    return Event(event_id="e", visitor_id="v", type="search", ts=0, **given)


def test_it_says_which_characters_fired_after_which_decoding() -> None:
    (firing,) = explain(MINE, texts_of(event(url="/%65XPORT/all?x=1")))
    assert (firing.pattern, firing.field, firing.matched) == ("mine/export", "path", "/export")
    assert (firing.decoded, firing.steps) == ("/export/all", ("percent", "lower case"))
    assert {firing.pattern for firing in explain(MINE, every_field("/export"))} == {"mine/export"}
    assert not list(explain(MINE, every_field("/")))


@pytest.mark.parametrize(
    ("field", "text", "steps"),
    [
        ("query", "a=1", ()),
        ("query", "a+b", ("plus",)),
        ("path", "a+b", ()),
        ("url", "/a+b?c+d", ("plus",)),
        ("path", "%2561", ("percent",)),
        ("path", "%u0061", ("wide",)),
        ("path", "%c0%af", ("overlong",)),
        ("query", "&lt;\\x3c/**/A", ("entities", "escapes", "comments", "lower case")),
        ("text", "\uff57eir  &amp;", ("entities", "visible", "spaces")),
        ("user_agent", "A%20 B", ()),
    ],
)
def test_each_step_of_decoding_is_named(field: PatternField, text: str, steps: tuple[str, ...]) -> None:
    assert disguises(field, text) == steps


@given(text=DISGUISED, field=st.sampled_from(sorted(DECODERS)))
def test_a_text_that_is_not_its_decoded_form_has_been_through_a_step(text: str, field: PatternField) -> None:
    assert bool(disguises(field, text)) or DECODERS[field](text).rstrip("?") == text.rstrip("?")


@given(url=DISGUISED, query=DISGUISED, text=DISGUISED, referrer=DISGUISED, user_agent=DISGUISED)
def test_what_is_explained_is_what_matches(**texts: str) -> None:
    given_event = event(**texts)
    assert {firing.pattern for firing in explain(SHIPPED, texts_of(given_event))} == set(SHIPPED.match(given_event))


def test_what_was_searched_for_is_explained_by_patterns_of_urls_too() -> None:
    (firing,) = explain(Patterns([a_pack({"field": "url"})]), texts_of(event(query="/export+all")))
    assert (firing.field, firing.decoded, firing.steps) == ("url", "/export all", ("plus",))
