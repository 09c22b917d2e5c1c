"""Input with everything in it that parity is about: disorder, duplicates, late events, bursts, abuse and bad lines."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

START_S = 1_767_225_600.0
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0"
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
INJECTION = "/products?id=1%27%20UNION%20SELECT%20password%20FROM%20users--"
BAD_LINES = (
    b"this is not JSON",
    b'{"event_id": "x", "visitor_id": "anna"',
    b'{"event_id": "x", "visitor_id": "anna", "type": "click"}',
    b'{"event_id": 7, "visitor_id": "anna", "type": "click", "ts": 1767225600}',
    b'{"event_id": "x", "visitor_id": "anna", "type": "click", "ts": -5}',
    b'{"event_id": "x", "visitor_id": "\xff", "type": "click", "ts": 1767225600}',
)


def events(visitors: int, sessions: int, seed: int = 1) -> list[dict[str, Any]]:
    """Events in the order of arrival: mostly that of time, with stragglers, duplicates and late ones."""
    randomness = random.Random(seed)
    arrivals: list[tuple[float, dict[str, Any]]] = []
    for visitor in range(visitors):
        for number, event in enumerate(_visitor(f"visitor-{visitor}", sessions, randomness)):
            event["event_id"] = f"{visitor}-{number}"
            arrivals += ((event["ts"] + delay, event) for delay in _delays(randomness))
    return [event for _, event in sorted(arrivals, key=lambda arrival: arrival[0])]


def _delays(randomness: random.Random) -> list[float]:
    """How long after it happened an event arrives, each time that it arrives."""
    chance = randomness.random()
    if chance < 0.01:
        return [randomness.uniform(7_200, 14_400)]  # late, unless its session is still open
    if chance < 0.05:
        return [0.0, randomness.uniform(0, 300)]  # twice
    return [randomness.uniform(0, 200) if chance < 0.2 else 0.0]


def _visitor(name: str, sessions: int, randomness: random.Random) -> Iterator[dict[str, Any]]:
    ts = START_S + randomness.uniform(0, 3_600)
    kind = randomness.choice(["shopper", "shopper", "shopper", "crawler", "scanner", "burst"])
    for _ in range(sessions):
        for _ in range(randomness.randint(1, 40 if kind != "burst" else 300)):
            ts += randomness.uniform(0.01, 0.1) if kind == "burst" else randomness.expovariate(1 / 60)
            yield _event(name, kind, round(ts, 3), randomness)
        ts += randomness.uniform(1_700, 5_000)  # about the gap, below and above it


def _event(name: str, kind: str, ts: float, randomness: random.Random) -> dict[str, Any]:
    what = randomness.choice(["page_view", "page_view", "click", "search", "add_to_cart", "purchase", "of-our-own"])
    event: dict[str, Any] = {
        "visitor_id": name,
        "type": what,
        "ts": ts,
        "url": f"/products/{randomness.randint(1, 30)}",
        "user_agent": CRAWLER if kind == "crawler" else BROWSER,
        "ip": f"10.0.{len(name)}.{randomness.randint(1, 5)}",
    }
    if kind == "scanner" and randomness.random() < 0.1:
        event["url"] = INJECTION
    if what == "purchase":
        event |= {"value": float(randomness.randint(1, 90)), "currency": "EUR", "item_id": "item-1"}
    if what == "search":
        event["query"] = randomness.choice(["shoes", "a red bicycle", "ü"])
    return event


def write(path: Path, made: list[dict[str, Any]], *, bad_lines: bool = True) -> Path:
    """Writes events as JSON lines, the bad lines spread among them."""
    lines = [json.dumps(event).encode() for event in made]
    if bad_lines:
        for number, line in enumerate(BAD_LINES):
            lines.insert((number + 1) * len(lines) // (len(BAD_LINES) + 1), line)
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path
