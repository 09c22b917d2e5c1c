"""Strings that a regular expression matches, made from the expression itself: what its author did not think of."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import re2  # type: ignore[import-untyped]  # has no types

from rules.heuristics.finder import quiet_options

_SEED = 1
_MOST_REPEATS = 3
_LONGEST = 2_000
_ANYTHING = "abcdefghijklmnopqrstuvwxyz0123456789 -_./=&'<>()"
# Python's own parser of regular expressions; it has no public name, and no other one is at hand.
_parser: Any = importlib.import_module("re._parser")
_Make = Callable[[Any, Random, list[str]], str]


def strings(expression: str, number: int) -> list[str]:
    """Up to so many different strings that RE2 matches; few or none where the expression is beyond Python's parser."""
    try:
        tree = _parser.parse(expression)
        compiled = re2.compile(expression, quiet_options())
    except Exception:  # noqa: BLE001 -- RE2 knows what Python doesn't, and the parser's errors have no common base
        return []
    found: dict[str, None] = {}
    for made in _attempts(tree, number):
        if compiled.search(made.encode("utf-8", "replace")) is not None:
            found[made] = None
        if len(found) >= number:
            break
    return list(found)


def _attempts(tree: Any, number: int) -> Iterator[str]:  # noqa: ANN401 -- the parser's own types
    random = Random(_SEED)  # noqa: S311 -- no secret is made
    for _ in range(3 * number):
        yield _sequence(tree, random, [])[:_LONGEST]


def _sequence(tree: Any, random: Random, groups: list[str]) -> str:  # noqa: ANN401 -- likewise
    return "".join(_OF.get(str(kind), _nothing)(argument, random, groups) for kind, argument in tree)


def _nothing(_argument: Any, _random: Random, _groups: list[str]) -> str:  # noqa: ANN401 -- likewise
    return ""


def _repeat(argument: Any, random: Random, groups: list[str]) -> str:  # noqa: ANN401 -- likewise
    least, most, tree = argument
    times = random.randint(int(least), min(int(most), int(least) + _MOST_REPEATS))
    return "".join(_sequence(tree, random, groups) for _ in range(times))


def _one_of(argument: Any, random: Random, groups: list[str]) -> str:  # noqa: ANN401 -- likewise
    kind, value = argument[0]
    if str(kind) == "NEGATE":
        refused = "".join(_member(one) for one in argument[1:])
        return random.choice([sign for sign in _ANYTHING if sign not in refused] or ["\N{SNOWMAN}"])
    return _sequence([random.choice(argument)], random, groups) if str(kind) != "CATEGORY" else _category(value, random)


def _member(one: Any) -> str:  # noqa: ANN401 -- likewise
    kind, value = one
    if str(kind) == "LITERAL":
        return chr(value)
    if str(kind) == "RANGE":
        return "".join(map(chr, range(value[0], min(value[1], value[0] + 1_000) + 1)))
    return _CATEGORIES.get(str(value), "")


def _category(value: Any, random: Random, _groups: list[str] | None = None) -> str:  # noqa: ANN401 -- likewise
    name = str(value)
    if "_NOT_" in name:
        refused = _CATEGORIES.get(name.replace("_NOT_", "_"), "")
        return random.choice([sign for sign in _ANYTHING if sign not in refused])
    return random.choice(_CATEGORIES.get(name, _ANYTHING))


_CATEGORIES = {
    "CATEGORY_DIGIT": "0123456789",
    "CATEGORY_SPACE": " ",
    "CATEGORY_WORD": "abcdefghijklmnopqrstuvwxyz0123456789_",
}
_OF: dict[str, _Make] = {
    "LITERAL": lambda argument, _random, _groups: chr(argument),
    "NOT_LITERAL": lambda argument, random, _: random.choice([sign for sign in _ANYTHING if sign != chr(argument)]),
    "ANY": lambda _argument, random, _: random.choice(_ANYTHING),
    "RANGE": lambda argument, random, _: chr(random.randint(*argument)),
    "CATEGORY": _category,
    "IN": _one_of,
    "BRANCH": lambda argument, random, groups: _sequence(random.choice(argument[1]), random, groups),
    "SUBPATTERN": lambda argument, random, groups: _sequence(argument[3], random, groups),
    "MAX_REPEAT": _repeat,
    "MIN_REPEAT": _repeat,
}
