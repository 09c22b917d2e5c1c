from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.workflow.argo import manifest, to_argo
from streams.workflow.argo_check import faults
from streams.workflow.declaration import load_workflow

FOLDER = Path(__file__).parents[3] / "deploy/workflows"
RETRAIN = load_workflow(FOLDER / "retrain.yaml")


def test_the_committed_manifest_is_what_the_declaration_gives() -> None:
    assert (FOLDER / "retrain.argo.yaml").read_text() == to_argo(RETRAIN), "run `weir workflow export retrain`"


def test_the_committed_manifest_has_no_faults() -> None:
    assert faults(yaml.safe_load((FOLDER / "retrain.argo.yaml").read_text())) == []


def task(of: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in of["spec"]["templates"][0]["dag"]["tasks"] if one["name"] == name)
    return found


def template(of: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in of["spec"]["templates"] if one["name"] == name)
    return found


@pytest.mark.parametrize(
    ("plant", "fault"),
    [
        (lambda m: m["spec"].update(entrypoint="none"), "The entrypoint none is not a template."),
        (lambda m: m["spec"]["templates"].append(template(m, "gate")), "Two templates have the same name."),
        (lambda m: m["spec"]["templates"].remove(template(m, "gate")),
         "Task gate has the template gate, which is not defined."),
        (lambda m: task(m, "gate")["dependencies"].append("none"), "Task gate depends on none, which is not a task."),
        (lambda m: task(m, "gate")["dependencies"].remove("evaluate"),
         "Task gate reads from evaluate, but does not depend on evaluate."),
        (lambda m: task(m, "features")["dependencies"].append("gate"), "Tasks form a cycle: "),
        (lambda m: m["spec"]["templates"][0]["dag"]["tasks"].append(task(m, "gate")), "Two tasks have the same name."),
        (lambda m: m["spec"]["arguments"]["parameters"].clear(),
         "Task extract uses workflow.parameters.table, which is not defined."),
        (lambda m: task(m, "extract")["arguments"].pop("parameters"),
         "Task extract lacks table of its parameters."),
        (lambda m: task(m, "train")["arguments"]["artifacts"].pop(),
         "Task train lacks holdout of its artifacts."),
        (lambda m: template(m, "train")["inputs"]["artifacts"].pop(),
         "Task train has holdout, which is not one of its artifacts."),
        (lambda m: template(m, "train")["inputs"]["artifacts"].pop(),
         "Template train uses inputs.artifacts.holdout.path, which is not defined."),
        (lambda m: template(m, "train")["outputs"]["artifacts"].pop(),
         "Task evaluate reads scores of train, which has no such output."),
        (lambda m: task(m, "gate")["arguments"]["artifacts"][0].update({"from": "{{tasks.no.outputs.artifacts.x}}"}),
         "Task gate reads from no, which is not a task."),
        (lambda m: template(m, "gate").pop("container"), "Template gate has neither a graph nor a container."),
        (lambda m: template(m, "gate")["container"].pop("image"), "Template gate has no image."),
    ],
)  # fmt: skip
def test_a_planted_fault_is_found(plant: Callable[[dict[str, Any]], object], fault: str) -> None:
    planted = copy.deepcopy(manifest(RETRAIN))
    plant(planted)
    assert any(one.startswith(fault) for one in faults(planted)), faults(planted)


def test_retries_time_limits_and_images_are_handed_on() -> None:
    extract = template(manifest(RETRAIN), "extract")
    assert extract["activeDeadlineSeconds"] == 1800
    assert extract["retryStrategy"]["limit"] == 2
    assert extract["container"]["image"] == "weir:latest"
