"""Reads YAML so that what is wrong in it can be named with its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from weir.errors import SettingsError


@dataclass(frozen=True)
class Document:
    """A YAML file's value, and the line on which each part of it begins (1-based), by path into it."""

    file: Path
    value: Any
    lines: dict[tuple[str | int, ...], int]

    def line(self, path: Sequence[str | int]) -> int:
        """The line of the innermost part of `path` that the file has."""
        for length in range(len(path), 0, -1):
            found = self.lines.get(tuple(path[:length]))
            if found is not None:
                return found
        return 1


def read_yaml(file: Path) -> Document:
    """Reads a YAML file.

    Raises:
        SettingsError: not there, a directory, not UTF-8, or no YAML.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{file} can't be read: {error.strerror}.", "Give the path of a YAML file.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file} is not UTF-8.", "Save it as UTF-8.") from error
    return parse_yaml(text, file)


def parse_yaml(text: str, file: Path) -> Document:
    """The same of a text that was read from somewhere else.

    Raises:
        SettingsError: no YAML.
    """
    try:
        node = yaml.compose(text, yaml.SafeLoader)
        value = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else str(file)
        what = getattr(error, "problem", None) or "nested too deep or of a wrong value"
        raise SettingsError(f"{where} is no YAML: {what}.", "Mend the file.") from error
    lines: dict[tuple[str | int, ...], int] = {}
    if node is not None:
        _note_lines(node, (), lines)
    return Document(file, value, lines)


def problems_of(error: ValidationError, document: Document) -> list[str]:
    """Each problem that pydantic found, as `file:line: where: what`."""
    found = []
    for problem in error.errors(include_url=False, include_input=False):
        path = problem["loc"]
        name = ".".join(str(part) for part in path) or "the file"
        message = problem["msg"].removeprefix("Value error, ")
        found.append(f"{document.file}:{document.line(path)}: {name}: {message}")
    return found


def _note_lines(node: yaml.Node, path: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            _note_lines(child, (*path, str(key.value)), lines)
            lines[*path, str(key.value)] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for position, child in enumerate(node.value):
            _note_lines(child, (*path, position), lines)
