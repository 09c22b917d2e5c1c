from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from rules.business.files import check_business_rules
from rules.business.rules import load_business_rules
from rules.problems import RulesError
from tests.rules.business.writing import document, problems

ONE: dict[str, Any] = {"id": "one", "when": {"visitors": ["ann"]}, "then": "allow"}


def test_the_shipped_rules_are_well() -> None:
    assert not check_business_rules()[1]
    assert load_business_rules().rules


NARROW: dict[str, Any] = {"visitors": ["ann"], "at_least": {"events": 3}}
BY_SCORE: dict[str, Any] = {"id": "one", "when": {"visitors": ["ann"]}, "thresholds": {"review": 0.5, "block": 0.9}}
LISTED: dict[str, Any] = {
    "id": "listed",
    "owner": "shop",
    "reason": "Because the test says so.",
    "who": {"networks": ["10.0.0.0/8"]},
}
CEILING: dict[str, Any] = {
    "id": "top",
    "owner": "shop",
    "reason": "Because the test says so.",
    "at_most": 0.1,
    "release_at": 0.05,
}


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([ONE | {"when": {}}], "has no condition"),
        ([ONE | {"when": {"networks": ["192.0.2.0/99"]}}], "is no network"),
        ([ONE | {"when": {"at_least": {"events": 5}, "at_most": {"events": 4}}}], "can never fire"),
        ([ONE | {"added": "2026-03-02", "expires": "2026-03-01"}], "can never fire"),
        ([ONE | {"when": {"verdicts": ["allow"]}}], "changes nothing"),
        ([ONE, ONE | {"when": {"visitors": ["ben"]}}], "given twice"),
        ([ONE, ONE | {"id": "two", "then": "block"}], "gives block where one gives allow"),
        ([ONE, ONE | {"id": "two", "priority": 3}], "one of them can never decide"),
        ([ONE | {"then": "blok"}], "then"),
        ([ONE | {"wen": {}}], "Did you mean when?"),
        ([{"id": "one", "then": "allow"}], "when is missing"),
        ([{"id": "one", "when": {"visitors": ["ann"]}}], "needs either then or thresholds"),
        ([ONE | {"thresholds": {"block": 0.9}}], "needs either then or thresholds"),
        ([BY_SCORE | {"thresholds": {"review": 0.9, "block": 0.8}}], "must rise"),
        ([BY_SCORE | {"thresholds": {}}], "has no threshold"),
        ([BY_SCORE | {"when": {"stages": ["rate_limit"]}}], "thresholds apply only where the model or no stage"),
        ([BY_SCORE, BY_SCORE | {"id": "two"}], "give thresholds for the same"),
        ([ONE | {"when": {"at_least": {"score": 1.5}}}], "no score is above 1"),
        ([ONE | {"when": {"at_most": {"events": -1}}}], "never negative"),
        ([ONE | {"when": {"stages": ["business_rule"]}}], "business rules are the last stage"),
        ([ONE | {"when": {"stages": ["rate_limit"], "verdicts": ["block"]}}], "rate_limit never has the verdict block"),
        ([ONE | {"unless": {"visitors": ["ann", "ben"]}}], "unless holds wherever when does"),
        ([ONE | {"when": {"segments": ["none"]}}], "There is no segment none"),
        ([ONE | {"when": {"networks_file": "none.txt"}}], "can't be read"),
        ([ONE | {"hours": {"timezone": "Mars/Olympus"}}], "there is no time zone Mars/Olympus"),
        ([ONE | {"hours": {"after": "09:00", "before": "09:00"}}], "its hours end where they begin"),
        ([ONE | {"hours": {"after": "9"}}], "after"),
        ([ONE | {"priority": 900}], "priority"),
        ([ONE | {"priority": 9}, ONE | {"id": "two", "when": NARROW}], "two can never decide: one holds"),
        ([ONE, ONE | {"id": "two", "when": NARROW, "then": "block"}], "two gives block where one gives allow"),
    ],
)
def test_what_contradicts_or_can_never_fire_is_refused(rules: list[dict[str, Any]], told: str) -> None:
    assert any(told in problem for problem in problems(document(*rules))), problems(document(*rules))


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"allow": [LISTED], "deny": [LISTED | {"id": "two"}]}, "two denies sessions that listed allows"),
        ({"allow": [LISTED], "deny": [LISTED | {"id": "two", "who": {"networks": ["10.1.0.0/16"]}}]}, "two denies"),
        ({"allow": [LISTED | {"who": {}}]}, "has no condition"),
        ({"allow": [LISTED, LISTED]}, "given twice"),
        ({"ceiling": CEILING | {"release_at": 0.1}}, "let go where it trips"),
        ({"ceiling": CEILING | {"of": ["business_rule"]}}, "are not held back"),
        ({"ceiling": CEILING | {"at_most": 1.5}}, "at_most"),
        ({"segments": [{"id": "a", "where": {"segments": ["a"]}}]}, "can't be made of a"),
        ({"segments": [{"id": "a", "where": {"verdicts": ["block"]}}]}, "no known name"),
    ],
)
def test_lists_segments_and_ceilings_that_can_not_be_are_refused(sections: dict[str, Any], told: str) -> None:
    text = yaml.safe_dump({"version": "1", **sections})
    assert any(told in problem for problem in problems(text)), problems(text)


