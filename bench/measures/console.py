"""`python -m bench.measures.console --seconds 300 --rate 1000`: the console under load, with ten readers.

A broker, a worker and the console as processes, steady traffic, and ten readers who each open page after page while a
live connection stays open. A record that nobody else writes tells every half second how far the console is behind: the
time from its acknowledgement until a page shows it. At 60 % of the time the store is deleted while the readers look.
Exit code 0 if the bounds of `BOUNDS` hold.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil

from bench.measures.load import load
from bench.measures.place import Site, site
from bench.measures.results import arguments, keep, say, table
from bench.measures.waiting import wait_until
from bench.measures.worker import WEIR, environment_of, workers
from weir.broker import free_port
from weir.contracts import Label
from weir.contracts.fast import encode
from weir.kafka.sender import producer
from weir.topics import LABELS

READERS = 10
PROBE_EVERY_S = 0.5
PROBE_POLL_S = 0.02
THINK_S = 1.0
"""Between a page and the next that a reader opens."""
DELETED_AT = 0.6
BOUNDS = {"lag p95 s": 1.0, "page p95 ms": 150.0, "memory MB": 600.0}
SETTINGS = {"partitions": 4, "gap_s": 10.0, "grace_s": 5.0, "idle_timeout_s": 10.0}
PATHS = (
    *("/", "/?range=24h", "/sessions", "/sessions?verdict=block", "/review?queue=open", "/rules", "/models"),
    *("/events", "/dead-letters", "/system", "/audit", "visitor", "session"),
)
"""The last two stand for a visitor and a session of the list as it is then."""
NOBODY = {"visitor": "nobody", "session_id": "nobody"}


@dataclass
class Seen:
    """What readers and the probe saw."""

    pages_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[int] = field(default_factory=Counter)
    lags_s: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    events: int = 0
    is_over: bool = False
    is_rebuilding: bool = False


def read(address: str, seen: Seen, seed: int) -> None:
    """One reader: page after page, each chosen at random, following what the list shows."""
    random_ = random.Random(seed)
    with httpx.Client(base_url=address, timeout=30) as client:
        while not seen.is_over:
            path = random_.choice(PATHS)
            name = path
            if path in {"visitor", "session"}:
                rows = client.get("/sessions?format=json").json().get("sessions") or [
                    NOBODY
                ]  # none while it is made anew
                row = random_.choice(rows)
                path = f"/visitor?id={row['visitor']}" if path == "visitor" else f"/session?id={row['session_id']}"
            began_s = time.monotonic()
            answer = client.get(path)
            took_ms = (time.monotonic() - began_s) * 1_000
            seen.statuses[answer.status_code] += 1
            if answer.status_code == httpx.codes.OK:
                seen.pages_ms[name].append(took_ms)
            time.sleep(random_.uniform(0.5, 1.5) * THINK_S)


def listen(address: str, seen: Seen) -> None:
    """One open front page: its live connection."""
    while not seen.is_over:
        with contextlib.suppress(httpx.HTTPError), httpx.stream("GET", f"{address}/now/live", timeout=30) as answer:
            for line in answer.iter_lines():
                seen.events += line.startswith("data:")


def probe(place: Site, address: str, seen: Seen) -> None:
    """Writes a label about a visitor of its own, and looks until the visitor's page is there."""
    sender, topic = producer(place.settings, linger_ms=0), place.settings.names.public(LABELS)
    with httpx.Client(base_url=address, timeout=30) as client:
        number = 0
        while not seen.is_over:
            number += 1
            visitor = f"probe-{number}"
            label = Label(visitor_id=visitor, ts=time.time(), label="good", source="weak:probe")
            sender.produce(topic, encode(label), visitor.encode())
            sender.flush(10)
            written_s = time.monotonic()
            while client.get(f"/visitor?id={visitor}&format=json").status_code != httpx.codes.OK and not seen.is_over:
                time.sleep(PROBE_POLL_S)
            if not seen.is_rebuilding and not seen.is_over:
                seen.lags_s.append(time.monotonic() - written_s)
            time.sleep(PROBE_EVERY_S)


