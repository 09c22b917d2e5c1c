"""Settings: where they come from, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, get_args

import pytest
from pydantic import Field, ValidationError, create_model

from weir.errors import SettingsError
from weir.settings import Settings, load, sources, stray_environment


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_setting_has_a_default_and_says_what_it_is() -> None:
    load()
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_flags_go_before_the_environment_and_that_before_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "weir.toml").write_text("gap_s = 1\ngrace_s = 1\nidle_timeout_s = 1\n")
    monkeypatch.setenv("WEIR_GAP_S", "2")
    monkeypatch.setenv("WEIR_GRACE_S", "2")
    settings = load(gap_s=3)
    assert (settings.gap_s, settings.grace_s, settings.idle_timeout_s) == (3, 2, 1)
    origin = sources({"gap_s": 3})
    assert [origin[name] for name in ("gap_s", "grace_s", "idle_timeout_s", "partitions")] == [
        "flag",
        "environment",
        "file",
        "default",
    ]


def test_a_flag_that_was_not_given_changes_nothing() -> None:
    assert load(gap_s=None).gap_s == Settings().gap_s


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_GAP_S", "")
    assert load().gap_s == Settings().gap_s
    assert sources({})["gap_s"] == "default"


def test_variables_that_name_no_setting_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_BOOTSTRAP_SERVER", "x")
    monkeypatch.setenv("WEIR_GAP_S", "3")
    assert stray_environment() == ["WEIR_BOOTSTRAP_SERVER"]


def test_secrets_are_masked_wherever_settings_are_printed() -> None:
    settings = load(sasl_password="open sesame", model_key="hush")
    printed = f"{settings!r} {settings.model_dump(mode='json')} {settings.model_dump_json()}"
    assert "open sesame" not in printed
    assert "hush" not in printed


def test_clients_get_the_password_in_clear() -> None:
    settings = load(
        security_protocol="SASL_SSL", sasl_mechanism="SCRAM-SHA-512", sasl_username="weir", sasl_password="open sesame"
    )
    assert settings.client_options()["sasl.password"] == "open sesame"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('gap_s = "x', "is not TOML"),
        ("gpa_s = 3", "There is no setting gpa_s"),
        ("gap_s = -3", "The setting gap_s is wrong.*"),
        ("web_port = 70000", "The setting web_port is wrong"),
    ],
)
def test_a_wrong_file_is_told_in_a_sentence(folder: Path, text: str, said: str) -> None:
    (folder / "weir.toml").write_text(text)
    with pytest.raises(SettingsError, match=said):
        load()


def test_a_file_that_is_not_utf8_is_told(folder: Path) -> None:
    (folder / "weir.toml").write_bytes(b"application_id = '\xff'")
    with pytest.raises(SettingsError, match="is not TOML"):
        load()


def test_the_message_says_where_the_wrong_value_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_PARTITIONS", "0")
    with pytest.raises(SettingsError) as caught:
        load()
    assert "environment" in caught.value.hint


@pytest.mark.parametrize("brokers", ["", " ", "a:1,,b:2", "a:1,"])
def test_brokers_without_a_name_are_told_in_a_sentence(brokers: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(bootstrap_servers=brokers)
    assert str(caught.value).startswith("The setting bootstrap_servers is wrong: name brokers as host:port,host:port.")


def holds_float(annotation: object) -> bool:
    return annotation is float or any(map(holds_float, get_args(annotation)))


FLOATS = [name for name, field in Settings.model_fields.items() if holds_float(field.annotation)]
"""Optional ones and several at once, too."""


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e999"])
@pytest.mark.parametrize("name", FLOATS)
def test_no_number_of_a_setting_may_be_infinite_or_nan(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"WEIR_{name.upper()}", value)
    with pytest.raises(SettingsError, match=f"The setting {name} is wrong"):
        load()


def test_settings_of_seconds_and_shares_are_among_those_that_are_tried() -> None:
    assert {"max_session_s", "gap_s", "max_ahead_s", "label_wait_s", "rollout_share"} <= set(FLOATS)
    assert holds_float(Annotated[float, Field(gt=0)] | None)
    assert holds_float(tuple[float, ...])
    assert not holds_float(tuple[int, ...])


def test_an_optional_number_of_a_later_setting_may_not_be_infinite_either() -> None:
    later = create_model("Later", __base__=Settings, wait_s=(float | None, None), waits_s=(tuple[float, ...], ()))
    for given in ({"wait_s": math.inf}, {"waits_s": (1.0, math.nan)}):
        with pytest.raises(ValidationError, match="finite number"):
            later.model_validate(given)


def test_a_window_of_the_gate_that_outgrows_the_state_is_refused() -> None:
    with pytest.raises(SettingsError, match="The setting gate_window is wrong"):
        load(gate_window=10_001)
