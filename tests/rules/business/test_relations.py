from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.business.conditions import Context, PrecedingVerdict, When
from rules.business.hours import Hours
from rules.business.relations import Scope, are_apart, covers
from tests.support.sessions import make_session

words = st.lists(st.sampled_from(["a", "ab", "abc", "b", "bc"]), min_size=1, max_size=3).map(tuple)
networks = st.lists(
    st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "192.0.2.0/24", "2001:db8::/32"]), min_size=1, max_size=2
).map(tuple)
paths = st.lists(st.sampled_from(["/", "/a", "/a/b", "/b"]), min_size=1, max_size=2).map(tuple)
bounds = st.dictionaries(st.sampled_from(["events", "purchases", "score"]), st.floats(0, 3), min_size=1, max_size=2)
conditions = st.fixed_dictionaries(
    {},
    optional={
        "visitors": words,
        "accounts": words,
        "account_prefixes": words,
        "networks": networks,
        "user_agent_contains": words,
        "entry_path_prefixes": paths,
        "stages": st.sampled_from([("model",), ("heuristics",), ("heuristics", "model")]),
        "verdicts": st.sampled_from([("block",), ("review", "block"), ("allow",)]),
        "at_least": bounds,
        "at_most": bounds,
    },
)
said = st.builds(
    lambda verdict, stage, score, fields: PrecedingVerdict(make_session(**fields), verdict, stage, score),
    st.sampled_from(["allow", "review", "block"]),
    st.sampled_from(["heuristics", "model"]),
    st.none() | st.floats(0, 1),
    st.fixed_dictionaries(
        {
            "visitor_id": st.sampled_from(["a", "ab", "b", "c"]),
            "account_ids": st.lists(st.sampled_from(["a", "abc", "bc", "c"]), max_size=2),
            "ip": st.sampled_from(["10.1.2.3", "10.2.3.4", "192.0.2.9", "2001:db8::1", None]),
            "user_agent": st.sampled_from(["abc", "b", None]),
            "entry_url": st.sampled_from(["/a/b/c", "/b", None]),
            "events": st.integers(0, 4),
            "purchases": st.integers(0, 2),
        }
    ),
)


@given(conditions, conditions, said)
def test_where_the_narrow_one_holds_the_one_that_covers_it_does(
    wide: dict[str, Any], narrow: dict[str, Any], one: PrecedingVerdict
) -> None:
    whole, part = When(**wide), When(**{**narrow, **wide}) if one.score is None else When(**narrow)
    if covers(Scope(whole), Scope(part)) and part.holds(one, Context()):
        assert whole.holds(one, Context())


@given(conditions, conditions, said)
def test_rules_that_are_apart_never_hold_together(
    left: dict[str, Any], right: dict[str, Any], one: PrecedingVerdict
) -> None:
    first, second = When(**left), When(**right)
    if are_apart(Scope(first), Scope(second)):
        assert not (first.holds(one, Context()) and second.holds(one, Context()))


@given(conditions)
def test_conditions_cover_themselves(given_: dict[str, Any]) -> None:
    assert covers(Scope(When(**given_)), Scope(When(**given_)))


@pytest.mark.parametrize(
    ("wide", "narrow", "is_covered"),
    [
        ({"networks": ["10.0.0.0/8"]}, {"networks": ["10.1.0.0/16"], "visitors": ["a"]}, True),
        ({"networks": ["10.1.0.0/16"]}, {"networks": ["10.0.0.0/8"]}, False),
        ({"networks": ["10.0.0.0/8"]}, {"networks": ["10.1.0.0/16"], "networks_file": "de.txt"}, False),
        ({"networks_file": "de.txt"}, {"networks_file": "de.txt", "visitors": ["a"]}, True),
        ({"at_least": {"events": 5}}, {"at_least": {"events": 6, "clicks": 1}}, True),
        ({"at_least": {"events": 5}}, {"at_least": {"clicks": 6}}, False),
        ({"referrer_hosts": ["a.example"]}, {"referrer_hosts": ["w.a.example"]}, True),
        ({"impostors": True}, {"impostors": True, "visitors": ["a"]}, True),
        ({"impostors": True}, {"visitors": ["a"]}, False),
    ],
)
def test_one_holds_wherever_the_other_does_or_not(
    wide: dict[str, Any],
    narrow: dict[str, Any],
    is_covered: bool,  # noqa: FBT001 -- a case
) -> None:
    assert covers(Scope(When(**wide)), Scope(When(**narrow))) is is_covered


def test_hours_and_exceptions_make_a_rule_narrower() -> None:
    when = When(visitors=("a",))
    night = Hours(after="22:00", before="06:00")
    assert covers(Scope(when), Scope(when, hours=night))
    assert not covers(Scope(when, hours=night), Scope(when))
    assert covers(Scope(when), Scope(when, unless=When(visitors=("b",))))
    assert not covers(Scope(when, unless=When(visitors=("b",))), Scope(when))


any_network = st.builds(lambda part, bits: f"10.0.{part}.{part * 7}/{bits}", st.integers(0, 3), st.integers(20, 32))
network_lists = st.lists(any_network | st.just("2001:db8::/32"), min_size=1, max_size=5).map(tuple)


@given(network_lists, network_lists)
def test_networks_stand_to_each_other_as_each_of_them_does(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    def parsed(texts: tuple[str, ...]) -> list[Any]:  # of either version
        return [ip_network(text, strict=False) for text in texts]

    def within(part: Any, whole: Any) -> bool:  # noqa: ANN401 -- of either version
        return bool(part.version == whole.version and part.subnet_of(whole))

    left, right = parsed(one), parsed(other)
    scopes = Scope(When(networks=one)), Scope(When(networks=other))
    assert covers(*scopes) == all(any(within(part, whole) for whole in left) for part in right)
    assert are_apart(*scopes) == (not any(within(a, b) or within(b, a) for a in left for b in right))
