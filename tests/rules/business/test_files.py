from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rules.business.files import check_business_rules
from rules.business.rules import load_business_rules
from rules.problems import RulesError
from tests.rules.business.writing import document, problems

ONE: dict[str, Any] = {"id": "one", "when": {"visitors": ["ann"]}, "then": "allow"}


def test_the_shipped_rules_are_well() -> None:
    assert not check_business_rules()[1]
    assert load_business_rules().rules


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([ONE | {"when": {}}], "has no condition"),
        ([ONE | {"when": {"networks": ["192.0.2.0/99"]}}], "is no network"),
        ([ONE | {"when": {"at_least": {"events": 5}, "at_most": {"events": 4}}}], "can never fire"),
        ([ONE | {"added": "2026-03-02", "expires": "2026-03-01"}], "can never fire"),
        ([ONE | {"when": {"verdicts": ["allow"]}}], "changes nothing"),
        ([ONE, ONE | {"when": {"visitors": ["ben"]}}], "given twice"),
        ([ONE, ONE | {"id": "two", "then": "block"}], "says block where one says allow"),
        ([ONE, ONE | {"id": "two", "priority": 3}], "one of them can never decide"),
        ([ONE | {"then": "blok"}], "then"),
        ([ONE | {"wen": {}}], "Did you mean when?"),
        ([{"id": "one", "then": "allow"}], "when is missing"),
    ],
)
def test_what_contradicts_or_can_never_fire_is_refused(rules: list[dict[str, Any]], told: str) -> None:
    assert any(told in problem for problem in problems(document(*rules))), problems(document(*rules))


def test_rules_that_are_never_in_force_together_may_contradict() -> None:
    before, after = ONE | {"expires": "2026-03-01"}, ONE | {"id": "two", "added": "2026-03-01", "then": "block"}
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
