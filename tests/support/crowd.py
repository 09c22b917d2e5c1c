"""A crowd whose good and bad ones behave so differently that any model can learn it; labels that say so, or lie."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_S = 1_767_225_600.0
APART_S = 90.0
SETTINGS = {"weak_labels": "false", "gate_window": "80", "gate_every": "20", "gate_min_people": "30"}
"""A gate that meets early, on people's labels alone."""


@dataclass(frozen=True)
class Crowd:
    """Events in the order of time, and one label a visitor, given soon after its session."""

    events: list[dict[str, Any]]
    labels: list[dict[str, Any]]

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Files of events and of labels."""
        return _write(folder / "crowd.jsonl", self.events), _write(folder / "labels.jsonl", self.labels)


def crowd(visitors: int, *, honest: bool, seed: int = 5, start_s: float = START_S) -> Crowd:
    """Half shoppers, half scrapers, one session each; labels tell which, or are a coin's toss."""
    randomness = random.Random(seed)
    events: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    for number in range(visitors):
        scraper = randomness.random() < 0.5
        own = _session(f"crowd-{seed}-{number}", start_s + number * APART_S, randomness, scraper=scraper)
        bad = scraper if honest else randomness.random() < 0.5
        labels.append(
            {
                "visitor_id": own[0]["visitor_id"],
                "ts": own[-1]["ts"] + 30.0,
                "label": "bad" if bad else "good",
                "source": "moderation",
            }
        )
        events += own
    return Crowd(sorted(events, key=lambda event: event["ts"]), labels)


def newcomers(visitors: int, *, bad: bool, seed: int, start_s: float) -> Crowd:
    """The honest crowd, with newcomers among them: every other session is a shopper's who asks for vouchers."""
    usual = crowd(visitors // 2, honest=True, seed=seed, start_s=start_s)
    randomness = random.Random(f"newcomers {seed}")
    events, labels = list(usual.events), list(usual.labels)
    for number in range(visitors - visitors // 2):
        visitor = f"newcomer-{seed}-{number}"
        own = _session(visitor, start_s + (number + 0.5) * APART_S, randomness, scraper=False)
        for event in own:
            event |= {"type": "search", "query": "voucher codes"}
        events += own
        ts = own[-1]["ts"] + 30.0
        labels.append({"visitor_id": visitor, "ts": ts, "label": "bad" if bad else "good", "source": "moderation"})
    in_time = sorted(events, key=lambda event: event["ts"])
    return Crowd(in_time, sorted(labels, key=lambda label: label["ts"]))


def _session(visitor: str, start: float, randomness: random.Random, *, scraper: bool) -> list[dict[str, Any]]:
    ts, events = start, []
    for number in range(randomness.randint(20, 40) if scraper else randomness.randint(4, 12)):
        ts += randomness.uniform(1.0, 2.0) if scraper else randomness.expovariate(1 / 25)
        events.append(
            {
                "event_id": f"{visitor}-{number}",
                "visitor_id": visitor,
                "type": "page_view" if scraper else randomness.choice(["page_view", "click", "search", "add_to_cart"]),
                "ts": round(ts, 3),
                "url": f"/products/{number if scraper else randomness.randint(1, 9)}",
            }
        )
    return events


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
