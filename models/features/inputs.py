"""Which fields of a session a feature may depend on, read from the code that computes the feature."""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from functools import cache
from types import ModuleType

from models.features.registry import Feature
from weir.contracts.session import Session


def inputs(feature: Feature) -> tuple[str, ...]:
    """Fields of the session that the feature's function reads.

    A function computes several features in one pass, so a single feature may depend on fewer fields than these.

    Args:
        feature: A feature of the registry.

    Returns:
        Names of fields of `Session`, sorted.

    Example:
        >>> from models.features.registry import FEATURES
        >>> "user_agent" in inputs(next(one for one in FEATURES if one.name == "user_agent_family"))
        True
    """
    return _inputs_of(feature.code)


@cache
def _inputs_of(code: str) -> tuple[str, ...]:
    module_name, function = code.split(":")
    return tuple(sorted(_read(importlib.import_module(module_name), function, set()) & set(Session.model_fields)))


def _read(module: ModuleType, function: str, seen: set[str]) -> set[str]:
    """Attributes of `session` that a function reads, and the functions of its module that it passes the session to."""
    if function in seen:
        return set()
    seen.add(function)
    found: set[str] = set()
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(getattr(module, function))))):
        if isinstance(node, ast.Attribute) and _is_session(node.value):
            found.add(node.attr)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and any(map(_is_session, node.args)):
            found |= _read(module, node.func.id, seen)
    return found


def _is_session(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "session"
