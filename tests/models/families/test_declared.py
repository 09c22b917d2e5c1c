from __future__ import annotations

from pathlib import Path

import pytest

from models.families.declared import load_model
from models.families.registry import FAMILIES
from weir.errors import SettingsError


def test_without_a_file_the_shipped_model_is_trained() -> None:
    assert load_model(None).family == "pooled-ensemble"


def test_a_stack_is_declared_with_its_members(tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    file.write_text("family: stack\nmembers:\n  - family: text-bayes\n  - {family: hoeffding-tree, depth: 3}\n")
    declared = load_model(file)
    model = FAMILIES[declared.family](**declared.hyper_parameters)
    assert [member["family"] for member in model.hyper_parameters["members"]] == ["text-bayes", "hoeffding-tree"]
    assert model.hyper_parameters["members"][1]["depth"] == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "family: oracle",
        "family: stack\nmembers: []",
        "family: stack\nmembers: [{family: stack}]",
        "family: hashed-logistic\nbits: many",
        "family: hashed-logistic\ncolour: red",
        "family: [",
    ],
)
def test_what_is_no_model_is_refused_with_its_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "model.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=r"model\.yaml"):
        load_model(file)
