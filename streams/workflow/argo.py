"""Makes a manifest of Argo Workflows from a workflow: a DAG of containers whose files are artifacts."""

from __future__ import annotations

from typing import Any

import yaml

from streams.workflow.content import setting_values
from streams.workflow.declaration import Step, Workflow
from weir.settings import Settings

_IN, _OUT = "/work/in", "/work/out"
_DAG = "graph"


def to_argo(workflow: Workflow) -> str:
    """The manifest as YAML; equal declarations give equal text."""
    head = f"# Written by `weir workflow export {workflow.name} --to argo`: edit the declaration beside it.\n"
    return head + yaml.safe_dump(manifest(workflow), sort_keys=False, width=120, allow_unicode=True)


def manifest(workflow: Workflow) -> dict[str, Any]:
    """The manifest as a mapping."""
    defaults = setting_values(workflow, Settings.model_construct())
    parameters = [
        {"name": name}
        | ({"description": one.about} if one.about else {})
        | ({"value": defaults[name]} if name in defaults else {})
        for name, one in workflow.given.items()
    ]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "WorkflowTemplate",
        "metadata": {"name": workflow.name},
        "spec": {
            "entrypoint": _DAG,
            "arguments": {"parameters": parameters},
            "templates": [
                {"name": _DAG, "dag": {"tasks": [_task(workflow, step) for step in workflow.steps]}},
                *(_template(workflow, step) for step in workflow.steps),
            ],
        },
    }


def _task(workflow: Workflow, step: Step) -> dict[str, Any]:
    makers = workflow.makers
    task: dict[str, Any] = {"name": step.name, "template": step.name}
    before = workflow.dependencies(step)
    if before:
        task["dependencies"] = before
    parameters = [
        {"name": name, "value": f"{{{{workflow.parameters.{name}}}}}"} for name in step.inputs if name in workflow.given
    ]
    artifacts = [
        {"name": name, "from": f"{{{{tasks.{makers[name]}.outputs.artifacts.{name}}}}}"}
        for name in step.inputs
        if name in makers
    ]
    arguments = {"parameters": parameters, "artifacts": artifacts}
    task["arguments"] = {kind: values for kind, values in arguments.items() if values}
    return task


def _template(workflow: Workflow, step: Step) -> dict[str, Any]:
    files = {output: name for one in workflow.steps for output, name in one.outputs.items()}
    parameters = [{"name": name} for name in step.inputs if name in workflow.given]
    artifacts = [{"name": name, "path": f"{_IN}/{files[name]}"} for name in step.inputs if name in files]
    inputs = {"parameters": parameters, "artifacts": artifacts}
    arguments: list[str] = []
    for name in step.inputs:
        kind = f"artifacts.{name}.path" if name in files else f"parameters.{name}"
        arguments += [f"--{name}", f"{{{{inputs.{kind}}}}}"]
    for name in step.outputs:
        arguments += [f"--{name}", f"{{{{outputs.artifacts.{name}.path}}}}"]
    template: dict[str, Any] = {
        "name": step.name,
        "inputs": {kind: values for kind, values in inputs.items() if values},
        "outputs": {"artifacts": [{"name": name, "path": f"{_OUT}/{file}"} for name, file in step.outputs.items()]},
        "activeDeadlineSeconds": step.time_limit_s,
        "container": {
            "image": step.image or workflow.image,
            "command": list(step.command),
            "args": arguments,
            # Argo creates no folder for outputs. An empty volume serves as folder, which every user may write to.
            "volumeMounts": [{"name": "out", "mountPath": _OUT}],
        },
        "volumes": [{"name": "out", "emptyDir": {}}],
    }
    if step.retries:
        # Exit code 2 means that the same command would fail again.
        template["retryStrategy"] = {
            "limit": step.retries,
            "retryPolicy": "Always",
            "expression": "asInt(lastRetry.exitCode) != 2",
        }
    return template
