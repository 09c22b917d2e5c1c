"""`weir settings`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command import weir
from weir.settings import Settings


@pytest.fixture(autouse=True)
def _scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_all_settings_are_printed_with_value_and_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_GAP_S", "7")
    rows = [json.loads(line) for line in weir("settings", "--json", "--set", "grace_s=8").out.splitlines()]
    assert [row["setting"] for row in rows] == list(Settings.model_fields)
    by_name = {row["setting"]: (row["value"], row["source"]) for row in rows}
    assert by_name["gap_s"] == (7.0, "environment")
    assert by_name["grace_s"] == (8.0, "flag")
    assert by_name["partitions"] == (4, "default")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_secrets_are_masked(monkeypatch: pytest.MonkeyPatch, form: list[str]) -> None:
    monkeypatch.setenv("WEIR_MODEL_KEY", "hush")
    ran = weir("settings", *form)
    assert "hush" not in ran.out + ran.err
    assert "*****" in ran.out


def test_values_read_as_they_are_written_in_a_flag() -> None:
    rows = weir("settings", "--set", "web_port=12345", "--set", "shadow=model").out.splitlines()
    # A meaning that takes two lines goes on below, behind spaces.
    shown = {row.split()[0]: row.split()[1] for row in rows if not row.startswith(" ")}
    assert shown["web_port"] == "12345"
    assert shown["shadow"] == "model"


def test_a_variable_that_names_no_setting_is_pointed_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_GPA_S", "7")
    assert "WEIR_GPA_S is not the name of a setting" in weir("settings").err
