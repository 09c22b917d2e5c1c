"""Serializes objects of River as plain JSON, for estimators whose state has no other form.

Pickle would call any function that the data names. Here each class and function must be on the family's list of exact
names, and no other name is looked up. Shared objects stay shared, and equal estimators give equal JSON.
"""

from __future__ import annotations

import base64
import copyreg
import importlib
import math
from collections.abc import Callable, Collection
from typing import Any

_EXACT_INTEGER = 2**53
"""Integers from here on are written as text, since readers of JSON may turn them into floats."""
_MAXIMUM_NODES = 2_000_000
"""Bound on the objects of a state, which come from outside."""
Node = list[Any]
_LEFT_OUT = {"river.proba.gaussian:Gaussian": "_rng"}
"""Attributes that neither learning nor predicting reads: an unseeded generator of 5 kB for each number in each leaf."""
_NEW = "copyreg:__newobj__"
_OBJECT_PARTS = 5


def serialize(thing: object, allowed: Collection[str]) -> dict[str, Any]:
    """Serializes an object and all objects that it refers to.

    Args:
        thing: The object, such as an estimator or a list of them.
        allowed: Names of the classes and functions that the state may consist of, as `module:name`.

    Returns:
        Plain JSON: the reference to the object, and the nodes of all objects.

    Raises:
        TypeError: an object is of a class that is not allowed, or has no state that can be serialized.

    Example:
        >>> shared = [1.5]
        >>> left, right = deserialize(serialize([shared, shared], allowed=()), allowed=())
        >>> left is right
        True
    """
    serializer = _Serializer(allowed)
    root = serializer.reference(thing)
    return {"root": root, "nodes": serializer.nodes}


def deserialize(flat: dict[str, Any], allowed: Collection[str]) -> Any:  # noqa: ANN401 -- whatever was flattened
    """Builds the objects of a serialized state.

    Args:
        flat: The result of `serialize`.
        allowed: Names of the classes and functions that may be looked up and called, as `module:name`.

    Returns:
        The object, equal to the serialized one.

    Raises:
        KeyError, IndexError, TypeError, ValueError: the state has another form, more than 2,000,000 objects, or a name
            that is not allowed.
    """
    nodes = flat["nodes"]
    if len(nodes) > _MAXIMUM_NODES:
        raise ValueError(f"{len(nodes)} objects, more than {_MAXIMUM_NODES}")
    return _Deserializer(nodes, allowed).value(flat["root"])


def name_of(thing: Any) -> str:  # noqa: ANN401 -- a class or a function
    """Name of a class or function on the lists of allowed names.

    Example:
        >>> from collections import Counter
        >>> name_of(Counter)
        'collections:Counter'
    """
    return f"{thing.__module__}:{thing.__qualname__}"


_SCALARS: dict[str, Callable[[str], object]] = {
    "i": int,
    "f": float,
    "b": lambda text: base64.b64decode(text, validate=True),
}


def _scalar(thing: Any) -> Any:  # noqa: ANN401 -- a number or bytes; JSON
    if isinstance(thing, bytes):
        return ["b", base64.b64encode(thing).decode()]
    if isinstance(thing, int):
        return thing if abs(thing) < _EXACT_INTEGER else ["i", str(thing)]
    return thing if math.isfinite(thing) else ["f", repr(thing)]