def measure(place: Site, worker: str, rate: float, seconds: float) -> tuple[Seen, dict[str, Any]]:
    """Runs the console under load for so long."""
    port, seen = free_port(), Seen()
    folder = place.folder / "console"
    address = f"http://127.0.0.1:{port}"
    with (place.folder / "console.log").open("wb") as log:
        process = subprocess.Popen(
            [str(WEIR), "console", "--port", str(port), "--worker", worker],
            env=os.environ | environment_of(place.settings) | {"WEIR_CONSOLE_FOLDER": str(folder)},
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: _is_current(address), "answers of the console")
        with load(place, rate):
            threads = [threading.Thread(target=read, args=(address, seen, seed)) for seed in range(READERS)]
            threads += [threading.Thread(target=listen, args=(address, seen), daemon=True) for _ in range(READERS)]
            threads.append(threading.Thread(target=probe, args=(place, address, seen)))
            for thread in threads:
                thread.start()
            began_s = time.monotonic()
            rebuilt_s, deleted_s = None, None
            while (elapsed_s := time.monotonic() - began_s) < seconds:
                seen.memory_mb.append(psutil.Process(process.pid).memory_info().rss / 1e6)
                if deleted_s is None and elapsed_s > seconds * DELETED_AT:
                    say("deleting the store")
                    seen.is_rebuilding, deleted_s = True, time.monotonic()
                    for path in folder.glob("console.sqlite*"):
                        path.unlink(missing_ok=True)
                elif deleted_s is not None and rebuilt_s is None and _is_made_anew(address, deleted_s):
                    rebuilt_s, seen.is_rebuilding = time.monotonic() - deleted_s, False
                    say(f"made anew in {rebuilt_s:.1f} s")
                time.sleep(0.5)
            seen.is_over = True
            for thread in threads[:READERS] + threads[-1:]:
                thread.join(40)
        size = sum(path.stat().st_size for path in folder.glob("console.sqlite*")) / 1e6
        return seen, {"rebuilt s": rebuilt_s, "store MB": size}
    finally:
        process.terminate()
        process.wait(20)


def _is_made_anew(address: str, deleted_s: float) -> bool:
    # The console notices at its next commit.
    return time.monotonic() > deleted_s + 1 and _is_current(address)


def _is_current(address: str) -> bool:
    try:
        answer = httpx.get(address, timeout=10)
    except httpx.TransportError:
        return False
    return answer.status_code == httpx.codes.OK and "being made" not in answer.text


def figures(seen: Seen) -> dict[str, float]:
    """What the bounds are about."""
    pages = [took for each in seen.pages_ms.values() for took in each]
    return {
        "lag p95 s": _quantile(seen.lags_s, 0.95),
        "page p95 ms": _quantile(pages, 0.95),
        "memory MB": max(seen.memory_mb),
    }


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("inf")


def main() -> int:
    """Measures, tells, and keeps the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--rate", type=float, default=1_000.0)
    given = arguments(parser, "console")
    with (
        site("console", **SETTINGS) as place,
        workers(place.settings, place.folder, 1, "sessionize,score,join,train") as running,
    ):
        seen, more = measure(place, running[0].address, given.rate, given.seconds)
    found = figures(seen)
    rows = [
        (name, f"{statistics.median(each):.0f}", f"{_quantile(each, 0.95):.0f}", str(len(each)))
        for name, each in sorted(seen.pages_ms.items())
    ]
    half = seen.memory_mb[len(seen.memory_mb) // 2 :]
    told = {name: f"{value:.3g} (bound {BOUNDS[name]:g})" for name, value in found.items()}
    told |= {
        "lag, median and worst, s": f"{statistics.median(seen.lags_s):.3g}, {max(seen.lags_s):.3g}",
        "probes": str(len(seen.lags_s)),
        "memory at half and at the end, MB": f"{half[0]:.0f}, {half[-1]:.0f}",
        "answers by status": ", ".join(f"{code}: {count}" for code, count in sorted(seen.statuses.items())),
        "live updates": str(seen.events),
    } | {name: f"{value:.3g}" if value is not None else "not in time" for name, value in more.items()}
    page = table(("figure", "value"), list(told.items())) + "\n" + table(("page", "median ms", "p95 ms", "times"), rows)
    keep(given.folder, page, found | more, as_json=given.json)
    return int(any(value > BOUNDS[name] for name, value in found.items()) or more["rebuilt s"] is None)


if __name__ == "__main__":
    sys.exit(main())
