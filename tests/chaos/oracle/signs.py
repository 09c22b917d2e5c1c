"""What speaks against a session, by its record: patterns that matched, and rules over its counts and times."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Fields = Mapping[str, Any]
"""A session's record."""


@dataclass(frozen=True)
class Sign:
    """A pattern or a rule, once it matches or holds."""

    id: str
    weight: float
    group: str | None = None
    """Of one group, the strongest alone counts."""
    ends_s: float = math.inf


@dataclass(frozen=True)
class Rule:
    """A rule; its conditions are mappings as a pack's file has them."""

    sign: Sign
    version: str
    conditions: Sequence[Fields]
    needs: int


@dataclass(frozen=True)
class Book:
    """What counts; nothing of what is in shadow."""

    patterns: Mapping[str, Sign]
    rules: Sequence[Rule] = ()
    categories: Mapping[str, str] = field(default_factory=dict)
    """Pattern to category, of those in shadow as well."""


def evidence(signs: Sequence[Sign]) -> float:
    """The chance that not all of the signs err."""
    groups: dict[str, float] = {}
    doubt = []
    for sign in signs:
        if sign.group is None:
            doubt.append(1.0 - sign.weight)
        else:
            groups[sign.group] = max(groups.get(sign.group, 0.0), sign.weight)
    doubt += [1.0 - weight for weight in groups.values()]
    return round(1.0 - math.prod(sorted(doubt, reverse=True)), 9)


def signs_of(session: Fields, book: Book) -> Iterator[tuple[Sign, str]]:
    """Those that speak against it, each with its version."""
    for pattern, hits in session["heuristics"].items():
        sign = book.patterns.get(pattern)
        if sign is not None and sign.weight and session["end"] < sign.ends_s:
            yield sign, hits["version"]
    for rule in book.rules:
        held = sum(_holds(condition, session, book) for condition in rule.conditions)
        if held >= rule.needs and session["end"] < rule.sign.ends_s:
            yield rule.sign, rule.version


def _holds(condition: Fields, session: Fields, book: Book) -> bool:
    hits = {pattern: found["hits"] for pattern, found in session["heuristics"].items()}
    least, most = condition.get("at_least"), condition.get("at_most")
    if condition.get("measure"):
        value = _measure(condition["measure"], session)
        if value is None:
            return False
    else:
        if condition.get("pattern"):
            value = hits.get(condition["pattern"], 0)
        else:
            value = sum(n for pattern, n in hits.items() if book.categories.get(pattern) == condition["category"])
        if least is None and most is None:
            least = 1
    return (least is None or value >= least) and (most is None or value <= most)


def _measure(name: str, session: Fields) -> float | None:
    if name in _DERIVED:
        return _DERIVED[name](session)
    return float(session[name])


def _share(of: Mapping[str, int], name: str) -> float | None:
    return of.get(name, 0) / sum(of.values()) if sum(of.values()) else None


def _variation(session: Fields) -> float | None:
    gaps = session["gaps"]
    return gaps["standard_deviation"] / gaps["mean"] if gaps and gaps["mean"] > 0 else None


_DERIVED: Mapping[str, Callable[[Fields], float | None]] = {
    "posts": lambda session: session["counts"].get("post", 0),
    "logins": lambda session: session["counts"].get("login", 0),
    "share_repeats": lambda session: session["repeats"] / session["events"],
    "responses": lambda session: sum(session["statuses"].values()),
    "share_3xx": lambda session: _share(session["statuses"], "3xx"),
    "share_4xx": lambda session: _share(session["statuses"], "4xx"),
    "share_5xx": lambda session: _share(session["statuses"], "5xx"),
    "share_head": lambda session: _share(session["methods"], "HEAD"),
    "share_post": lambda session: _share(session["methods"], "POST"),
    "gap_mean_s": lambda session: session["gaps"]["mean"] if session["gaps"] else None,
    "gap_variation": _variation,
    "events_per_minute": lambda session: (
        60.0 * session["events"] / session["duration_s"] if session["duration_s"] > 0 else None
    ),
    "bytes_per_event": lambda session: session["bytes"] / session["events"],
}
