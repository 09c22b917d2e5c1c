"""Queues of review questions: the next session of each, and its reservation for a reviewer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from weir.console.store.reading import Row, StoreReader
from weir.console.store.schema import unpacked
from weir.console.store.search import Search, conditions, source
from weir.contracts import Action
from weir.contracts.fast import decoder
from weir.errors import UsageError

log = logging.getLogger("weir.console")
LEASE_S = 300.0
"""Time for which a question is reserved for one reviewer."""
COUNTED = 1_000
"""Questions of a queue that are counted; beyond it the page says "more than"."""
REPORTS_S = 86_400.0
_AT_ONCE = 60
_read_action = decoder(Action)
_NOT_MINE = (
    " AND NOT EXISTS (SELECT 1 FROM actions a WHERE a.session_id = {id} AND a.who = :who"
    " AND a.kind IN ('skip', 'unsure') AND a.undone = 0)"
)


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue: its name in addresses, its title, and what is in it."""

    name: str
    title: str
    help: str
    search: Search | None = None
    """The search of a saved queue; None for others."""


BUILT_IN = (
    Queue("all", "All questions", "Contradictions first, then reports, doubts, unusual sessions and the sample."),
    Queue("conflict", "Contradictions", "Two people gave opposite labels."),
    Queue("reports", "Reports", "Visitors who were reported by others."),
    Queue("unsure", "Not confident", "The verdict is review, or the model's score is near the middle."),
    Queue("novel", "Unusual", "Unlike the sessions before them."),
    Queue("random", "Random", "A random sample, from which the share of missed abuse is estimated."),
    Queue("open", "Flagged now", "Sessions that are still open and flagged: an answer acts at once."),
)
_IN_ORDER = ("conflict", "reports", "unsure", "novel", "random")


@dataclass(frozen=True, slots=True)
class Question:
    """A session that a person is asked about."""

    session_id: str
    visitor: str
    why: str
    score: float | None


class Leases:
    """Reservations of questions by users of this console; the time is passed in."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def take(self, candidates: Iterable[Question], holder: str, now_s: float) -> Question | None:
        """Reserves the first question that no other user has reserved, and releases the holder's other questions.

        A question that the holder has reserved comes first, so that a page that is loaded again shows the same one.
        """
        with self._lock:
            self._held = {name: held for name, held in self._held.items() if held[1] > now_s}
            listed = list(candidates)
            mine = [one for one in listed if self._held.get(one.session_id, ("", 0.0))[0] == holder]
            free = [one for one in listed if one.session_id not in self._held]
            chosen = next(iter((*mine, *free)), None)
            for name in [name for name, (who, _) in self._held.items() if who == holder]:
                del self._held[name]
            if chosen is not None:
                self._held[chosen.session_id] = (holder, now_s + LEASE_S)
            return chosen

    def give_back(self, session_id: str, holder: str) -> None:
        """Releases a question, if it is the holder's."""
        with self._lock:
            if self._held.get(session_id, ("", 0.0))[0] == holder:
                del self._held[session_id]


def queue_of(store: StoreReader, name: str) -> Queue | None:
    """The queue of this name; None if there is none."""
    return next((queue for queue in (*BUILT_IN, *saved(store)) if queue.name == name), None)


def saved(store: StoreReader) -> list[Queue]:
    """Searches that were saved as queues, the oldest first."""
    found: dict[str, Queue] = {}
    for row in store.rows("SELECT kind, body FROM actions WHERE kind IN ('save_queue', 'remove_queue') ORDER BY at_s"):
        action = _read_action(unpacked(row["body"]))
        title = str(action.details.get("name", ""))
        name = f"saved-{title}"
        if row["kind"] == "remove_queue":
            found.pop(name, None)
            continue
        query = action.details.get("search")
        given: Mapping[str, str] = (
            {str(key): str(value) for key, value in query.items()} if isinstance(query, dict) else {}
        )
        try:
            found[name] = Queue(name, title, f"Saved by {action.who}.", Search.of(given))
        except UsageError:  # one bad queue must not remove the others
            log.warning("skipped the saved queue %r: its search is not valid", title)
    return list(found.values())


def candidates(store: StoreReader, queue: Queue, who: str, now_s: float, at_most: int = _AT_ONCE) -> list[Question]:
    """The queue's questions for a person, the most useful first, without those that the person answered or skipped."""
    names = _IN_ORDER if queue.name == "all" else (queue.name,)
    found: dict[str, Question] = {}
    for name in names:
        sql, parameters = _sql(store, queue, name, now_s)
        for row in store.rows(f"{sql} LIMIT {at_most}", parameters | {"who": who}):
            found.setdefault(row["session_id"], _question(row, name))
        if len(found) >= at_most:
            break
    return list(found.values())[:at_most]


def count(store: StoreReader, queue: Queue, who: str, now_s: float) -> int:
    """Number of a queue's questions for a person; `COUNTED` + 1 means more than `COUNTED`."""
    return len(candidates(store, queue, who, now_s, COUNTED + 1))


def _question(row: Row, name: str) -> Question:
    return Question(row["session_id"], row["visitor"], row["why"] or name, row["score"])


def _sql(store: StoreReader, queue: Queue, name: str, now_s: float) -> tuple[str, dict[str, object]]:
    if queue.search is not None:
        where, parameters = conditions(store, queue.search)
        asked = " AND ".join((*where, "s.answered = 0"))
        return (
            f"SELECT s.session_id, s.visitor, 'saved' AS why, s.score FROM {source(queue.search)} WHERE {asked}"
            + _NOT_MINE.format(id="s.session_id")
            + " ORDER BY s.end_s DESC",
            dict(parameters),
        )
    if name == "open":
        return (
            "SELECT s.session_id, s.visitor, 'open' AS why, s.score FROM sessions s WHERE s.state = 'open'"
            " AND s.answered = 0 AND s.verdict IN ('review', 'throttle', 'block')"
            + _NOT_MINE.format(id="s.session_id")
            + " ORDER BY s.end_s DESC",
            {},
        )
    if name == "reports":
        return (
            "SELECT s.session_id, s.visitor, 'reports' AS why, s.score FROM"
            " (SELECT visitor, count(DISTINCT source) AS reporters, max(told_s) AS newest FROM labels"
            " WHERE told_s >= :since AND source LIKE 'report:%' GROUP BY visitor) r JOIN sessions s ON s.n ="
            " (SELECT n FROM sessions WHERE visitor = r.visitor AND state != 'merged' ORDER BY end_s DESC LIMIT 1)"
            " WHERE s.answered = 0" + _NOT_MINE.format(id="s.session_id") + " ORDER BY r.reporters DESC, r.newest DESC",
            {"since": now_s - REPORTS_S},
        )
    return (
        "SELECT q.session_id, q.visitor, q.why, q.score FROM questions q JOIN sessions s"
        " ON s.session_id = q.session_id AND s.state != 'merged' WHERE q.answered = 0 AND q.why = :why"
        + _NOT_MINE.format(id="q.session_id")
        + " ORDER BY q.doubt, q.told_s DESC",
        {"why": name},
    )