class _Serializer:
    """Plain values stay as they are, others become `[kind, ...]`, and objects become `["@", number of the node]`."""

    def __init__(self, allowed: Collection[str]) -> None:
        self.nodes: list[Node] = []
        self._allowed = allowed
        self._numbers: dict[int, int] = {}
        self._kept: list[object] = []  # an id is only unique as long as its object lives

    def reference(self, thing: object) -> Any:  # noqa: ANN401 -- JSON
        if thing is None or isinstance(thing, bool | str):
            return thing
        if type(thing) in {int, float, bytes}:
            return _scalar(thing)
        if type(thing) is tuple:
            return ["t", [self.reference(part) for part in thing]]
        if isinstance(thing, type) or (callable(thing) and hasattr(thing, "__qualname__")):
            return ["c", self._name(thing)]
        return ["@", self._number(thing)]

    def _number(self, thing: object) -> int:
        known = self._numbers.get(id(thing))
        if known is not None:
            return known
        number = self._numbers[id(thing)] = len(self.nodes)
        self._kept.append(thing)
        self.nodes.append([])
        self.nodes[number] = self._node(thing)
        return number

    def _node(self, thing: object) -> Node:
        if type(thing) is list:
            return ["l", [self.reference(part) for part in thing]]
        if type(thing) is dict:
            return ["d", [[self.reference(key), self.reference(value)] for key, value in thing.items()]]
        if type(thing) is set:
            return ["s", [self.reference(part) for part in sorted(thing, key=repr)]]
        return self._object(thing)

    def _object(self, thing: object) -> Node:
        reduced = thing.__reduce_ex__(2)
        if not isinstance(reduced, tuple):
            raise TypeError(f"{type(thing).__name__} has no state that can be serialized")
        make, arguments, state, items, pairs = (*reduced, None, None, None)[:_OBJECT_PARTS]
        left_out = _LEFT_OUT.get(name_of(type(thing)))
        if left_out is not None and isinstance(state, dict):
            state = {name: value for name, value in state.items() if name != left_out}
        return [
            "o",
            self._name(make),
            self.reference(arguments),
            self.reference(state),
            [self.reference(item) for item in items or ()],
            [[self.reference(key), self.reference(value)] for key, value in pairs or ()],
        ]

    def _name(self, thing: Any) -> str:  # noqa: ANN401 -- a class or a function
        name = name_of(thing)
        if name != _NEW and name not in self._allowed:
            raise TypeError(f"{name} is not allowed in a state")
        return name


class _Deserializer:
    def __init__(self, nodes: list[Node], allowed: Collection[str]) -> None:
        self._nodes = nodes
        self._allowed = allowed
        self._built: dict[int, Any] = {}

    def value(self, flat: Any) -> Any:  # noqa: ANN401 -- JSON and the value that it encodes
        if not isinstance(flat, list):
            return flat
        kind, content = flat
        if kind == "@":
            return self._built[content] if content in self._built else self._build(content)
        if kind == "t":
            return tuple(self.value(part) for part in content)
        return self._named(content) if kind == "c" else _SCALARS[kind](content)

    def _build(self, number: int) -> Any:  # noqa: ANN401 -- any value that a node encodes
        kind, *content = self._nodes[number]
        if kind == "l":
            found: Any = self._built.setdefault(number, [])
            found.extend(self.value(part) for part in content[0])
        elif kind == "d":
            found = self._built.setdefault(number, {})
            found.update((self.value(key), self.value(value)) for key, value in content[0])
        elif kind == "s":
            found = self._built.setdefault(number, {self.value(part) for part in content[0]})
        elif kind == "o":
            found = self._object(number, *content)
        else:
            raise ValueError(f"unknown kind {kind!r}")
        return found

    def _object(self, number: int, make: str, arguments: Any, state: Any, items: Node, pairs: Node) -> Any:  # noqa: ANN401, PLR0913, PLR0917 -- the parts of `__reduce__`
        given = self.value(arguments)
        call: Callable[..., Any] = copyreg.__newobj__ if make == _NEW else self._named(make)  # type: ignore[attr-defined]  # it is there
        found = self._built[number] = call(*given)
        if state is not None:
            _set_state(found, self.value(state))
        for item in items:
            found.append(self.value(item))
        for key, value in pairs:
            found[self.value(key)] = self.value(value)
        return found

    def _named(self, name: str) -> Any:  # noqa: ANN401 -- a class or a function
        if name not in self._allowed:
            raise ValueError(f"{name} is not allowed in a state")
        module, _, path = name.partition(":")
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
        return found


def _set_state(found: Any, state: Any) -> None:  # noqa: ANN401 -- as pickle does it
    if hasattr(found, "__setstate__"):
        found.__setstate__(state)
        return
    attributes, slots = state if isinstance(state, tuple) else (state, None)
    for name, value in {**(attributes or {}), **(slots or {})}.items():
        object.__setattr__(found, name, value)
