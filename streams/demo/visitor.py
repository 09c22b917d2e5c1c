"""Visitors and their behaviours as plain values, without a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import log
from random import Random
from typing import Any


class Kind(StrEnum):
    """Kinds of visitors; all but shoppers are abuse."""

    SHOPPER = "shopper"
    SCRAPER = "scraper"
    SCANNER = "scanner"
    SPAMMER = "spammer"
    STUFFER = "stuffer"

    @property
    def is_bad(self) -> bool:
        """Whether visitors of this kind are abusive."""
        return self is not Kind.SHOPPER


@dataclass(frozen=True, slots=True)
class Visitor:
    """One visitor: a cookie with an address and a user agent."""

    visitor_id: str
    kind: Kind
    ip: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Act:
    """One act of a visitor, `after_s` seconds after the previous act; `fields` are fields of its event."""

    after_s: float
    fields: dict[str, Any]


Behaviour = Callable[[Random], Iterator[Act]]
"""Makes the acts of one visit, which depend only on the random numbers."""


def act(after_s: float, type_: str, path: str, **fields: object) -> Act:
    """An act on a page of the shop; by default an HTTP GET with status 200."""
    return Act(after_s, {"type": type_, "url": path, "method": "GET", "status": 200} | fields)


def chance(random: Random, share: float) -> bool:
    """True in `share` of the cases."""
    return random.random() < share


def think_s(random: Random, median_s: float, sigma: float = 0.8) -> float:
    """Time that a person looks at a page, in seconds: log-normal as measured think times, at most ten minutes."""
    return min(random.lognormvariate(log(median_s), sigma), 600.0)
