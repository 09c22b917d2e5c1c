"""Answering questions: one session at a time, with undo, and the answers' effect."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from weir.console.answers import (
    CATEGORIES,
    Effect,
    action_of,
    effect_of,
    label_of,
    mine,
    stands,
    undo_of,
    undoable,
)
from weir.console.context import Console
from weir.console.pages.sessions import shown
from weir.console.pages.shared import Visit, action_id_of, as_json, clean, new_action_id, page, render, see_other
from weir.console.pages.writing import write
from weir.console.queues import BUILT_IN, COUNTED, Queue, candidates, count, queue_of, saved
from weir.console.store.looking import session_of
from weir.console.store.search import Search
from weir.contracts import Action
from weir.contracts.label import is_trusted
from weir.errors import UsageError


def review(console: Console, visit: Visit) -> Response:
    """The next question of a queue."""
    queue = _queue(console, visit.query.get("queue", "all"))
    who, now_s = visit.person.name, console.clock()
    wanted = visit.query.get("session")
    listed = candidates(console.store, queue, who, now_s)
    question = console.leases.take(listed, _holder(visit), now_s) if not wanted else None
    session_id = wanted or (question.session_id if question is not None else "")
    seen = session_of(console.store, session_id) if session_id else None
    values: dict[str, Any] = shown(console, seen) if seen is not None else {}
    return render(
        console,
        visit,
        "review.html",
        queue=queue,
        queues=[(one, count(console.store, one, who, now_s)) for one in (*BUILT_IN, *saved(console.store))],
        counted=COUNTED,
        question=question,
        why=question.why if question is not None else "",
        action_id=new_action_id(),
        categories=CATEGORIES,
        policy=console.policy,
        effect=_effect(console, who),
        mine=mine(console.store, who),
        trusted=is_trusted(who, console.settings.human_sources),
        did=visit.query.get("did", ""),
        **values,
    )


def answer(console: Console, visit: Visit) -> Response:
    """Writes an answer: label and action are on their topics before the next question is shown."""
    form = visit.form
    session_id, kind = form.get("session", ""), form.get("kind", "")
    seen = session_of(console.store, session_id)
    if seen is None:
        raise UsageError("The console's store does not have this session.", "Continue with the next question.")
    rules = [reason.id for reason in seen.flags[-1].reasons] if seen.flags else []
    action = action_of(
        action_id=action_id_of(form),
        now_s=console.clock(),
        who=visit.person.name,
        kind=kind,
        session_id=session_id,
        visitor=seen.row["visitor"],
        category=clean(form.get("category", "")),
        why=clean(form.get("why", "")),
        queue=form.get("queue", ""),
        rules=rules,
    )
    write(console, action, [label_of(action)] if action.kind == "answer" else [])
    console.leases.give_back(session_id, _holder(visit))
    return _done(visit, form, action)


def undo(console: Console, visit: Visit) -> Response:
    """Undoes an answer, a skip or an "unsure", on this page or from the log of actions."""
    form = visit.form
    row = undoable(console.store, form.get("undoes", ""), visit.person)
    action = undo_of(
        row,
        action_id=action_id_of(form),
        now_s=console.clock(),
        who=visit.person.name,
        why=clean(form.get("why", "")),
    )
    withdraws = row["kind"] == "answer" and stands(console.store, row)
    write(console, action, [label_of(action, source=row["who"])] if withdraws else [])
    return _done(visit, form, action)


def save_queue(console: Console, visit: Visit) -> Response:
    """Saves a search as a queue, or removes a saved queue."""
    form = visit.form
    name = clean(form.get("name", ""))[:80]
    if not name:
        raise UsageError("The queue has no name.", "Give it one, such as `scrapers of /search`.")
    removes = form.get("kind") == "remove_queue"
    search = Search.of({} if removes else dict(form))
    if not removes and not search.asked:
        raise UsageError("This search has no filter.", "Filter sessions first, then keep the search.")
    action = Action(
        action_id=action_id_of(form),
        at=console.clock(),
        who=visit.person.name,
        kind="remove_queue" if removes else "save_queue",
        why=clean(form.get("why", "")),
        details={"name": name} if removes else {"name": name, "search": search.asked},
    )
    write(console, action, [])
    return see_other("/review", queue="all" if removes else f"saved-{name}")


def _done(visit: Visit, form: Any, action: Action) -> Response:  # noqa: ANN401 -- a mapping
    if visit.wants_json:
        return as_json({"done": action.action_id})
    back = form.get("back", "")
    if back in {"/audit", "/session"}:
        return see_other(back, **({"id": action.session_id or ""} if back == "/session" else {}))
    return see_other("/review", queue=form.get("queue", "") or "all", did=action.action_id)


def _queue(console: Console, name: str) -> Queue:
    queue = queue_of(console.store, name)
    if queue is None:
        raise UsageError(f"There is no queue {name}.", "It may have been removed: choose another one.")
    return queue


def _holder(visit: Visit) -> str:
    return f"{visit.person.name} {visit.ticket.browser}"


def _effect(console: Console, who: str) -> Effect:
    return effect_of(console.store, console.installation, who, console.clock())


ROUTES: tuple[BaseRoute, ...] = (
    page("/review", review, "answer"),
    page("/review/answer", answer, "answer", methods=("POST",)),
    page("/review/undo", undo, "undo", methods=("POST",)),
    page("/review/queues", save_queue, "save_queue", methods=("POST",)),
)
