"""Shows a workflow's graph with the states of its steps, as text or in Graphviz's language."""

from __future__ import annotations

from collections.abc import Mapping

from streams.workflow.declaration import Workflow
from streams.workflow.run import StepResult

_COLOURS = {"done": "palegreen", "kept": "lightblue", "failed": "lightsalmon", "waits": "lightgrey"}


def levels(workflow: Workflow) -> dict[str, int]:
    """Level of each step: the number of steps on the longest path to it. Steps of one level are independent."""
    steps = {step.name: step for step in workflow.steps}
    found: dict[str, int] = {}

    def level(name: str) -> int:
        if name not in found:
            found[name] = 1 + max(map(level, workflow.dependencies(steps[name])), default=0)
        return found[name]

    return {name: level(name) for name in steps}


def as_text(workflow: Workflow, results: Mapping[str, StepResult]) -> str:
    """A line for each step, indented by its level: state, time, inputs and outputs."""
    depth = levels(workflow)
    ordered = sorted(workflow.steps, key=lambda step: depth[step.name])
    labels = {step.name: "  " * (depth[step.name] - 1) + step.name for step in ordered}
    width = max(map(len, labels.values()))
    lines = []
    for step in ordered:
        result = results.get(step.name)
        state = result.state if result is not None else ""
        took = f"{result.seconds:.1f} s" if result is not None and result.attempts else ""
        reads, makes = ", ".join(step.inputs) or "nothing", ", ".join(step.outputs)
        lines.append(f"{labels[step.name]:<{width}}  {state:<6} {took:>8}  {reads} → {makes}")
    return "\n".join(lines)


def as_dot(workflow: Workflow, results: Mapping[str, StepResult]) -> str:
    """The graph for Graphviz: an arrow for each file, steps coloured by their state."""
    lines = [f'digraph "{workflow.name}" {{', "  rankdir=TB; node [shape=box, style=filled, fillcolor=white];"]
    lines += [f'  "given {name}" [shape=ellipse, label="{name}"];' for name in workflow.given]
    for step in workflow.steps:
        result = results.get(step.name)
        style = f', fillcolor={_COLOURS[result.state]}, label="{step.name}\\n{result.state}"' if result else ""
        lines.append(f'  "{step.name}" [shape=box{style}];')
    for step in workflow.steps:
        for name in step.inputs:
            start = workflow.makers.get(name, f"given {name}")
            lines.append(f'  "{start}" -> "{step.name}" [label="{name}"];')
    return "\n".join([*lines, "}"])
