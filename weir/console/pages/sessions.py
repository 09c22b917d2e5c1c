"""Pages of the search, of a visitor, and of a session with the reasons of its verdict."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response
from starlette.routing import BaseRoute

from models.serving.champion import Scorer
from rules.heuristics.explain import texts_of
from streams.score.rejudge import Rejudgement
from weir.console.again import decide_again
from weir.console.context import Console
from weir.console.pages.shared import Visit, as_csv, as_json, page, render
from weir.console.store.looking import SessionSeen, as_object, event_in, events_of, session_of, visitor_of
from weir.console.store.search import STAGES, STATES, VERDICTS, Search, find
from weir.console.why import ExplainedMatch, Push, matches, pushes, texts_of_session
from weir.contracts import Event
from weir.errors import UsageError, WeirError

GRACE_S = 1.0
"""Seconds around a session within which events are shown with it, since clocks differ."""


def search(console: Console, visit: Visit) -> Response:
    """Sessions that match, with facets."""
    wanted = Search.of(visit.query)
    found = find(console.store, wanted, visit.query.get("after", ""))
    rows = [{key: row[key] for key in row.keys()} for row in found.rows]  # noqa: SIM118 -- sqlite3.Row iterates over values
    if visit.query.get("format") == "csv":
        columns = (
            "session_id",
            "visitor",
            "end_s",
            "state",
            "events",
            "verdict",
            "stage",
            "score",
            "address",
            "agent",
            "path",
        )
        return as_csv([columns, *([row[name] for name in columns] for row in rows)], "sessions.csv")
    if visit.wants_json:
        return as_json({"sessions": rows, "matching": found.number, "more": found.is_more, "facets": found.facets})
    return render(
        console, visit, "search.html", search=wanted, found=found, verdicts=VERDICTS, stages=STAGES, states=STATES
    )


def visitor(console: Console, visit: Visit) -> Response:
    """One visitor."""
    name = visit.query.get("id", "")
    seen = visitor_of(console.store, name)
    if seen is None:
        return _unknown(console, visit, f"Nothing is known of a visitor {name!r}.")
    if visit.wants_json:
        hidden = {"body"}
        return as_json(
            {
                "visitor": name,
                "verdict": seen.row["verdict"] if seen.row is not None else None,
                "answers": msgspec.to_builtins(seen.answers) if seen.answers is not None else None,
            }
            | {
                kind: [{key: row[key] for key in row.keys() if key not in hidden} for row in rows]  # noqa: SIM118 -- as above
                for kind, rows in (
                    ("sessions", seen.sessions),
                    ("flags", seen.flags),
                    ("labels", seen.labels),
                    ("limits", seen.limits),
                )
            }
        )
    events = events_of(console.store, name, 0, 1e12)
    return render(console, visit, "visitor.html", seen=seen, events=[(row, event_in(row)) for row in events])


def session(console: Console, visit: Visit) -> Response:
    """One session."""
    name = visit.query.get("id", "")
    seen = session_of(console.store, name)
    if seen is None:
        return _unknown(console, visit, f"Nothing is known of a session {name!r}.")
    if visit.wants_json:
        return as_json(as_object(seen))
    return render(console, visit, "session.html", **shown(console, seen))


def shown(console: Console, seen: SessionSeen) -> dict[str, Any]:
    """The values of a session that pages show."""
    row = seen.row
    found = events_of(console.store, row["visitor"], row["start_s"] - GRACE_S, row["end_s"] + GRACE_S)
    events = [(one, event_in(one)) for one in found]
    whole = [event for _, event in events if event is not None]
    scorer = console.installation.champion.scorer_for(row["visitor"])
    return {
        "seen": seen,
        "row": row,
        "record": seen.record,
        "events": events,
        "matches": _matches(console, seen, whole),
        "pushes": _pushes(scorer, seen),
        "scorer": scorer,
        "newest": seen.flags[-1] if seen.flags else None,
    }


def again(console: Console, visit: Visit) -> Response:
    """Repeats the newest decision on a session."""
    name = visit.query.get("id", "")
    seen = session_of(console.store, name)
    if seen is None or not seen.flags:
        return _unknown(console, visit, f"No decision on a session {name!r} is known.")
    outcome: Rejudgement | None = None
    problem = ""
    try:
        outcome = decide_again(console, seen)
    except WeirError as error:
        problem = str(error)
    if visit.wants_json:
        return as_json({"same": outcome is not None and not outcome.differences, "problem": problem or None})
    return render(console, visit, "again.html", seen=seen, flag=seen.flags[-1], outcome=outcome, problem=problem)


def _matches(console: Console, seen: SessionSeen, events: list[Event]) -> list[ExplainedMatch]:
    patterns = console.installation.patterns
    texts = [text for event in events for text in texts_of(event)]
    if not texts and seen.record is not None:
        texts = texts_of_session(seen.record)
    return matches(patterns, dict.fromkeys(texts))


def _pushes(scorer: Scorer | None, seen: SessionSeen) -> list[Push]:
    return pushes(scorer, seen.record) if scorer is not None and seen.record is not None else []


def _unknown(console: Console, visit: Visit, what: str) -> Response:
    hint = f"The store keeps sessions for {console.settings.console_days:g} days. `weir show` looks into the topics."
    if visit.wants_json:
        raise UsageError(what, hint)
    return render(console, visit, "error.html", 404, title=what, hint=hint)


ROUTES: tuple[BaseRoute, ...] = (
    page("/sessions", search),
    page("/visitor", visitor),
    page("/session", session),
    page("/session/again", again),
)
