"""The log of people's actions: filters, undoing, and exports for audits."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.routing import BaseRoute

from weir.console.context import Console
from weir.console.pages.shared import Visit, as_csv, as_json, page, render
from weir.console.store.reading import Row, StoreReader
from weir.console.store.search import PAGE, moment
from weir.contracts import Decision

MOST_EXPORTED = 100_000
COLUMNS = ("time", "who", "kind", "why", "session", "visitor", "label", "category", "rules", "undone", "undoes", "id")
KINDS = ("answer", "unsure", "skip", "undo", "save_queue", "remove_queue", "promote", "rollback", "replay_dead_letters")


def audit(console: Console, visit: Visit) -> Response:
    """Actions by person, kind, rule and time."""
    query = visit.query
    wanted = query.get("format", "")
    rows = find(console.store, query, MOST_EXPORTED if wanted else PAGE + 1)
    if wanted == "csv":
        return as_csv([COLUMNS, *([*exported(row).values()] for row in rows)], "decisions.csv")
    if wanted == "jsonl":
        lines = b"".join(msgspec.json.encode(exported(row)) + b"\n" for row in rows)
        headers = {"content-disposition": 'attachment; filename="decisions.jsonl"'}
        return Response(lines, media_type="application/x-ndjson", headers=headers)
    if visit.wants_json:
        return as_json([exported(row) for row in rows])
    people = [row["who"] for row in console.store.rows("SELECT DISTINCT who FROM actions ORDER BY who LIMIT 200")]
    return render(
        console,
        visit,
        "audit.html",
        rows=rows[:PAGE],
        older=f"{rows[PAGE - 1]['at_s']!r}" if len(rows) > PAGE else "",
        people=people,
        kinds=KINDS,
        query=query,
        by_models=_by_models(console),
        rules_of=lambda row: json.loads(row["rules"]),
    )


def find(store: StoreReader, query: Any, at_most: int) -> list[Row]:  # noqa: ANN401 -- a mapping
    """Actions that match, the newest first.

    Raises:
        UsageError: a time is not valid.
    """
    where: list[str] = []
    parameters: list[object] = []
    for name, column in (("who", "who"), ("kind", "kind")):
        if value := query.get(name, ""):
            where.append(f"{column} = ?")
            parameters.append(value)
    if rule := query.get("rule", ""):
        where.append("EXISTS (SELECT 1 FROM json_each(rules) WHERE json_each.value = ?)")
        parameters.append(rule)
    for name, sign in (("since", ">="), ("until", "<"), ("before", "<")):
        if (at_s := moment(query.get(name, "").strip())) is not None:
            where.append(f"at_s {sign} ?")
            parameters.append(at_s)
    condition = f"WHERE {' AND '.join(where)}" if where else ""
    return store.rows(f"SELECT * FROM actions {condition} ORDER BY at_s DESC LIMIT ?", [*parameters, at_most])


def exported(row: Row) -> dict[str, object]:
    """An action as it is exported."""
    return {
        "time": row["at_s"],
        "who": row["who"],
        "kind": row["kind"],
        "why": row["why"],
        "session": row["session_id"],
        "visitor": row["visitor"],
        "label": row["label"],
        "category": row["category"],
        "rules": " ".join(json.loads(row["rules"])),
        "undone": bool(row["undone"]),
        "undoes": row["undoes"],
        "id": row["action_id"],
    }


def _by_models(console: Console) -> list[Decision]:
    """Decisions on models by Weir itself and by the command line, the newest first."""
    ledger = console.installation.ledger
    if ledger is None:
        return []
    with console.installation.lock:
        return sorted(ledger.decisions.values(), key=lambda one: -one.decided_at)[:20]


ROUTES: tuple[BaseRoute, ...] = (page("/audit", audit, "export"),)
