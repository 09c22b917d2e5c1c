"""How two rules stand to each other: whether one holds wherever the other does, or they never hold together."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from rules.business.conditions import When
from rules.business.hours import Hours
from rules.limits.ranges import as_network

Texts = Sequence[str]
Span = tuple[int, int, int]
"""IP version, first and last address."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Conditions and times under which a rule is in force."""

    when: When
    unless: When | None = None
    added: date | None = None
    expires: date | None = None
    hours: Hours | None = None


def covers(wide: Scope, narrow: Scope) -> bool:
    """Whether the wide scope contains the narrow one; False if that is undecidable here."""
    return (
        (wide.added is None or (narrow.added is not None and wide.added <= narrow.added))
        and (wide.expires is None or (narrow.expires is not None and narrow.expires <= wide.expires))
        and (wide.hours is None or wide.hours == narrow.hours)
        and (wide.unless is None or wide.unless == narrow.unless)
        and _implies(narrow.when, wide.when)
    )


def are_apart(one: Scope, other: Scope) -> bool:
    """Whether two scopes never hold together; False if that is undecidable here."""
    return (
        _never_the_same_day(one, other)
        or any(_share_nothing(one.when, other.when, name) for name in ("visitors", "stages", "verdicts", "crawlers"))
        or _networks_apart(one.when, other.when)
        or _bounds_apart(one.when, other.when)
        or _bounds_apart(other.when, one.when)
    )


def _never_the_same_day(one: Scope, other: Scope) -> bool:
    return bool(
        (one.expires and other.added and one.expires <= other.added)
        or (other.expires and one.added and other.expires <= one.added)
    )


def _implies(narrow: When, wide: When) -> bool:
    """Whether the conditions of `narrow` imply those of `wide`."""
    for name in sorted(wide.model_fields_set):
        wanted, given = getattr(wide, name), getattr(narrow, name)
        if wanted is None or name == "networks_file":
            continue
        if given is None or not _NARROWER.get(name, _is_part)(given, wanted):
            return False
    if wide.networks_file is not None and wide.networks_file != narrow.networks_file:
        return False
    # Networks in files and beside them are one list. The content of a file is not compared here.
    return wide.networks is None or narrow.networks_file in {None, wide.networks_file}


def _is_part(given: Texts, wanted: Texts) -> bool:
    return set(given) <= set(wanted)


def _each(is_within: Callable[[str, str], bool]) -> Callable[[Texts, Texts], bool]:
    return lambda given, wanted: all(any(is_within(one, whole) for whole in wanted) for one in given)


@lru_cache(maxsize=2_048)
def _spans(networks: tuple[str, ...]) -> Sequence[Span]:
    """What networks cover, in order; one that lies in another is left out, so that no two overlap."""
    found = [network for network in map(as_network, networks) if network is not None]
    ordered = sorted((one.version, int(one.network_address), -int(one.broadcast_address)) for one in found)
    spans: list[Span] = []
    for version, first, last in ordered:
        if not (spans and spans[-1][0] == version and -last <= spans[-1][2]):
            spans.append((version, first, -last))
    return spans


def _lie_within(given: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    whole = _spans(wanted)
    for version, first, last in _spans(given):
        at = bisect_right(whole, (version, first, 2**128)) - 1
        if at < 0 or whole[at][0] != version or last > whole[at][2]:
            return False
    return True


_NARROWER: Mapping[str, Callable[[Any, Any], bool]] = {
    "networks": _lie_within,
    "entry_path_prefixes": _each(str.startswith),
    "exit_path_prefixes": _each(str.startswith),
    "account_prefixes": _each(str.startswith),
    "user_agent_contains": _each(lambda text, part: part in text),
    "referrer_hosts": _each(lambda host, name: host == name or host.endswith("." + name)),
    "impostors": lambda given, wanted: bool(given == wanted),
    "at_least": lambda given, wanted: all(name in given and given[name] >= wanted[name] for name in wanted),
    "at_most": lambda given, wanted: all(name in given and given[name] <= wanted[name] for name in wanted),
}


def _share_nothing(one: When, other: When, name: str) -> bool:
    left, right = getattr(one, name), getattr(other, name)
    return left is not None and right is not None and not set(left) & set(right)


def _networks_apart(one: When, other: When) -> bool:
    if one.networks is None or other.networks is None or one.networks_file or other.networks_file:
        return False
    left, right = iter(_spans(one.networks)), iter(_spans(other.networks))
    mine, theirs = next(left, None), next(right, None)
    while mine and theirs:
        if mine[:2] <= (theirs[0], theirs[2]) and theirs[:2] <= (mine[0], mine[2]):
            return False
        if mine < theirs:
            mine = next(left, None)
        else:
            theirs = next(right, None)
    return True


def _bounds_apart(one: When, other: When) -> bool:
    least, most = one.at_least or {}, other.at_most or {}
    return any(least[name] > most[name] for name in least.keys() & most.keys())
