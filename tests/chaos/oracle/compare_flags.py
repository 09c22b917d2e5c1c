"""Flags of heuristics, where every other stage is in shadow, against the session records that they were made of.

Evidence is 1 - product of (1 - weight) over a session's patterns and the rules that hold for it, of each group the
strongest alone; 0.5 is `review`, 0.7 `throttle`, 0.9 `block`. A flag
goes out when verdict or reasons changed; a first `allow` is silent. A session that was merged away has none.

Silences: evidence is rounded to nine decimals; a pattern without a known weight is no reason; reasons are compared by
id and version, and another version alone is no news.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.chaos.oracle.compare_values import parsed
from tests.chaos.oracle.records import Record
from tests.chaos.oracle.rule_book import RuleBook

THRESHOLDS = ((0.9, "block"), (0.7, "throttle"), (0.5, "review"))
Reasons = tuple[tuple[str, str], ...]
Essence = tuple[str, int, str, Reasons]
"""Session, revision, verdict and reasons."""


def flag_differences(sessions: Iterable[Record], flags: Iterable[Record], book: RuleBook) -> Iterator[str]:
    """What is missing, twice or unexplained."""
    due = set(_due(sessions, book))
    found: set[Essence] = set()
    for record in flags:
        flag = _essence(parsed(record) or {})
        name = f"flag {record.place}, {flag[2]} of session {flag[0]} in revision {flag[1]}"
        if flag in found:
            yield f"Twice: {name}."
        elif flag not in due:
            yield f"Unexplained: {name}: its session has no such news."
        found.add(flag)
    for session, revision, verdict, _ in sorted(due - found):
        yield f"Missing: the flag {verdict} of session {session} in revision {revision}."


def _due(sessions: Iterable[Record], book: RuleBook) -> Iterator[Essence]:
    told: dict[str, tuple[str, tuple[str, ...]]] = defaultdict(lambda: ("allow", ()))
    for record in sessions:
        session = parsed(record) or {}
        if session.get("merged_into") is None:
            essence = _judged(session, book)
            news = (essence[2], tuple(pattern for pattern, _ in essence[3]))
            if news != told[essence[0]]:
                told[essence[0]] = news
                yield essence
        if session.get("final"):
            told.pop(str(session.get("session_id")), None)


def _judged(session: Mapping[str, Any], book: RuleBook) -> Essence:
    signs = list(book.signs(session))
    known = sorted((name, version) for name, version, _, _ in signs)
    evidence = book.evidence(signs)
    verdict = next((name for threshold, name in THRESHOLDS if evidence >= threshold), "allow")
    return session["session_id"], session["revision"], verdict, tuple(known) if verdict != "allow" else ()


def _essence(flag: Mapping[str, Any]) -> Essence:
    reasons = tuple(sorted((str(one.get("id")), str(one.get("version"))) for one in flag.get("reasons", ())))
    return str(flag.get("session_id")), int(flag.get("revision", 0)), str(flag.get("verdict")), reasons
