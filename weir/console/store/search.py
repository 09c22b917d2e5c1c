"""Finds sessions: by id, address, account, a part of a URL's path or of a user agent, reason, verdict, time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlencode, urlsplit

from weir.console.store.reading import Row, StoreReader
from weir.errors import UsageError
from weir.times import BadTimeError, to_epoch_s

PAGE = 50
"""Rows a page has at most."""
COUNTED = 500
"""Matches that are counted; beyond it the page says "more than"."""
MOST_TEXTS = 300
RARE = 10_000
"""Sessions up to which those with a part of a text are looked up; beyond it the latest sessions are looked through."""
LONGEST_NUMBER = 18
"""Digits of a row's number: what is longer is none, and SQLite takes it for none either."""
SHORTEST_PART = 3
"""Characters that a part of a text must have: shorter ones are in too many."""
COLUMNS = (
    "s.n, s.session_id, s.visitor, s.start_s, s.end_s, s.state, s.events, s.verdict, s.stage, s.score, s.unusual,"
    " s.address, s.account, (SELECT text FROM texts WHERE id = s.agent) AS agent,"
    " (SELECT text FROM texts WHERE id = s.path) AS path"
)
VERDICTS = ("block", "throttle", "review", "allow")
STAGES = ("rate_limit", "heuristics", "model", "people", "business_rule")
KINDS = ("verdict", "stage", "state", "reason")
"""What sessions are counted by."""
MOST_VALUES = 12
STATES = ("open", "closed", "split", "merged")


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for; empty fields restrict nothing. It is also the address of its page, and a saved queue."""

    q: str = ""
    """An id, an address, an account, or a part of a path or a user agent."""
    verdict: str = ""
    stage: str = ""
    reason: str = ""
    state: str = ""
    since: str = ""
    """ISO 8601 or seconds; sessions that end then or later."""
    until: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Search:
        """What a query string asks for.

        Raises:
            UsageError: a time is none.
        """
        given = {one.name: query.get(one.name, "").strip()[:512] for one in fields(cls)}
        for name in ("since", "until"):
            moment(given[name])
        return cls(**given)

    def without(self, name: str) -> Search:
        """The same, with one field empty."""
        return self.with_(name, "")

    def with_(self, name: str, value: str) -> Search:
        """The same, with one field set."""
        return Search(**{one.name: value if one.name == name else getattr(self, one.name) for one in fields(self)})

    @property
    def query(self) -> str:
        """As a query string."""
        return urlencode({one.name: value for one in fields(self) if (value := getattr(self, one.name))})

    @property
    def asked(self) -> dict[str, str]:
        """The fields that are set."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name))}


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of what was found."""

    rows: list[Row]
    number: int
    """Matches counted, at most `COUNTED`; without a search all sessions."""
    is_more: bool
    """Whether there are more than were counted."""
    next_page: str | None
    """Where the next page begins; None on the last."""
    facets: dict[str, list[tuple[str, int]]] = field(default_factory=dict)


def find(store: StoreReader, search: Search, after: str = "") -> SearchPage:
    """A page of sessions, the latest first."""
    where, parameters = conditions(store, search)
    order = _order(search)
    cut = _cut(after)
    if cut is not None:
        where = [*where, f"({order}, s.n) < (:cut_s, :cut_n)"]
        parameters = parameters | {"cut_s": cut[0], "cut_n": cut[1]}
    rows = store.rows(
        f"SELECT {COLUMNS}, {order} AS sort_s FROM {source(search)} {_where(where)}"
        f" ORDER BY {order} DESC, s.n DESC LIMIT {PAGE + 1}",
        parameters,
    )
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    next_page = f"{last['sort_s']!r},{last['n']}" if last is not None else None
    if not search.asked:
        number = store.number("SELECT sum(number) FROM facets WHERE kind = 'state'")
        return SearchPage(rows[:PAGE], number, is_more=False, next_page=next_page, facets=_all_facets(store))
    where, parameters = conditions(store, search)
    matching = store.rows(
        f"SELECT s.session_id, s.verdict, s.stage, s.state FROM {source(search)} {_where(where)}"
        f" ORDER BY {order} DESC LIMIT {COUNTED + 1}",
        parameters,
    )
    is_more = len(matching) > COUNTED
    return SearchPage(
        rows[:PAGE], min(len(matching), COUNTED), is_more, next_page, _facets_of(store, matching[:COUNTED])
    )


def _all_facets(store: StoreReader) -> dict[str, list[tuple[str, int]]]:
    """How many sessions have each verdict, stage, reason and state: counted while writing."""
    rows = store.rows("SELECT kind, value, number FROM facets WHERE number > 0 ORDER BY number DESC")
    return {
        kind: [(row["value"], row["number"]) for row in rows if row["kind"] == kind][:MOST_VALUES] for kind in KINDS
    }


def _facets_of(store: StoreReader, matching: list[Row]) -> dict[str, list[tuple[str, int]]]:
    """The same of some sessions."""
    found = {kind: Counter(row[kind] for row in matching if row[kind]).most_common(MOST_VALUES) for kind in KINDS[:-1]}
    marks = ", ".join("?" * len(matching))
    rows = store.rows(
        f"SELECT reason, count(*) AS number FROM reasons WHERE session_id IN ({marks})"
        f" GROUP BY 1 ORDER BY 2 DESC LIMIT {MOST_VALUES}",
        [row["session_id"] for row in matching],
    )
    return found | {"reason": [(row["reason"], row["number"]) for row in rows]}


def conditions(store: StoreReader, search: Search) -> tuple[list[str], dict[str, Any]]:
    """The search as SQL over sessions `s` (and reasons `r`, where it names one), and its parameters."""
    where: list[str] = []
    parameters: dict[str, Any] = {}
    for name in ("verdict", "stage", "state"):
        if value := getattr(search, name):
            # Written literally, since the partial index has these alone.
            where.append(f"s.{name} = :{name}" + (f" AND s.{name} != ''" if name != "state" else ""))
            parameters[name] = value
    if search.reason:
        where.append("r.reason = :reason")
        parameters["reason"] = search.reason
    for name, sign in (("since", ">="), ("until", "<")):
        at_s = moment(getattr(search, name))
        if at_s is not None:
            where.append(f"s.end_s {sign} :{name}")
            parameters[name] = at_s
    if search.q:
        condition, more = _matches(store, search.q)
        where.append(condition)
        parameters |= more
    return where, parameters


def _matches(store: StoreReader, q: str) -> tuple[str, dict[str, Any]]:
    """What a person typed: an exact name of something, else a part of a text."""
    exact = (
        ("session_id", "s.session_id = :q"),
        ("visitor", "s.visitor = :q"),
        ("address", "s.address = :q"),
        ("account", "s.account = :q"),
    )
    for column, condition in exact:
        if store.row(f"SELECT 1 FROM sessions WHERE {column} = ? LIMIT 1", (q,)) is not None:
            return condition, {"q": q}
    if "://" in q:
        # A whole address: the store knows its path.
        with suppress(ValueError):  # no URL by its rules, such as half an IPv6 address
            q = urlsplit(q).path
    q = q.partition("?")[0] or q
    if len(q) < SHORTEST_PART:
        return "s.visitor = :q", {"q": q}
    escaped = q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    # The trigram index answers a LIKE without an escape alone.
    found = store.rows(
        "SELECT id, uses FROM texts WHERE id IN (SELECT rowid FROM texts_found WHERE text LIKE ?) LIMIT ?"
        if escaped == q
        else "SELECT id, uses FROM texts WHERE text LIKE ? ESCAPE '\\' LIMIT ?",
        (f"%{escaped}%", MOST_TEXTS),
    )
    if not found:
        return "s.visitor = :q", {"q": q}
    listed = ", ".join(str(row["id"]) for row in found)
    # With a sign before it, a column's index is left alone: SQLite then goes through the latest sessions.
    sign = "" if sum(row["uses"] for row in found) <= RARE else "+"
    return f"({sign}s.path IN ({listed}) OR {sign}s.agent IN ({listed}))", {}


def source(search: Search) -> str:
    """The tables that a search looks at: sessions `s`, and reasons `r` where it names one."""
    # A cross join keeps SQLite from going the other way, through all sessions with a verdict.
    return "reasons r CROSS JOIN sessions s ON s.session_id = r.session_id" if search.reason else "sessions s"


def _order(search: Search) -> str:
    """The columns that order the latest; of a reason, the index beside it."""
    return "r.end_s" if search.reason else "s.end_s"


def _where(conditions: list[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def _cut(after: str) -> tuple[float, int] | None:
    end, _, number = after.partition(",")
    if not (number.isascii() and number.isdigit() and len(number) <= LONGEST_NUMBER):
        return None
    try:
        return float(end), int(number)
    except ValueError:
        return None


def moment(text: str) -> float | None:
    """A time that the user typed, as seconds; None without one.

    Raises:
        UsageError: it is none.
    """
    if not text:
        return None
    is_number = text.isascii() and text.replace(".", "", 1).isdigit()
    try:
        return to_epoch_s(float(text) if is_number else text)
    except BadTimeError as error:
        raise UsageError(f"{text[:80]} is not a time.", "For example: 2026-01-31T09:30:00Z.") from error
