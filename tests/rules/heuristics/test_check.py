from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import re2  # type: ignore[import-untyped]  # has no types
from hypothesis import given
from hypothesis import strategies as st

from rules.heuristics.check import Checked, LogMatches, check
from rules.heuristics.generate import strings
from rules.heuristics.pack import Pack
from rules.heuristics.patterns import SHIPPED, Patterns, load_packs
from rules.problems import Problem
from tests.support.packs import a_pack
from weir.contracts import Event

TODAY = date(2026, 3, 1)
RULE: dict[str, Any] = {
    "id": "mine/rule",
    "category": "scraper",
    "reason": "Fetches much and reads little.",
    "weight": 0.5,
    "conditions": [{"measure": "events", "at_least": 5}],
    "match": [{"measures": {"events": 9}}],
    "no_match": [{"measures": {"events": 1}}],
}


def findings(pack: Pack, *others: Pack, log: LogMatches | None = None) -> list[Problem]:
    return check([Checked("mine.yaml", pack)], others, TODAY, log)


def told(pack: Pack, *others: Pack) -> str:
    return " ".join(map(str, findings(pack, *others)))


def test_a_pattern_alone_has_nothing_to_be_told_of() -> None:
    assert not findings(a_pack({}))


def test_shipped_packs_are_not_suspicious_at_any_level() -> None:
    packs = load_packs(level=4).packs
    assert {pack.name for pack in packs} >= {file.stem for file in SHIPPED.glob("*.yaml")}
    problems = check([Checked(pack.name, pack) for pack in packs], packs, TODAY)
    assert not [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("other", "is_shadowed"),
    [
        ({"regex": "^/ex"}, True),
        ({"regex": "^/ex", "weight": 0.9}, True),
        ({"regex": "^/ex", "weight": 0.3}, False),
        ({"regex": "^/ex", "shadow": True}, False),
        ({"regex": "^/ex", "level": 2}, False),
        ({"regex": "^/ex", "expires": "2027-01-01"}, False),
        ({"regex": "^/export/a"}, False),
        ({"regex": "^/export$|all"}, False),
        ({"regex": "^/ex", "field": "query", "match": ["/export"]}, False),
    ],
)
def test_a_pattern_is_shadowed_by_one_that_matches_wherever_it_does(
    other: dict[str, Any],
    is_shadowed: bool,  # noqa: FBT001 -- a column of a table
) -> None:
    theirs = a_pack({"id": "theirs/wider"} | other, pack="theirs", level=2)
    assert ("mine/export is shadowed by theirs/wider" in told(a_pack({}), theirs)) is is_shadowed


def test_of_two_that_match_the_same_one_is_named() -> None:
    (problem,) = findings(a_pack({}, {"id": "mine/again"}))
    assert "mine/export is shadowed by mine/again" in problem.message
    assert problem.line > 1


def test_in_one_group_a_shadowed_pattern_never_counts() -> None:
    assert "it never counts" in told(
        a_pack({"group": "exports"}, {"id": "mine/wide", "regex": "^/e", "group": "exports"})
    )


def test_a_pattern_that_wears_automata_out_costs_more_than_its_share() -> None:
    greedy = {"id": "mine/greedy", "regex": "(a|b).{0,200}[ab01].{60}z", "match": ["a0" + "x" * 60 + "z"]}
    (problem,) = findings(a_pack({}, greedy))
    assert "mine/greedy costs more than its share" in problem.message


def test_a_pattern_that_a_log_never_fires_is_told_and_one_that_it_fires_is_not() -> None:
    pack = a_pack({}, {"id": "mine/rare", "regex": "^/rare", "match": ["/rare"]})
    log = LogMatches(Patterns([pack]))
    log.take(Event(event_id="e", visitor_id="v", type="page_view", ts=0.0, url="/export/1"))
    (problem,) = findings(pack, log=log)
    assert "mine/rare never fires on 1 events" in problem.message


def test_what_has_expired_is_told() -> None:
    assert "has expired on 2026-03-01" in told(a_pack({"expires": "2026-03-01"}))


@pytest.mark.parametrize("condition", [{"pattern": "mine/nothing"}, {"category": "unheard-of"}])
def test_a_rule_that_asks_for_what_no_pattern_gives_can_never_hold(condition: dict[str, Any]) -> None:
    example = {"patterns": ["mine/nothing"], "categories": {"unheard-of": 1}}
    rule = RULE | {"conditions": [condition], "match": [example], "no_match": [{}]}
    name = next(iter(condition.values()))
    assert f"mine/rule can never hold: no pattern in force is or is of {name}" in told(a_pack({}, rules=[rule]))
    either = rule | {"conditions": [condition, {"category": "scraper"}], "needs": 1}
    assert not told(a_pack({}, rules=[either]))


@given(st.sampled_from([entry.expression for pack in load_packs().packs for entry in pack.patterns_in_force]))
def test_strings_made_from_a_pattern_are_matched_by_it(expression: str) -> None:
    assert all(re2.search(expression, made) for made in strings(expression, 10))


def test_what_python_can_not_parse_gives_no_strings() -> None:
    assert strings(r"\pN+", 5) == []
    assert strings("(", 5) == []
