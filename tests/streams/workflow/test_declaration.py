from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from streams.workflow.content import setting_values
from streams.workflow.declaration import load_workflow, parse_workflow
from tests.support.workflows import declared
from weir.errors import UsageError
from weir.settings import Settings

RETRAIN = Path(__file__).parents[3] / "deploy/workflows/retrain.yaml"


def steps() -> list[dict[str, Any]]:
    return [
        {"name": "one", "command": ["a"], "inputs": ["x"], "outputs": {"y": "y.json"}, "time_limit_s": 1},
        {"name": "two", "command": ["b"], "inputs": ["y"], "outputs": {"z": "z.json"}, "time_limit_s": 1},
    ]


def test_the_shipped_workflow_reads() -> None:
    workflow = load_workflow(RETRAIN)
    names = [step.name for step in workflow.steps]
    assert names == ["extract", "features", "train", "baseline", "evaluate", "gate", "publish"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s: s[1].update(retries="2"), "step two, field retries: Input should be a valid integer"),
        (lambda s: s[1].update(retries=-1), "step two, field retries: "),
        (lambda s: s[0].update(time_limit_s=0), "step one, field time_limit_s: "),
        (lambda s: s[0].pop("time_limit_s"), "step one, field time_limit_s: Field required"),
        (lambda s: s[0].update(command=[]), "step one, field command: "),
        (lambda s: s[0].update(outputs={}), "step one, field outputs: "),
        (lambda s: s[0].update(outputs={"y": "../y.json"}), "step one, field outputs.y: "),
        (lambda s: s[0].update(colour="red"), "step one, field colour: Extra inputs are not permitted"),
        (lambda s: s[1].update(inputs=["q"]), "step two, field inputs: no step has the output q"),
        (lambda s: s[1].update(inputs=["y", "y"]), "step two, field inputs: an input occurs twice"),
        (lambda s: s[1].update(outputs={"y": "y.json"}), "step two, field outputs: one has y already"),
        (lambda s: s[1].update(outputs={"x": "x.json"}), "step two, field outputs: the workflow's given values has x"),
        (lambda s: s[1].update(outputs={"v": "z.json", "z": "z.json"}), "field outputs: two outputs have the same"),
        (lambda s: s[1].update(name="one"), "step one, field name: another step has the same name"),
        (lambda s: s[0].update(inputs=["z"]), "field inputs: the steps form a cycle"),
        (lambda s: s[0].update(inputs=["y"]), "step one, field inputs: the steps form a cycle, one → one"),
    ],
)
def test_what_is_wrong_is_told_with_step_and_field(change: Callable[[list[dict[str, Any]]], object], told: str) -> None:
    changed = steps()
    parse_workflow(declared(changed, ("x",)), "w.yaml")
    change(changed)
    with pytest.raises(UsageError) as caught:
        parse_workflow(declared(changed, ("x",)), "w.yaml")
    assert told in caught.value.message


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    text = RETRAIN.read_text().replace("{model: model.json, scores: scores.parquet}", "{model: a.json, model: b.json}")
    (tmp_path / "w.yaml").write_text(text)
    with pytest.raises(UsageError, match="'model' is a duplicate key"):
        load_workflow(tmp_path / "w.yaml")


@pytest.mark.parametrize("text", ["[", "- 1", "", "name: x"])
def test_what_is_no_workflow_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "w.yaml").write_text(text)
    with pytest.raises(UsageError):
        load_workflow(tmp_path / "w.yaml")


@pytest.mark.parametrize(
    ("step", "command", "told"), [("none", "a", "no step none"), ("train", "", "empty"), ("train", "'", "quotes")]
)
def test_a_replacement_that_can_not_be_is_refused(step: str, command: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_workflow(RETRAIN).replace(step, command)
    assert told in str(caught.value)


def test_a_given_setting_has_the_value_that_the_deployment_chose() -> None:
    workflow = load_workflow(RETRAIN)
    values = setting_values(workflow, Settings(gate_min_people=7))
    assert values == {"gate-min-people": "7", "model-false-positive-rate": "0.005"}


def test_a_given_setting_that_weir_lacks_is_refused() -> None:
    with pytest.raises(UsageError, match="Weir has no setting no_such_one"):
        parse_workflow(declared(steps(), ("x",)) | {"given": {"no-such-one": {"kind": "setting"}}}, "w.yaml")


def test_a_secret_is_no_argument_of_a_step() -> None:
    given = {"x": {"kind": "text"}, "model-key": {"kind": "setting"}}
    workflow = parse_workflow(declared(steps(), ("x",)) | {"given": given}, "w.yaml")
    with pytest.raises(UsageError, match="model_key can't be given"):
        setting_values(workflow, Settings(model_key=SecretStr("a key of the tests that is long enough")))
