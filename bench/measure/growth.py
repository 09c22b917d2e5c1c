"""What grows: the cost of an event with the number of visitors and of patterns, memory with the number of sessions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import yaml

from bench.contestants.weir import Weir
from bench.events.spec import LogSpec
from bench.measure.arena import arena
from bench.measure.worker_course import course
from bench.measures.results import say
from bench.order import Deadline, in_time

VISITORS = (10_000, 1_000_000)
SMALL_EVENT = 200
MEMORY_VISITORS = (400_000, 800_000)
"""Many: what does not grow with them (a checkpoint's burst through the producer's bounded queue) is in both alike."""
MEMORY_EVENTS = 3
PATTERNS = (200, 2_000)
_SPAN_S = 600.0
_PLAIN = Weir("weir-plain", "Weir", "", plain=True)


def measure_visitors(numbers: Sequence[int], events: int, runs: int, home: Path) -> dict[str, Any]:
    """CPU time of an event when so many visitors have a session open already."""
    costs: dict[int, list[float]] = {number: [] for number in numbers}
    deadline, is_open = Deadline(), dict.fromkeys(numbers, 0)
    with arena(home / "expected") as place:
        logs = {number: place.log(_standing(number, number + events, 1)) for number in numbers}
        for run, visitors in in_time(numbers, runs, deadline):
            found = course(_PLAIN, logs[visitors], warm=visitors / (visitors + events) + 0.01)
            costs[visitors].append(found.cost_us)
            is_open[visitors] = found.open_sessions
            say(f"run {run} of {runs}, {visitors:,} visitors: {found.cost_us:.1f} us an event")
    rows = [{"visitors": number, "cost_us": found, "open": is_open[number]} for number, found in costs.items()]
    return {"rows": rows, "events": events}


def measure_memory(numbers: Sequence[int], home: Path) -> dict[str, Any]:
    """Memory of a worker with so many open sessions of three events each."""
    rows = []
    with arena(home / "expected") as place:
        for visitors in numbers:
            log = place.log(_standing(visitors, visitors * MEMORY_EVENTS, MEMORY_EVENTS))
            found = course(_PLAIN, log)
            rows.append({"sessions": found.open_sessions, "resident_bytes": found.resident_bytes})
            log.remove()
    first, last = rows[0], rows[-1]
    each = (last["resident_bytes"] - first["resident_bytes"]) / (last["sessions"] - first["sessions"])
    say(f"{each:,.0f} bytes a session")
    return {"rows": rows, "bytes_a_session": each}


def measure_patterns(numbers: Sequence[int], spec: LogSpec, runs: int, home: Path) -> dict[str, Any]:
    """CPU time of an event with one pack of so many patterns; strings of events are those of the common log."""
    folder = home / "packs"
    folder.mkdir(parents=True, exist_ok=True)
    deadline = Deadline()
    rows: dict[int, list[float]] = {number: [] for number in (0, *numbers)}
    with arena(home / "expected") as place:
        log = place.log(spec)
        for run, number in in_time(list(rows), runs, deadline):
            weir = _with_patterns(number, write_pack(folder / f"pack-{number}.yaml", number)) if number else _PLAIN
            rows[number].append(course(weir, log, settle_s=0.0).cost_us)
            say(f"run {run} of {runs}, {number} patterns: {rows[number][-1]:.1f} us an event")
    return {"rows": [{"patterns": number, "cost_us": costs} for number, costs in rows.items()]}


def write_pack(file: Path, number: int) -> Path:
    """A pack of so many patterns, on URLs, queries, referrers and user agents, none of which matches common traffic."""
    random = Random(number)
    fields = ("path", "query", "url", "referrer", "user_agent")
    patterns = []
    for at in range(number):
        word = "".join(random.choices("bcdfghjklmnpqrstvwxz", k=7))
        other = "".join(random.choices("bcdfghjklmnpqrstvwxz", k=5))
        patterns.append(
            {
                "id": f"made/p{at}",
                "category": "made",
                "reason": "Made up for the benchmark.",
                "field": fields[at % len(fields)],
                "weight": 0.1,
                "regex": rf"\b{word}[a-z0-9]{{0,8}}[/=-]({other}|x{other})\b",
                "match": [f"/{word}1-{other}"],
                "no_match": ["/nothing"],
            }
        )
    said = {"pack": "made", "version": "1", "owner": "bench", "description": "Made up.", "patterns": patterns}
    file.write_text(yaml.safe_dump(said))
    return file


def _with_patterns(number: int, pack: Path) -> Weir:
    return Weir(f"weir-{number}", "Weir", "", plain=True, packs=(pack,))


def _standing(visitors: int, events: int, rounds: int) -> LogSpec:
    """All visitors come, and stay."""
    return msgspec.structs.replace(
        LogSpec(),
        visitors=visitors,
        events=events,
        rounds=rounds,
        size=SMALL_EVENT,
        skew=0.0,
        span_s=_SPAN_S,
        closes=False,
        repeats=0.0,
    )
