from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rules.business.rules import Override, load_business_rules
from tests.rules.business.writing import business_file, business_rules
from tests.support.sessions import make_session
from weir.contracts.flag import Stage, Verdict
from weir.networks import Network

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


def said(
    sections: dict[str, Any],
    verdict: Verdict = "allow",
    stage: Stage = "model",
    score: float | None = None,
    now_s: float = NOON,
    **session: Any,  # noqa: ANN401 -- any field
) -> tuple[str, list[str]] | None:
    found = business_file(sections).apply(make_session(**session), verdict, stage, now_s, score)
    return (found.verdict, [reason.id for reason in found.reasons]) if found is not None else None


def rule(id_: str, then: str | None = None, **more: object) -> dict[str, Any]:
    return {
        "id": id_,
        "owner": "shop",
        "reason": "Because the test says so.",
        **({"then": then} if then else {}),
        **more,
    }


class TestThresholds:
    RULES: ClassVar = {
        "segments": [{"id": "checkout", "where": {"exit_path_prefixes": ["/shop/cart"]}}],
        "rules": [rule("sure", when={"segments": ["checkout"]}, thresholds={"review": 0.9, "block": 0.99})],
    }

    @pytest.mark.parametrize(
        ("score", "was", "becomes"),
        [(0.97, "block", "review"), (0.85, "review", "allow"), (0.995, "block", None), (0.5, "allow", None)],
    )
    def test_a_segment_has_its_own(self, score: float, was: Verdict, becomes: str | None) -> None:
        found = said(self.RULES, was, "model", score)
        assert found == ((becomes, ["sure"]) if becomes else None)

    def test_outside_of_the_segment_they_say_nothing(self) -> None:
        assert said(self.RULES, "block", "model", 0.97, exit_url="/shoes") is None

    def test_what_an_earlier_stage_has_decided_is_no_matter_of_scores(self) -> None:
        assert said(self.RULES, "block", "heuristics", 0.1) is None
        assert said(self.RULES, "block", "model", None) is None


class TestLists:
    LISTS: ClassVar = {
        "allow": [rule("friend", who={"visitors": ["ann", "ben"]})],
        "deny": [rule("foe", who={"accounts": ["ben", "carl"]})],
        "rules": [rule("all", "review", priority=800, when={"at_least": {"events": 1}})],
    }

    def test_they_come_before_all_rules_and_allowing_before_denying(self) -> None:
        assert said(self.LISTS, "block", visitor_id="ann") == ("allow", ["friend"])
        assert said(self.LISTS, account_ids=["carl"]) == ("block", ["foe"])
        assert said(self.LISTS, visitor_id="ann", account_ids=["carl"]) == ("allow", ["friend"])
        assert said(self.LISTS) == ("review", ["all"])


def test_a_crawler_is_allowed_by_range_and_name_and_its_impostor_is_not() -> None:
    bot = Network(id="bot", treat="crawler", ranges=("192.0.2.0/24",), user_agent="ExampleBot")
    sections = {
        "allow": [rule("bots", who={"crawlers": ["bot"]})],
        "rules": [rule("false-bots", "throttle", when={"impostors": True})],
    }
    rules = business_file(sections, [bot])

    def verdict(ip: str, user_agent: str) -> str | None:
        found = rules.apply(make_session(ip=ip, user_agent=user_agent), "block", "heuristics", NOON)
        return found.verdict if found is not None else None

    assert verdict("192.0.2.1", "ExampleBot/1") == "allow"
    assert verdict("203.0.113.1", "ExampleBot/1") == "throttle"
    assert verdict("192.0.2.1", "curl/8") is None


def test_weights_add_up_among_rules_of_one_priority() -> None:
    when = [{"visitors": ["ann"]}, {"at_least": {"events": 1}}, {"at_least": {"page_views": 1}}]
    one = rule("one", "block", when=when[0], weight=3.0)
    two, three = rule("two", "review", when=when[1], weight=2.0), rule("three", "review", when=when[2], weight=1.5)
    assert said({"rules": [one, two, three]}, visitor_id="ann") == ("review", ["two", "three"])
    assert said({"rules": [one, two]}, visitor_id="ann") == ("block", ["one"])
    even = rule("even", "review", when=when[1], weight=3.0)
    assert said({"rules": [one, even]}, visitor_id="ann") == ("review", ["even"])


def test_hours_are_those_of_the_session_and_expiry_is_by_the_clock() -> None:
    night = {"rules": [rule("night", "review", when={"at_least": {"events": 1}}, hours={"before": "06:00"})]}
    midnight = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    assert said(night, start=midnight, end=midnight + 60.0) == ("review", ["night"])
    assert said(night, start=NOON, end=NOON) is None


def test_an_exception_takes_a_rule_back() -> None:
    sections = {"rules": [rule("r", "review", when={"at_least": {"events": 1}}, unless={"at_least": {"purchases": 1}})]}
    assert said(sections) == ("review", ["r"])
    assert said(sections, purchases=1) is None


def test_networks_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "ch.txt").write_text("192.0.2.0/25\n2001:db8::/32\n")
    file = tmp_path / "rules.yaml"
    entry = rule("r", "review", when={"networks_file": "ch.txt", "networks": ["203.0.113.9"]})
    file.write_text(yaml.safe_dump({"version": "1", "rules": [entry]}))
    rules = load_business_rules(file)
    held = [
        rules.apply(make_session(ip=ip), "allow", "model", NOON) is not None
        for ip in ("192.0.2.1", "192.0.2.200", "2001:db8::9", "203.0.113.9", None)
    ]
    assert held == [True, False, True, True, False]
