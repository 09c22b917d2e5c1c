"""Options that all commands share."""

from __future__ import annotations

import json

import pytest

from tests.support.command import weir


@pytest.fixture(autouse=True)
def _scratch(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(str(tmp_path))


def value(name: str, *arguments: str) -> object:
    ran = weir("settings", "--json", *arguments)
    assert ran.code == 0, ran.err
    return next(row["value"] for row in map(json.loads, ran.out.splitlines()) if row["setting"] == name)


@pytest.mark.parametrize(
    ("option", "setting"),
    [
        ("--bootstrap-servers", "bootstrap_servers"),
        ("--application-id", "application_id"),
        ("--topic-prefix", "topic_prefix"),
    ],
)
def test_common_options_are_settings(option: str, setting: str) -> None:
    assert value(setting, option, "other") == "other"


def test_any_setting_can_be_set_in_either_spelling() -> None:
    assert value("gap_s", "--set", "gap-s=9") == 9.0
    assert value("gap_s", "--set", "gap_s=9") == 9.0


def test_several_values_stand_between_commas() -> None:
    assert value("shadow", "--set", "shadow=model") == ["model"]
    assert sorted(value("shadow", "--set", "shadow=model, heuristics")) == ["heuristics", "model"]  # type: ignore[call-overload]


def test_a_value_may_hold_an_equals_sign() -> None:
    assert value("sasl_username", "--set", "sasl_username=a=b") == "a=b"


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("gap_s", "not of the form key=value"),
        ("gpa_s=3", "There is no setting gpa_s"),
        ("gap_s=-1", "The setting gap_s is wrong"),
        ("gap_s=often", "The setting gap_s is wrong"),
        ("shadow=modle", "The setting shadow.0 is wrong"),
        ("topic_prefix=a b", "The setting topic_prefix is wrong"),
    ],
)
def test_a_wrong_set_is_a_wrong_call(pair: str, said: str) -> None:
    ran = weir("settings", "--set", pair)
    assert ran.code == 2
    assert said in ran.err
