"""What events say, as prepared bytes: the demo's shoppers and abusers, visit by visit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from random import Random
from typing import Any

import msgspec

from streams.demo import abuse, clients, shopper
from streams.demo.visitor import Behaviour

SCRIPTS = 1_000
"""Visits that are made up; visitors take one of them each, from its beginning, over and over."""
LONGEST_SCRIPT = 64
_encode = msgspec.json.Encoder().encode
_WORDS = ("wide", "dark", "a-b", "variant", "hero", "grid", "list", "promo", "summer", "beta", "eu", "mobile", "v2")

Script = list[tuple[bytes, bytes, bytes]]
"""Events of a visit: what comes before the URL, the URL (empty without), what comes behind it."""
Bad = tuple[Behaviour, Callable[[Random], str], tuple[str, ...]]
_BAD: tuple[Bad, ...] = (
    (abuse.probes, clients.rented_address, clients.SCANNERS + clients.BROWSERS),
    (abuse.scrapes, clients.rented_address, clients.LIBRARIES),
    (abuse.spams, clients.home_address, clients.BROWSERS),
)


@lru_cache(8)
def scripts(seed: int, size: int, *, is_bad: bool) -> list[Script]:
    """Visits of one kind; `size` is what an event has at least, its names and time included."""
    return [_script(Random(f"{seed}/{is_bad}/{number}"), size, is_bad=is_bad) for number in range(SCRIPTS)]


def _script(random: Random, size: int, *, is_bad: bool) -> Script:
    behaviour, address, agents = random.choice(_BAD) if is_bad else _GOOD
    who = {"ip": address(random), "user_agent": random.choice(agents)}
    acts = islice(behaviour(random), LONGEST_SCRIPT)
    said = ({name: value for name, value in act.fields.items() if value is not None} for act in acts)
    return [_parts(who | fields, size, random) for fields in said]


_GOOD: Bad = (shopper.acts, clients.home_address, clients.BROWSERS)
NAMES_BYTES = 90
"""What event id, visitor id and time add, about."""


def _parts(fields: dict[str, Any], size: int, random: Random) -> tuple[bytes, bytes, bytes]:
    url = str(fields.pop("url", ""))
    missing = size - NAMES_BYTES - len(_encode(fields)) - len(url)
    if missing > len(b',"properties":{"layout":""}'):
        words = "".join(f"{word} " for word in _words(random, missing))
        fields["properties"] = {"layout": words[: missing - len('"properties":{"layout":""},')]}
    body = _encode(fields)[1:-1]
    quoted = _encode(url)[1:-1] if url else b""
    return b'"url":"' if url else b"", quoted, (b'",' if url else b"") + body + b"}"


def _words(random: Random, length: int) -> Iterator[str]:
    while length > 0:
        word = random.choice(_WORDS)
        yield word
        length -= len(word) + 1
