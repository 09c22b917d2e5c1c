"""Which events there are, and which of them are late, misplaced, broken, too large or of a wrong clock, by a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

VISITORS_AT_ONCE = 2_000
NEW_VISITORS_EVERY = 25
"""Events after which one visitor leaves and another comes."""
HOT = "visitor-hot"
HOT_SPELL = 40_000
"""Events of a spell; in every second one, half of the traffic is one visitor's."""
HUGE_BYTES = 1_500_000
"""More than a fetch takes, less than the topic."""
TYPES = ("page_view",) * 8 + ("click", "search", "add_to_cart", "purchase", "login", "of-our-own")
NO_TIME, TIME = b'"ts": null', b'"ts": %.3f'
BROKEN = (
    b"not JSON",
    b'{"event_id": "x", "visitor_id": "anna"',
    b'{"event_id": "x", "visitor_id": "anna", "type": "click"}',
    b'{"event_id": 7, "visitor_id": "anna", "type": "click", "ts": 1767225600}',
    b'{"event_id": "x", "visitor_id": "\xff", "type": "click", "ts": 1767225600}',
)

POISON = "poison"
MISPLACED = "key missing or another's"
DISORDERED = "behind, up to grace"
BEYOND = "behind, beyond grace"
AHEAD = "clock ahead"
BEHIND = "clock behind"
BRIDGE = "late, bridges two sessions"
HOT_KEY = "of the hot key"
LARGEST = "as large as may be"
TOO_LARGE = "larger than the maximum"
HUGE = "larger than a fetch"
KINDS = (POISON, MISPLACED, DISORDERED, BEYOND, AHEAD, BEHIND, BRIDGE, HOT_KEY, LARGEST, TOO_LARGE, HUGE)
"""What is special about an event; one may be of several kinds."""


class Made(NamedTuple):
    """An event; its time is told when it is sent."""

    shift_s: float
    """By which its time differs from its sending."""
    key: bytes | None
    value: bytes
    kinds: tuple[str, ...] = ()

    def at(self, now_s: float) -> bytes:
        """Its value, sent at a time."""
        return self.value.replace(NO_TIME, TIME % (now_s + self.shift_s))


@dataclass(frozen=True)
class Bounds:
    """What decides about an event's fate: a straggler is late or not, a record too large or not."""

    gap_s: float
    grace_s: float
    max_record_bytes: int

    @property
    def reach_s(self) -> float:
        """How far a straggler may be behind and still find its session open, about."""
        return self.gap_s + self.grace_s


def traffic(seed: int, bounds: Bounds) -> Iterator[Made]:
    """Endless events, the same for the same seed."""
    randomness = random.Random(seed)
    number = 0
    while True:
        number += 1
        chance = randomness.random()
        if chance < 0.001:
            yield Made(0.0, _visitor(randomness, number).encode(), randomness.choice(BROKEN), (POISON,))
        elif chance < 0.003:
            yield from _bridge(randomness, number, bounds)
        elif chance < 0.0035:
            yield _large(randomness, number, bounds)
        else:
            yield _ordinary(randomness, number, bounds)


def _visitor(randomness: random.Random, number: int) -> str:
    if (number // HOT_SPELL) % 2 and randomness.random() < 0.5:
        return HOT
    return f"visitor-{number // NEW_VISITORS_EVERY + randomness.randrange(VISITORS_AT_ONCE)}"


def _ordinary(randomness: random.Random, number: int, bounds: Bounds) -> Made:
    name = _visitor(randomness, number)
    key: bytes | None = name.encode()
    shift_s, *kinds = _shift(randomness, bounds)
    if name == HOT:
        kinds.append(HOT_KEY)
    if randomness.random() < 0.002:
        key = randomness.choice([None, b"somebody else"])
        kinds.append(MISPLACED)
    return Made(shift_s, key, _event(randomness, str(number), name), tuple(kinds))


def _shift(randomness: random.Random, bounds: Bounds) -> tuple[Any, ...]:
    """Seconds and kinds: most are on time; some come up to the bound of what is late, some beyond; some clocks lie."""
    chance = randomness.random()
    if chance < 0.8:
        return (0.0,)
    if chance < 0.98:
        return -randomness.uniform(0.0, bounds.reach_s), DISORDERED
    if chance < 0.99:
        return -randomness.uniform(bounds.reach_s, 3 * bounds.reach_s), BEYOND
    if chance < 0.992:
        return randomness.choice([0.5, 3_600.0, 31_536_000.0]), AHEAD
    if chance < 0.994:
        return randomness.choice([-3_600.0, -31_536_000.0]), BEHIND
    return (0.0,)


def _bridge(randomness: random.Random, number: int, bounds: Bounds) -> Iterator[Made]:
    """Two events too far apart for one session, then one between them, in time to make them one."""
    name, apart_s = f"bridge-{number}", bounds.gap_s + min(1.0, bounds.grace_s / 3)
    for part, shift_s in enumerate((-apart_s, 0.0, -apart_s / 2)):
        kinds = (BRIDGE,) if part == 2 else ()
        yield Made(shift_s, name.encode(), _event(randomness, f"{number}-{part}", name), kinds)


def _large(randomness: random.Random, number: int, bounds: Bounds) -> Made:
    kind = randomness.choices((LARGEST, TOO_LARGE, HUGE), (10, 10, 1))[0]
    size = {LARGEST: bounds.max_record_bytes, TOO_LARGE: bounds.max_record_bytes + 1, HUGE: HUGE_BYTES}[kind]
    name = _visitor(randomness, number)
    bare = _event(randomness, str(number), name, text="")
    missing = size - len(Made(0.0, None, bare).at(1e9))
    return Made(0.0, name.encode(), bare[:-2] + b"x" * missing + b'"}', (kind,))


def _event(randomness: random.Random, event_id: str, name: str, **more: str) -> bytes:
    what = randomness.choice(TYPES)
    event: dict[str, Any] = {
        "event_id": event_id,
        "visitor_id": name,
        "type": what,
        "ts": None,
        "url": f"/products/{randomness.randrange(500)}",
        "ip": f"10.0.{randomness.randrange(20)}.{randomness.randrange(200)}",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0",
    }
    if what == "purchase":
        event |= {"value": float(randomness.randint(1, 90)), "currency": "EUR", "item_id": "item-1"}
    chance = randomness.random()
    if chance < 0.15:
        # Logged in, and in a few places: accounts and addresses that several partitions spend for.
        event |= {"account_id": f"account-{randomness.randrange(40)}", "ip": f"192.0.2.{randomness.randrange(30)}"}
    elif chance < 0.25:
        event["ip"] = f"2001:db8::{randomness.randrange(4):x}:{randomness.randrange(999):x}:0:0:1"
    if randomness.random() < 0.002:
        event["user_agent"] = "sqlmap/1.8 (https://sqlmap.org)"
    return json.dumps(event | more).encode()
