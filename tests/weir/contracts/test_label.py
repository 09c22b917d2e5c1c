from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from weir.contracts import Label
from weir.contracts.label import is_report, is_trusted, is_weak, kind_of
from weir.settings import Settings

PLAIN: dict[str, Any] = {"visitor_id": "v1", "ts": 1.0, "label": "bad", "source": "ana"}


@pytest.mark.parametrize(
    ("source", "named", "trusted"),
    [
        ("ana", ("ana",), True),
        ("ana", ("ben", "ana"), True),
        ("ana", (), False),
        ("ana", ("an",), False),
        ("an", ("ana",), False),
        ("Ana", ("ana",), False),
        (" ana", ("ana",), False),
        ("team-a", ("team-*",), True),
        ("team-", ("team-*",), True),
        ("team", ("team-*",), False),
        ("a-team-a", ("team-*",), False),
        ("team-*", ("team-*",), True),
        ("anybody", ("*",), True),
    ],
)
def test_a_source_is_trusted_if_it_is_named_or_begins_as_a_name_with_a_star(
    source: str,
    named: tuple[str, ...],
    trusted: bool,  # noqa: FBT001 -- a parameter of the test
) -> None:
    assert is_trusted(source, named) is trusted


@given(st.sampled_from(["weak:", "report:"]), st.text(max_size=20))
def test_neither_weir_itself_nor_a_visitor_who_reports_is_ever_trusted(prefix: str, name: str) -> None:
    source = prefix + name
    assert not is_trusted(source, ("*", source, prefix + "*", prefix[:1] + "*"))


@pytest.mark.parametrize("named", ["weak:purchase", "weak:*", "report:*", "report:v1", "a*b", "*a"])
def test_settings_refuse_names_that_can_never_be_trusted(named: str) -> None:
    with pytest.raises(ValidationError):
        Settings(human_sources=(named,))


@pytest.mark.parametrize(
    ("source", "kind"),
    [("ana", "people"), ("weak:purchase", "weak"), ("report:v1", "report"), ("reports", "people"), ("weak", "people")],
)
def test_a_source_has_one_kind(source: str, kind: str) -> None:
    assert kind_of(source) == kind
    assert (is_weak(source), is_report(source)) == (kind == "weak", kind == "report")


@pytest.mark.parametrize("value", ["good", "bad", "withdrawn"])
def test_a_label_says_good_bad_or_withdrawn(value: str) -> None:
    assert Label.model_validate(PLAIN | {"label": value}).label == value


@pytest.mark.parametrize(
    "changed",
    [
        {"label": "Bad"},
        {"label": None},
        {"source": ""},
        {"source": "a" * 10_000},
        {"ts": -1.0},
        {"ts": float("inf")},
        {"visitor_id": ""},
        {"weight": 0.0},
    ],
)
def test_anything_else_is_no_label(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Label.model_validate(PLAIN | changed)
