"""The hash that identifies a step's result: of its declaration, its program and the content of its inputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from streams.workflow.declaration import Given, Step, Workflow, setting_name
from weir import __version__
from weir.errors import UsageError
from weir.settings import Settings

_FORM = 1
"""Version of the layout of steps' folders, which invalidates results of other versions."""


def file_content(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def given_content(given: Given, value: str) -> str:
    """The content of a given value for the hash: the text, or the table's id and version. May wait for an object store.

    Raises:
        UsageError: The table doesn't exist.
        WorkError: The table can't be read.
    """
    if given.table is None:
        return value
    from weir.tables.catalogue import BY_NAME  # noqa: PLC0415 -- the extra's packages take long to import
    from weir.tables.version import table_version  # noqa: PLC0415 -- likewise

    table = BY_NAME.get(given.table)
    if table is None:
        raise UsageError(f"There is no table named {given.table}.", f"Tables: {', '.join(BY_NAME)}.")
    version = table_version(value, table)
    if version is None:
        raise UsageError(f"There is no table {table.name} in {value}.", "Name the folder that `table_uri` names.")
    return version


def version_number(content: str) -> str:
    """The number of a table's version, of what `given_content` returned for the table."""
    return content.rpartition("@")[2]


def setting_values(workflow: Workflow, settings: Settings) -> dict[str, str]:
    """The values of the settings that the workflow uses.

    Raises:
        UsageError: A setting has no value, or is a secret, as other users can read arguments of a process.
    """
    values: dict[str, str] = {}
    for name, given in workflow.given.items():
        if given.kind != "setting":
            continue
        value = getattr(settings, setting_name(name))
        if not isinstance(value, int | float | str):
            raise UsageError(
                f"The setting {setting_name(name)} can't be given to a workflow.",
                "Its value must be a number or a text.",
            )
        values[name] = str(value)
    return values


def step_key(workflow: Workflow, step: Step, inputs: Mapping[str, str]) -> str:
    """The hash under which a step's result is stored.

    It does not include retries and the time limit, as they don't change the result.

    Args:
        workflow: The workflow of the step.
        step: The step.
        inputs: Content of each input by name.
    """
    parts = {
        "form": _FORM,
        "weir": __version__,
        "name": step.name,
        "command": step.command,
        "image": step.image or workflow.image,
        "outputs": step.outputs,
        "inputs": dict(inputs),
        "programs": _programs(step.command),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _programs(command: list[str]) -> dict[str, str]:
    """Content of the files in the command: arguments that are files, and the source of the module after `-m`."""
    found = {word: file_content(Path(word)) for word in command[1:] if Path(word).is_file()}
    if "-m" in command[:-1]:
        name = command[command.index("-m") + 1]
        try:
            spec = find_spec(name)
        except (ModuleNotFoundError, ValueError):
            spec = None
        if spec is not None and spec.origin is not None and Path(spec.origin).is_file():
            found[name] = file_content(Path(spec.origin))
    return found
