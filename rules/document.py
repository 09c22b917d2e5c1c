"""A YAML file together with the lines that its values stand on, and its check against a pydantic model."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from rules.problems import Problem

Model = TypeVar("Model", bound=BaseModel)
MAX_FILE_BYTES = 8 * 1024 * 1024
MOST_PROBLEMS = 500
"""The most problems of form that are reported for one file."""


class Strict(BaseModel):
    """A part of a rule file: every name known, strict types, never changed once read."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it was written: its text, its values, and the line of each."""

    name: str
    text: str
    value: Any
    root: yaml.Node | None

    def line(self, *path: str | int) -> int:
        """The line of the value at `path`, or of the innermost part of the path that exists."""
        node, line = self.root, 1
        for step in path:
            node = _child(node, step)
            if node is None:
                break
            line = node.start_mark.line + 1
        return line

    def node(self, *path: str | int) -> yaml.Node | None:
        """Line and column of the value at `path`, if there is one."""
        node = self.root
        for step in path:
            node = _child(node, step)
        return node

    def problem(self, message: str, hint: str, *path: str | int, warning: bool = False) -> Problem:
        """A problem with the value at `path`."""
        return Problem(self.name, self.line(*path), message, hint, "warning" if warning else "error")


def read_document(source: Path | Traversable) -> Document | Problem:
    """Reads and parses a YAML file. A file that can't be read gives a problem."""
    name = str(source) if isinstance(source, Path) else source.name
    try:
        content = source.read_bytes()
    except OSError as error:
        return Problem(name, 0, f"The file can't be read: {error.strerror or error}.", "Check the path and its rights.")
    if len(content) > MAX_FILE_BYTES:
        return Problem(name, 0, f"The file has {len(content)} bytes; {MAX_FILE_BYTES} are allowed.", "Split the file.")
    try:
        return parse_document(name, content.decode("utf-8"))
    except UnicodeDecodeError as error:
        return Problem(name, 0, f"The file is no UTF-8: byte {error.start} can't be decoded.", "Save it as UTF-8.")


def parse_document(name: str, text: str) -> Document | Problem:
    """Parses YAML. A name that a mapping has twice is a problem, since YAML would drop the first value."""
    try:
        loader = yaml.SafeLoader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return Problem(name, line, f"The character {error.character:#06x} is not allowed in YAML.", "Remove it.")
    try:
        root = loader.get_single_node()
        if root is None:
            return Problem(name, 0, "The file is empty.", "See docs/rules.md for an example.")
        twice = _named_twice(root)
        if twice is not None:
            return Problem(name, twice.start_mark.line + 1, f"{twice.value} is given twice.", "Keep one.")
        return Document(name, text, loader.construct_document(root), root)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "the parser gives no reason"
        return Problem(name, mark.line + 1 if mark else 0, f"The file is no YAML: {what}.", "Check indents and quotes.")
    except (ValueError, RecursionError) as error:
        return Problem(name, 0, f"The YAML can't be used: {error}.", "Check the dates and the depth of the nesting.")
    finally:
        loader.dispose()


def validate(model: type[Model], document: Document) -> Model | list[Problem]:
    """The document as the model has it, or everything that is wrong with its form."""
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        found = [_as_problem(model, document, detail) for detail in error.errors(include_url=False)[:MOST_PROBLEMS]]
        more = error.error_count() - len(found)
        return found + ([document.problem(f"There are {more} more problems.", "Correct these first.")] if more else [])


def as_date(value: object) -> object:
    """Lets a date stand without or between quotes; for `BeforeValidator`."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def as_tuple(value: object) -> object:
    """Lets a YAML list be a tuple in spite of strict types; for `BeforeValidator`."""
    return tuple(value) if isinstance(value, list) else value


def _as_problem(model: type[BaseModel], document: Document, detail: Any) -> Problem:  # noqa: ANN401 -- pydantic's
    path: tuple[str | int, ...] = tuple(detail["loc"])
    where = ".".join(str(part) for part in path) or "the file"
    kind = detail["type"]
    if kind == "extra_forbidden":
        known = _names(model)
        close = difflib.get_close_matches(str(path[-1]), sorted(known), n=1)
        is_elsewhere = path[-1] in known or not close
        hint = "Remove the name, or check its indent." if is_elsewhere else f"Did you mean {close[0]}?"
        return document.problem(f"{where} is no known name.", hint, *path)
    if kind == "missing":
        return document.problem(f"{where} is missing.", "Add it.", *path)
    hint = _HINTS.get(kind, _shown)(detail.get("input"))
    return document.problem(f"{where}: {detail['msg']}.", hint, *path)


_HINTS: dict[str, Callable[[object], str]] = {
    "string_type": lambda value: f"Put it between quotes: {str(value)!r}." if _is_short(value) else "Write a text.",
    "tuple_type": lambda _: "Write a list: [one, another].",
    "model_type": lambda _: "Write names and values, indented.",
    "dict_type": lambda _: "Write names and values, indented.",
}


def _shown(value: object) -> str:
    return f"The value is {value!r}." if _is_short(value) else ""


def _is_short(value: object) -> bool:
    return isinstance(value, str | int | float | date | bool) and len(str(value)) < 80  # noqa: PLR2004 -- one line


def _names(model: type[BaseModel]) -> set[str]:
    """Names of the model and of the models in it."""
    found: set[str] = set()
    waiting: list[Any] = [model]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= set(kind.model_fields)
            waiting += [info.annotation for info in kind.model_fields.values()]
        else:
            waiting += getattr(kind, "__args__", ())
    return found


def _child(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]  # type: ignore[no-any-return]  # a list of nodes
    return None


def _named_twice(root: yaml.Node) -> yaml.ScalarNode | None:
    waiting: list[yaml.Node] = [root]
    visited: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in visited:  # an alias
            continue
        visited.add(id(node))
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in seen:
                        return key
                    seen.add(key.value)
                waiting.append(value)
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
    return None
