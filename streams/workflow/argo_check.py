"""Checks a manifest of Argo Workflows without a cluster.

Argo's own linter needs a server or Argo's binary. This check finds names that are used but not defined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

_REFERENCE = re.compile(r"\{\{\s*([^}\s]+)\s*\}\}")
_ARTIFACT = re.compile(r"tasks\.([^.]+)\.outputs\.(?:artifacts|parameters)\.(.+)")


def faults(manifest: Mapping[str, Any]) -> list[str]:
    """An error message for each fault; empty if none is found."""
    spec = manifest.get("spec") or {}
    templates = {one.get("name"): one for one in spec.get("templates") or []}
    found = []
    if len(templates) < len(spec.get("templates") or []):
        found.append("Two templates have the same name.")
    if spec.get("entrypoint") not in templates:
        found.append(f"The entrypoint {spec.get('entrypoint')} is not a template.")
    given = {one.get("name") for one in (spec.get("arguments") or {}).get("parameters") or []}
    for name, template in templates.items():
        if "dag" in template:
            found += _of_graph(template["dag"].get("tasks") or [], templates, given)
        elif "container" in template:
            found += _of_container(name, template, given)
        else:
            found.append(f"Template {name} has neither a graph nor a container.")
    return found


def _of_graph(tasks: list[dict[str, Any]], templates: Mapping[str, Any], given: set[str]) -> Iterator[str]:
    known = {task["name"]: task for task in tasks}
    if len(known) < len(tasks):
        yield "Two tasks have the same name."
    graph = {name: task.get("dependencies") or [] for name, task in known.items()}
    for name, before in graph.items():
        for one in before:
            if one not in known:
                yield f"Task {name} depends on {one}, which is not a task."
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield f"Tasks form a cycle: {' → '.join(error.args[1])}."
    for name, task in known.items():
        template = templates.get(str(task.get("template")))
        if template is None:
            yield f"Task {name} has the template {task.get('template')}, which is not defined."
        else:
            yield from _of_task(task, template, templates, known)
        for reference in _references(task):
            if reference.startswith("workflow.parameters.") and reference.split(".", 2)[2] not in given:
                yield f"Task {name} uses {reference}, which is not defined."


def _of_task(
    task: Mapping[str, Any], template: Mapping[str, Any], templates: Mapping[str, Any], known: Mapping[str, Any]
) -> Iterator[str]:
    name = task["name"]
    for kind in ("parameters", "artifacts"):
        wanted = _names(template.get("inputs"), kind)
        handed = _names(task.get("arguments"), kind)
        yield from (f"Task {name} lacks {one} of its {kind}." for one in sorted(wanted - handed))
        yield from (f"Task {name} has {one}, which is not one of its {kind}." for one in sorted(handed - wanted))
    for reference in _references(task):
        match = _ARTIFACT.fullmatch(reference)
        if match is None:
            continue
        maker, output = match.groups()
        if maker not in known:
            yield f"Task {name} reads from {maker}, which is not a task."
            continue
        if maker not in (task.get("dependencies") or []):
            yield f"Task {name} reads from {maker}, but does not depend on {maker}."
        made = (templates.get(str(known[maker].get("template"))) or {}).get("outputs")
        if output not in _names(made, "artifacts") | _names(made, "parameters"):
            yield f"Task {name} reads {output} of {maker}, which has no such output."


def _of_container(name: str, template: Mapping[str, Any], given: set[str]) -> Iterator[str]:
    available = {f"workflow.parameters.{one}" for one in given}
    for side in ("inputs", "outputs"):
        available |= {f"{side}.parameters.{one}" for one in _names(template.get(side), "parameters")}
        available |= {f"{side}.artifacts.{one}.path" for one in _names(template.get(side), "artifacts")}
    for reference in _references(template["container"]):
        if reference not in available:
            yield f"Template {name} uses {reference}, which is not defined."
    if not template["container"].get("image"):
        yield f"Template {name} has no image."


def _names(of: Mapping[str, Any] | None, kind: str) -> set[str]:
    return {one["name"] for one in (of or {}).get(kind) or []}


def _references(value: Any) -> list[str]:  # noqa: ANN401 -- any YAML value
    if isinstance(value, str):
        return _REFERENCE.findall(value)
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [found for one in inside for found in _references(one)]
