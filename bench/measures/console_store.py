"""How quick the console's pages are with a million sessions in its store: `python -m bench.measures.console_store`.

The records are made up, the store and the pages are the real ones. Says how fast the store takes records, how large it
is, and how long each page takes: the median and the 95th percentile of some requests.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.support.console import ConsoleAtHand, flag, review, session
from weir.console.store.schema import FILE
from weir.contracts.fast import encode
from weir.contracts.flag import Reason
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import FLAGS, REVIEWS, SESSIONS, Topic

REQUESTS = 30
COMMIT_RECORDS = 2_000
FLAGGED_SHARE, ASKED_SHARE = 0.1, 0.01
_RULES = tuple(f"pack-{n % 7}/rule-{n}" for n in range(200))
_AGENTS = tuple(
    f"Mozilla/5.0 (X11; Linux x86_64; build {n}) Gecko/20100101 Firefox/{n % 90 + 50}.0" for n in range(3_000)
)
_PATHS = tuple(f"/products/shelf-{n % 400}/item-{n}" for n in range(60_000))


def records(number: int, settings: Settings) -> Iterator[LogRecord]:
    """Sessions of half as many visitors over six days, some flagged, some asked about."""
    names, random_ = settings.names, random.Random(1)
    plain = session().model_dump()

    begin_s = time.time() - 6 * 86_400

    def record(topic: Topic, value: bytes, at_s: float, offset: int) -> LogRecord:
        return LogRecord(names.public(topic), 0, offset, round(at_s * 1_000), b"", value)

    for n in range(number):
        end_s = begin_s + n * (6 * 86_400 / number)
        name, visitor = f"{random_.getrandbits(128):032x}", f"visitor-{random_.randrange(number // 2)}"
        plain |= {
            "session_id": name,
            "visitor_id": visitor,
            "start": end_s - 60,
            "end": end_s,
            "final": n < number * 0.97,
            "entry_url": random_.choice(_PATHS),
            "user_agent": random_.choice(_AGENTS),
            "ip": f"198.18.{random_.randrange(256)}.{random_.randrange(256)}",
        }
        yield record(SESSIONS, encode(plain), end_s, n)
        if random_.random() < FLAGGED_SHARE:
            verdict = random_.choice(("block", "throttle", "review"))
            reasons = [
                Reason(id=random_.choice(_RULES), version="1", text="It does what no person does.") for _ in range(3)
            ]
            yield record(FLAGS, encode(flag(name, visitor, ts=end_s, verdict=verdict, reasons=reasons)), end_s, n)
        if random_.random() < ASKED_SHARE:
            yield record(REVIEWS, encode(review(name, visitor, ts=end_s, score=random_.random())), end_s, n)


def measure(number: int, folder: Path) -> dict[str, Any]:
    """Fills a store, then asks for each page again and again."""
    at_hand = ConsoleAtHand(folder)
    writer = at_hand.store._writer  # noqa: SLF001 -- fills the store without a Kafka reader
    began = time.monotonic()
    taken = 0
    already = at_hand.store.reader.number("SELECT count(*) FROM sessions")
    for taken, record in enumerate(records(number if not already else 0, at_hand.settings), 1):
        writer.take(record)
        if taken % COMMIT_RECORDS == 0:
            writer.commit()
    writer.commit()
    filled_s = time.monotonic() - began
    rows = at_hand.store.reader.rows(
        "SELECT session_id, visitor, address FROM sessions ORDER BY random() LIMIT ?", (REQUESTS,)
    )
    pages: dict[str, list[str]] = {
        "now": ["/"],
        "now, 7 days": ["/?range=7d"],
        "sessions": ["/sessions"],
        "by verdict": ["/sessions?verdict=block"],
        "by stage and state": ["/sessions?stage=heuristics&state=open"],
        "by reason": [f"/sessions?reason={rule}" for rule in _RULES[:REQUESTS]],
        "by reason and verdict": [f"/sessions?verdict=review&reason={rule}" for rule in _RULES[:REQUESTS]],
        "by part of a path": [f"/sessions?q=shelf-{n}/" for n in range(REQUESTS)],
        "by part of a user agent": [f"/sessions?q=build {n}" for n in range(REQUESTS)],
        "by a common part": ["/sessions?q=Mozilla"],
        "by address": [f"/sessions?q={row['address']}" for row in rows],
        "by time": [f"/sessions?until={time.time() - n * 3_600:.0f}" for n in range(REQUESTS)],
        "by time, state and a part": [
            f"/sessions?state=closed&q=item-{n}&since={time.time() - 86_400:.0f}" for n in range(REQUESTS)
        ],
        "visitor": [f"/visitor?id={row['visitor']}" for row in rows],
        "session": [f"/session?id={row['session_id']}" for row in rows],
        "review": ["/review"],
        "audit": ["/audit"],
    }
    with at_hand.browser:
        timed = {name: _timed(at_hand, addresses) for name, addresses in pages.items()}
    size = sum(path.stat().st_size for path in folder.glob(f"{FILE}*"))
    return {
        "sessions": number,
        "records": taken,
        "records_per_s": taken / filled_s,
        "megabytes": size / 1e6,
        "pages_ms": {name: {"median": statistics.median(each), "p95": _p95(each)} for name, each in timed.items()},
    }


def _timed(at_hand: ConsoleAtHand, addresses: list[str]) -> list[float]:
    found = []
    for n in range(REQUESTS):
        began = time.monotonic()
        answer = at_hand.browser.get(addresses[n % len(addresses)])
        found.append((time.monotonic() - began) * 1_000)
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"{addresses[n % len(addresses)]} answered {answer.status_code}: {answer.text}")
    return found


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def main() -> None:
    """Measures, and prints what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep the store here, or measure the one that is")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = measure(given.sessions, given.folder or Path(scratch))
    if given.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    print(f"{found['sessions']:,} sessions, {found['records_per_s']:,.0f} records/s, {found['megabytes']:,.0f} MB")  # noqa: T201 -- its output
    for name, each in found["pages_ms"].items():
        print(f"{name:28} {each['median']:7.1f} ms {each['p95']:7.1f} ms")  # noqa: T201 -- likewise


if __name__ == "__main__":
    main()
