"""`python -m bench.measures.paused`: how soon a worker works again that was paused beyond its session.

Two workers are under load. One is stopped (SIGSTOP) until the other has its partitions, and goes on then. Measured is
the time from SIGCONT until it says that it is ready and owns partitions again, beside that of a worker started anew.
"""

from __future__ import annotations

import argparse
import random
import signal
import statistics
import sys
import time

import httpx

from bench.measures.load import load
from bench.measures.place import site
from bench.measures.results import arguments, keep, say, table
from bench.measures.waiting import wait_until
from bench.measures.worker import Worker, start, workers

SETTINGS = {"partitions": 4, "gap_s": 10.0, "grace_s": 5.0, "idle_timeout_s": 10.0}
OWNED = 2 * 4
"""Partitions of both stages together."""
STEP_S = 0.05
LONGEST_S = 60.0


def owned(worker: Worker) -> int:
    """Partitions that it owns and that are ready; 0 while it doesn't answer."""
    if worker.answers("/ready") != httpx.codes.OK:
        return 0
    return sum(bool(partition["ready"]) for partition in worker.status()["partitions"])


def until_at_work(worker: Worker, other: Worker) -> float:
    """Seconds until the two share all partitions: one that just woke still believes that the old ones are its own."""
    began_s = time.monotonic()
    wait_until(
        lambda: 0 < owned(worker) < OWNED and owned(worker) + owned(other) == OWNED, "partitions", LONGEST_S, STEP_S
    )
    return time.monotonic() - began_s


def main() -> int:
    """Measures, and keeps the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    given = arguments(parser, "paused")
    woken, ended, restarted = list[float](), 0, list[float]()
    chance = random.Random(1)
    with site("paused", **SETTINGS) as place, workers(place.settings, place.folder, 2) as running, load(place, 1_000):
        for number in range(given.times):
            paused, other = running
            paused.process.send_signal(signal.SIGSTOP)
            wait_until(lambda: owned(other) == OWNED, "partitions of the other", LONGEST_S)  # noqa: B023 -- called at once
            time.sleep(chance.uniform(0.5, 2.0))
            paused.process.send_signal(signal.SIGCONT)
            try:
                woken.append(until_at_work(paused, other))
                say(f"paused and woken: {woken[-1]:.1f} s")
            except (TimeoutError, RuntimeError):
                ended += 1
            if paused.process.poll() is None:
                paused.stop()
            began_s = time.monotonic()
            running[:] = [start(place.settings, place.folder, f"again-{number}"), other]
            until_at_work(*running)
            restarted.append(time.monotonic() - began_s)
            say(f"started anew: {restarted[-1]:.1f} s")
            wait_until(lambda: all(owned(worker) for worker in running), "ready workers", LONGEST_S)
    rows = [
        (name, f"{statistics.median(each):.1f}", f"{max(each):.1f}", str(len(each)))
        for name, each in (("paused and woken", woken), ("started anew", restarted))
        if each
    ]
    page = table(("worker", "median s", "longest s", "times"), rows) + f"\n{ended} of {given.times} ended.\n"
    keep(given.folder, page, {"woken_s": woken, "restarted_s": restarted, "ended": ended}, as_json=given.json)
    return int(ended > 0)


if __name__ == "__main__":
    sys.exit(main())
