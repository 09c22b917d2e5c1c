"""Flags of heuristics and people, every other stage being in shadow, against sessions and answers.

Evidence is 1 - product of (1 - weight) over a session's patterns and the rules that hold for it, of each group the
strongest alone; 0.5 is `review`, 0.7 `throttle`, 0.9 `block`. A flag
goes out when verdict or reasons changed; a first `allow` is silent. A session that was merged away has none.

When people's answers meet a session is not promised. So of visitors whom somebody spoke of, a flag need not be due: one
of people's must tell a decision about its visitor, and none that is milder than heuristics; any other must tell what
heuristics make of its revision. The same flag may come again when people changed their mind, but not twice in a row.

Silences: evidence is rounded to nine decimals; a pattern without a known weight is no reason; reasons are compared by
id and version, and another version alone is no news.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tests.chaos.oracle.answering import Decision, VisitorAnswers
from tests.chaos.oracle.compare_values import parsed
from tests.chaos.oracle.records import Record
from tests.chaos.oracle.rule_book import RuleBook

STRENGTH = ("allow", "review", "throttle", "block")
THRESHOLDS = ((0.9, "block"), (0.7, "throttle"), (0.5, "review"))
Reasons = tuple[tuple[str, str], ...]
Essence = tuple[str, int, str, Reasons]
"""Session, revision, verdict and reasons."""


class Spoken(NamedTuple):
    """What flags may show of a visitor whom somebody spoke of: little beside all that was said."""

    changes: int
    """How often decisions changed."""
    decisions: frozenset[Decision]
    """Every one that there may have been."""


def spoken_of(answers: Mapping[str, VisitorAnswers]) -> dict[str, Spoken]:
    """The visitors whom somebody spoke of."""
    return {
        visitor: Spoken(one.changes, frozenset(one.all_possible()))
        for visitor, one in answers.items()
        if one.is_spoken_of
    }


def flag_differences(
    sessions: Iterable[Record], flags: Iterable[Record], book: RuleBook, spoken: Mapping[str, Spoken]
) -> Iterator[str]:
    """What is missing, twice or unexplained."""
    quiet: list[Record] = []
    heard: list[Record] = []
    for record in sessions:
        (heard if (parsed(record) or {}).get("visitor_id") in spoken else quiet).append(record)
    due = set(_due(quiet, book))
    of_the_spoken: list[tuple[Record, dict[str, Any]]] = []
    found: set[Essence] = set()
    for record in flags:
        fields = parsed(record) or {}
        if fields.get("visitor_id") in spoken:
            of_the_spoken.append((record, fields))
            continue
        flag = _essence(fields)
        name = _name(record, fields)
        if flag in found:
            yield f"Twice: {name}."
        elif flag not in due or fields.get("stage") == "people":
            yield f"Unexplained: {name}: its session has no such news."
        found.add(flag)
    for session, revision, verdict, _ in sorted(due - found):
        yield f"Missing: the flag {verdict} of session {session} in revision {revision}."
    yield from _repeated(of_the_spoken, spoken)
    yield from _of_the_spoken(of_the_spoken, spoken, heard, book)


def _repeated(flags: Iterable[tuple[Record, dict[str, Any]]], spoken: Mapping[str, Spoken]) -> Iterator[str]:
    last: dict[str, str] = {}
    times: Counter[str] = Counter()
    for record, fields in flags:
        session, own = str(fields.get("session_id")), str(fields.get("flag_id"))
        times[own] += 1
        if last.get(session) == own:
            yield f"Twice: {_name(record, fields)}."
        elif times[own] > 1 + spoken[str(fields["visitor_id"])].changes:
            yield f"Twice: {_name(record, fields)}: more often than people changed their mind."
        last[session] = own


def _of_the_spoken(
    flags: Collection[tuple[Record, dict[str, Any]]],
    spoken: Mapping[str, Spoken],
    sessions: Iterable[Record],
    book: RuleBook,
) -> Iterator[str]:
    judged: dict[tuple[str, int], set[Essence]] = defaultdict(set)
    for record in sessions:
        session = parsed(record) or {}
        if session.get("merged_into") is None:
            essence = _judged(session, book)
            judged[essence[:2]].add(essence)
    for record, fields in flags:
        flag, name = _essence(fields), _name(record, fields)
        essences = judged[flag[:2]]
        if not essences:
            yield f"Unexplained: {name}: there is no such revision."
        elif fields.get("stage") != "people":
            if flag not in essences:
                yield f"Wrong: {name}: heuristics make something else of its revision."
        else:
            of_heuristics = min((one[2] for one in essences), key=STRENGTH.index)
            yield from _of_people(name, fields, spoken[str(fields["visitor_id"])].decisions, of_heuristics)


def _of_people(
    name: str, flag: Mapping[str, Any], decisions: Collection[Decision], of_heuristics: str
) -> Iterator[str]:
    given = [one["answer"] for one in flag.get("reasons", ()) if one.get("answer")]
    if len(given) != 1 or len(flag["reasons"]) != 1:
        yield f"Wrong: {name} has {len(given)} answers among its {len(flag.get('reasons', ()))} reasons, not one alone."
        return
    label, verdict, source, ts, until = (given[0].get(part) for part in ("label", "verdict", "source", "ts", "until"))
    if (label, verdict, source, ts, until) not in decisions:
        yield f"Unexplained: {name}: the answer of {source} at {ts} never stood."
    if (flag.get("verdict"), flag.get("until")) != (verdict, until):
        yield f"Wrong: {name}: its answer says {verdict} until {until}."
    if label == "bad" and STRENGTH.index(str(verdict)) < STRENGTH.index(of_heuristics):
        yield f"Wrong: {name} is milder than the {of_heuristics} of heuristics."


def _name(record: Record, fields: Mapping[str, Any]) -> str:
    verdict, session, revision = (fields.get(part) for part in ("verdict", "session_id", "revision"))
    return f"flag {record.place}, {verdict} of session {session} in revision {revision}"


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
