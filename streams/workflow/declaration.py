"""The declaration of a workflow in YAML: given values, and steps that read and write named files."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from weir.errors import UsageError
from weir.settings import Settings

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
FileName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,40}\.[a-z]{1,10}$")]
_FORM = "docs/workflow.md describes the form."


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)


class Given(_Strict):
    """A value that the caller gives the workflow."""

    kind: Literal["text", "table", "setting"]
    """`text`: any text. `table`: the folder of the Delta tables; the version of `table` identifies the content, and is
    given to steps as `--NAME-version`.
    `setting`: the value of Weir's setting of the same name, with underscores."""
    table: Name | None = None
    """Name of the table that is read; only for the kind `table`."""
    about: str = ""


class Step(_Strict):
    """A command that is called with `--NAME PATH` (or `--NAME VALUE`) for each of its inputs and outputs."""

    name: Name
    about: str = ""
    command: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]
    image: str | None = None
    """Container image of the step; the workflow's unless given. Runs on this machine use no container."""
    inputs: list[Name] = []
    """Names of other steps' outputs and of given values."""
    outputs: Annotated[dict[Name, FileName], Field(min_length=1)]
    """File name of each output. Names of outputs are unique in the workflow."""
    retries: Annotated[int, Field(ge=0, le=10)] = 0
    time_limit_s: Annotated[int, Field(gt=0, le=7 * 86_400)]


class Workflow(_Strict):
    """A graph of steps without a cycle."""

    name: Name
    about: str = ""
    image: str
    given: dict[Name, Given] = {}
    steps: Annotated[list[Step], Field(min_length=1)]

    @property
    def makers(self) -> dict[str, str]:
        """Name of the step that writes each output."""
        return {output: step.name for step in self.steps for output in step.outputs}

    def dependencies(self, step: Step) -> list[str]:
        """The steps whose outputs a step reads, in the order of the declaration."""
        makers = self.makers
        read = {makers[name] for name in step.inputs if name in makers}
        return [one.name for one in self.steps if one.name in read]

    def replace(self, step_name: str, command: str) -> Workflow:
        """The workflow with another command for one step.

        Raises:
            UsageError: The step doesn't exist, or the command is empty.
        """
        if step_name not in {step.name for step in self.steps}:
            raise UsageError(
                f"The workflow {self.name} has no step {step_name}.",
                f"Its steps: {', '.join(step.name for step in self.steps)}.",
            )
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise UsageError(f"The command of step {step_name} can't be read: {error}.", "Check its quotes.") from error
        if not words:
            raise UsageError(f"The command of step {step_name} is empty.", 'For example: train="python my_train.py".')
        steps = [one.model_copy(update={"command": words}) if one.name == step_name else one for one in self.steps]
        return self.model_copy(update={"steps": steps})


class _Loader(yaml.SafeLoader):
    """Refuses a mapping with duplicate keys, of which `SafeLoader` would use the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 -- the loader's signature
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} is a duplicate key", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def setting_name(given: str) -> str:
    """The name of the setting for a given value of the kind `setting`."""
    return given.replace("-", "_")


def load_workflow(path: Path) -> Workflow:
    """The workflow that a file declares.

    Raises:
        UsageError: The file can't be read, or is not a valid workflow; the message names the step and the field.
    """
    try:
        declared = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 -- a safe loader
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        detail = " ".join(str(error).split())
        raise UsageError(f"The workflow {path} can't be read: {detail}.", _FORM) from error
    return parse_workflow(declared, str(path))


def parse_workflow(declared: Any, where: str) -> Workflow:  # noqa: ANN401 -- whatever YAML gave
    """The workflow that a mapping declares.

    Raises:
        UsageError: The mapping is not a valid workflow; the message names the step and the field.
    """
    try:
        workflow = Workflow.model_validate(declared)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{where}, {_field_of(first['loc'], declared)}: {first['msg']}.", _FORM) from error
    _check(workflow, where)
    return workflow


def _field_of(loc: tuple[int | str, ...], declared: Any) -> str:  # noqa: ANN401 -- whatever YAML gave
    if len(loc) >= 2 and loc[0] == "steps" and isinstance(loc[1], int):  # noqa: PLR2004 -- steps, number, field
        step = declared["steps"][loc[1]]
        name = step.get("name") if isinstance(step, Mapping) else None
        field = ".".join(map(str, loc[2:])) or "step"
        return f"step {name or loc[1] + 1}, field {field}"
    return f"field {'.'.join(map(str, loc)) or 'workflow'}"


def _check(workflow: Workflow, where: str) -> None:
    for given, one in workflow.given.items():
        if (one.kind == "table") != (one.table is not None):
            raise UsageError(f"{where}, field given.{given}.table: only the kind table has this field.", _FORM)
        if one.kind == "setting" and setting_name(given) not in Settings.model_fields:
            raise UsageError(f"{where}, field given.{given}: Weir has no setting {setting_name(given)}.", _FORM)
    _check_names(workflow, where)
    makers = workflow.makers
    for step in workflow.steps:
        unknown = [name for name in step.inputs if name not in makers and name not in workflow.given]
        if unknown:
            raise UsageError(f"{where}, step {step.name}, field inputs: no step has the output {unknown[0]}.", _FORM)
    try:
        TopologicalSorter({step.name: workflow.dependencies(step) for step in workflow.steps}).prepare()
    except CycleError as error:
        names = error.args[1]
        detail = f"the steps form a cycle, {' → '.join(names)}"
        raise UsageError(f"{where}, step {names[0]}, field inputs: {detail}.", _FORM) from error


def _check_names(workflow: Workflow, where: str) -> None:
    """Checks that names of steps, outputs and files are unique."""
    makers = dict.fromkeys(workflow.given, "the workflow's given values")
    versions = (f"{name}-version" for name, given in workflow.given.items() if given.kind == "table")
    makers |= dict.fromkeys(versions, "the version of a table")
    names: set[str] = set()
    for step in workflow.steps:
        at = f"{where}, step {step.name}, field"
        if step.name in names:
            raise UsageError(f"{at} name: another step has the same name.", _FORM)
        names.add(step.name)
        if len(set(step.outputs.values())) < len(step.outputs):
            raise UsageError(f"{at} outputs: two outputs have the same file.", _FORM)
        if len(set(step.inputs)) < len(step.inputs):
            raise UsageError(f"{at} inputs: an input occurs twice.", _FORM)
        for output in step.outputs:
            if output in makers:
                raise UsageError(f"{at} outputs: {makers[output]} has {output} already.", _FORM)
            makers[output] = step.name
