"""A few dozen literal rows of each table, written as Delta tables, whose named queries have answers known by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from tests.support.sessions import PLAIN
from weir.tables.catalogue import FLAGS_TABLE, LABELS_TABLE, SESSIONS_TABLE, Table

DAY_S = 86_400.0
FIRST_DAY = 1_700_006_400.0
"""2023-11-15, 00:00 UTC."""


def session(number: int, visitor: str, day: int = 0, **changed: Any) -> dict[str, Any]:  # noqa: ANN401 -- any field
    """A final session of that visitor, `day` days after the first, `number` minutes into the day."""
    start = FIRST_DAY + day * DAY_S + number * 60
    times = {"start": start, "end": start + 60, "final": True}
    return {**PLAIN, **times, "session_id": f"s{number}", "visitor_id": visitor, "referrer": None} | changed


def flag(number: int, visitor: str, verdict: str, stage: str, *reasons: str, revision: int = 1) -> dict[str, Any]:
    """A flag on session `s<number>`."""
    return {
        "flag_id": f"f{number}-{revision}-{stage}", "session_id": f"s{number}", "visitor_id": visitor,
        "revision": revision, "ts": FIRST_DAY + number * 60, "verdict": verdict, "stage": stage,
        "reasons": [{"id": one, "version": "1", "text": one, "answer": None} for one in reasons],
        "score": None, "model": None, "features_hash": None, "latency_ms": 1.0, "shadow": [], "until": None,
    }  # fmt: skip


def label(visitor: str, value: str, source: str, minute: float, session_id: str | None = None) -> dict[str, Any]:
    """An answer."""
    ts = FIRST_DAY + minute * 60
    return {"visitor_id": visitor, "session_id": session_id, "ts": ts, "label": value, "source": source}


BOUGHT: dict[str, Any] = {"carts": 2, "purchases": 1, "revenue": {"EUR": 20.0}}
SEARCH, NEWS = "https://WWW.search.example/?q=shoes", "https://news.example:8443/today"
SESSIONS = [
    session(1, "ann", referrer=SEARCH, **BOUGHT),
    session(2, "bob", referrer=SEARCH, carts=1),
    session(3, "cid", referrer=NEWS),
    session(4, "bot1"),
    session(5, "bot2"),
    session(6, "bot2"),
    session(7, "dora", **BOUGHT | {"revenue": {"EUR": 5.0, "CHF": 7.5}}),
    session(8, "gone", merged_into="s1", **BOUGHT),
    session(9, "ann", 1, **BOUGHT | {"revenue": {"EUR": 10.0}}),
    session(10, "eve", 1, page_views=0, carts=0),
    session(11, "fay", 1),
    session(12, "ann", 2),
    session(13, "fay", 3),
]
FLAGS = [
    flag(2, "bob", "review", "model", "m1"),
    flag(4, "bot1", "review", "heuristics", "slow"),
    flag(4, "bot1", "block", "heuristics", "tool", "scan", revision=2),
    flag(5, "bot2", "block", "heuristics", "tool"),
    flag(6, "bot2", "block", "rate_limit", "visitor-budget"),
    flag(7, "dora", "block", "model", "m1"),
    flag(3, "cid", "block", "heuristics", "tool"),
    flag(3, "cid", "allow", "people", "answer"),
    flag(11, "fay", "block", "heuristics", "scan"),
]
LABELS = [
    label("cid", "good", "mia", 5, "s3"),
    label("bot2", "good", "weak:purchase", 7, "s5"),
    label("bot2", "good", "report:x", 7, "s5"),
    label("bot1", "good", "mia", 6, "s4"),
    label("bot1", "withdrawn", "mia", 8),
    label("fay", "good", "noa", 24 * 60 + 30),
    label("fay", "good", "mia", 24 * 60 + 12, "s11"),
    label("bot2", "good", "mia", 9, "s6"),
    label("bot2", "bad", "mia", 10, "s6"),
]


def write(
    root: Path, table: Table, records: Sequence[dict[str, Any]], *, mode: Literal["error", "append"] = "error"
) -> None:
    """The table under `root`, with these records in the order of the topic."""
    from deltalake import write_deltalake  # noqa: PLC0415 -- an extra

    from weir.contracts.fast import decoder  # noqa: PLC0415 -- likewise, by what is imported next
    from weir.tables.columns import RecordPosition, rows  # noqa: PLC0415 -- likewise

    decode = decoder(table.contract)
    decoded = [decode(json.dumps(record).encode()) for record in records]
    places = [RecordPosition(0, offset, 1_700_100_000_000) for offset in range(len(records))]
    write_deltalake(str(root / table.name), rows(table, decoded, places), partition_by=["day"], mode=mode)


def write_shop(root: Path) -> None:
    """Sessions, flags and labels of a small shop; no late events, and nothing learned."""
    write(root, SESSIONS_TABLE, SESSIONS)
    write(root, FLAGS_TABLE, FLAGS)
    write(root, LABELS_TABLE, LABELS)
