from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.business.rules import Override
from tests.rules.business.writing import business_rules
from tests.support.sessions import make_session

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()


def applied(when: dict[str, Any], *, score: float | None = None, **session: Any) -> bool:  # noqa: ANN401 -- any field
    rules = business_rules({"id": "one", "when": when, "then": "review"})
    return rules.apply(make_session(**session), "block", "model", NOON, score) is not None


@pytest.mark.parametrize(
    ("when", "holds", "fails"),
    [
        ({"visitors": ["ann"]}, {"visitor_id": "ann"}, {"visitor_id": "anna"}),
        ({"accounts": ["7"]}, {"account_ids": ["6", "7"]}, {"account_ids": ["77"]}),
        ({"networks": ["192.0.2.0/24"]}, {"ip": "192.0.2.200"}, {"ip": "192.0.3.1"}),
        ({"networks": ["2001:db8::/32"]}, {"ip": "2001:db8::9"}, {"ip": "192.0.2.1"}),
        ({"networks": ["192.0.2.0/24"]}, {"ip": "192.0.2.0"}, {"ip": "no address"}),
        ({"networks": ["192.0.2.0/24"]}, {"ip": "192.0.2.0"}, {"ip": None}),
        ({"referrer_hosts": ["a.example"]}, {"referrer": "https://w.a.example/x"}, {"referrer": "https://ba.example"}),
        ({"entry_path_prefixes": ["/export"]}, {"entry_url": "/export/all"}, {"entry_url": "/x/export"}),
        ({"at_least": {"purchases": 1}}, {"purchases": 1}, {"purchases": 0}),
        ({"at_most": {"events": 5}}, {"events": 5}, {"events": 6}),
    ],
)
def test_a_condition_holds_or_does_not(when: dict[str, Any], holds: dict[str, Any], fails: dict[str, Any]) -> None:
    assert applied(when, **holds)
    assert not applied(when, **fails)


def test_a_bound_on_the_score_fails_where_there_is_none() -> None:
    assert applied({"at_least": {"score": 0.5}}, score=0.5)
    assert not applied({"at_least": {"score": 0.5}}, score=None)


def test_all_conditions_of_a_rule_must_hold() -> None:
    when = {"visitors": ["ann"], "at_least": {"events": 2}}
    assert applied(when, visitor_id="ann", events=2)
    assert not applied(when, visitor_id="ann", events=1)


def test_the_greatest_priority_decides_and_the_rule_is_named_with_its_owner() -> None:
    rules = business_rules(
        {"id": "low", "when": {"at_least": {"events": 1}}, "then": "review"},
        {"id": "high", "priority": 5, "owner": "ops", "when": {"verdicts": ["block"]}, "then": "throttle"},
    )
    found = rules.apply(make_session(), "block", "model", NOON)
    assert isinstance(found, Override)
    assert (found.verdict, found.reasons[0].id, found.reasons[0].text) == (
        "throttle",
        "high",
        "Because the test says so. (ops)",
    )
    lower = rules.apply(make_session(), "allow", "model", NOON)
    assert lower is not None
    assert lower.verdict == "review"


@pytest.mark.parametrize(
    ("days", "holds"),
    [
        ({"expires": "2026-03-01"}, False),
        ({"expires": "2026-03-02"}, True),
        ({"added": "2026-03-02"}, False),
        ({"added": "2026-03-01"}, True),
        ({"enabled": False}, False),
    ],
)
def test_a_rule_is_in_force_from_its_first_day_until_the_one_on_which_it_expires(
    days: dict[str, Any],
    holds: bool,  # noqa: FBT001 -- a case
) -> None:
    rules = business_rules({"id": "one", "when": {"verdicts": ["block"]}, "then": "review", **days})
    assert (rules.apply(make_session(), "block", "model", NOON) is not None) is holds


@given(st.text(), st.none() | st.text(), st.none() | st.text())
def test_no_session_makes_a_rule_raise(visitor: str, ip: str | None, url: str | None) -> None:
    rules = business_rules(
        {"id": "a", "when": {"networks": ["10.0.0.0/8"]}, "then": "review"},
        {"id": "b", "when": {"referrer_hosts": ["a.example"], "entry_path_prefixes": ["/x"]}, "then": "review"},
    )
    session = make_session(visitor_id=visitor, ip=ip).model_copy(update={"referrer": url, "entry_url": url})
    rules.apply(session, "block", "model", NOON)