def test_a_rule_that_a_list_settles_can_never_decide() -> None:
    rule = {"id": "r", "owner": "o", "reason": "Because of it.", "when": {"networks": ["10.1.0.0/16"]}, "then": "block"}
    (told,) = problems(yaml.safe_dump({"version": "1", "allow": [LISTED], "rules": [rule]}))
    assert "r can never decide: listed holds wherever it does" in told


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([ONE | {"expires": "2020-01-01"}], "has expired"),
        ([ONE, ONE | {"id": "two", "when": {"at_least": {"events": 9}}, "then": "block"}], "may hold together"),
    ],
)
def test_what_is_only_suspicious_is_told_and_loads(tmp_path: Path, rules: list[dict[str, Any]], told: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(document(*rules))
    loaded, found = check_business_rules(file)
    assert loaded is not None
    assert [(problem.severity, told in problem.message) for problem in found] == [("warning", True)]
    assert load_business_rules(file).rules


@pytest.mark.parametrize(
    "other",
    [
        {"when": {"visitors": ["ben"]}},
        {"when": {"visitors": ["ann"]}, "weight": 2.0},
        {"when": {"visitors": ["ann"], "stages": ["model"]}, "priority": 5},
    ],
)
def test_rules_of_which_one_is_said_to_win_are_well(other: dict[str, Any]) -> None:
    assert not problems(document(ONE, ONE | {"id": "two", "then": "block"} | other))


def test_rules_that_are_never_in_force_together_may_contradict() -> None:
    before, after = ONE | {"expires": "2126-03-01"}, ONE | {"id": "two", "added": "2126-03-01", "then": "block"}
    assert not problems(document(before, after))


NO_RULES = ("", "[]", "7", "rules: [", "a: &a [*a]", "version: 1", "rules: {}", "a: b\n\x00", "- " * 5_000)


@pytest.mark.parametrize("text", NO_RULES)
def test_a_file_that_is_something_else_is_told_with_a_line_and_never_raises(text: str) -> None:
    assert problems(text)


def test_everything_wrong_is_told_at_once_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(document(ONE | {"when": {}}, ONE | {"id": "two", "when": {"networks": ["x"]}}))
    with pytest.raises(RulesError) as raised:
        load_business_rules(file)
    assert "2 problems" in str(raised.value)
    assert str(raised.value).count(f"{file}:") == 2


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="can't be read"):
        load_business_rules(tmp_path / "nobody.yaml")
