"""Compares another version of a pack with the packs in force, on the newest sessions of the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from rules.heuristics.judging import collect_evidence
from rules.heuristics.patterns import Patterns
from rules.heuristics.simulate import HeuristicVerdictChange
from streams.packs.library import PackLibrary
from weir.console.judged import decoded, newest
from weir.console.store.looking import event_in, events_of
from weir.console.store.reading import StoreReader
from weir.contracts import Event, Session
from weir.contracts.session import PatternHits
from weir.errors import UsageError

MOST_SESSIONS = 1_000


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The verdicts that would change."""

    sessions: int
    changes: Sequence[HeuristicVerdictChange]
    verdicts: Mapping[tuple[str, str], int]
    """Verdict before and after, to how many sessions."""
    changed_patterns: int
    """Patterns that differ in that version, or are in only one of the two versions."""
    whole: int
    """Sessions of which the store has all events; only where there are changed patterns this matters."""


def prepared(store: StoreReader, library: PackLibrary, pack: str, version: str) -> Callable[[], WhatIf]:
    """Reads the store, and returns a function that compares without reading it.

    Raises:
        UsageError: there is no such version.
    """
    if version not in library.known(pack):
        raise UsageError(f"There is no version {version} of a pack {pack}.", "The page Rules lists the versions.")
    before = library.current
    after = library.get({**before.versions, pack: version})
    if not isinstance(after, Patterns):
        raise UsageError(f"Version {version} of {pack} can't be read here.", "See the workers' log for the reason.")
    changed = _changed(before, after)
    sessions = decoded(newest(store, MOST_SESSIONS))
    events = {one.session_id: _events(store, one) if changed else [] for one in sessions}
    return lambda: compare(sessions, events, before, after)


def compare(
    sessions: Sequence[Session], events: Mapping[str, Sequence[Event]], before: Patterns, after: Patterns
) -> WhatIf:
    """Judges sessions by two sets of packs.

    The hits of patterns that are the same in both are taken from the session's record. Changed and new patterns are
    matched on the events again.
    """
    changed = _changed(before, after)
    changes: list[HeuristicVerdictChange] = []
    verdicts: Counter[tuple[str, str]] = Counter()
    whole = 0
    for session in sessions:
        known = events.get(session.session_id, ())
        whole += len(known) >= session.events
        other = cast("Session", _Otherwise(session, _hits(session, known, after, changed))) if changed else session
        before_edit, after_edit = collect_evidence(session, before), collect_evidence(other, after)
        verdicts[before_edit.verdict, after_edit.verdict] += 1
        if before_edit.verdict != after_edit.verdict:
            differing = {sign.id for sign in before_edit.signs} ^ {sign.id for sign in after_edit.signs}
            changes.append(
                HeuristicVerdictChange(
                    session.session_id,
                    session.visitor_id,
                    before_edit.verdict,
                    after_edit.verdict,
                    tuple(sorted(differing)),
                    (),
                )
            )
    return WhatIf(len(sessions), changes, verdicts, len(changed), whole)


def _changed(before: Patterns, after: Patterns) -> frozenset[str]:
    """Ids of patterns that differ."""
    return frozenset(name for name in {*before.ids, *after.ids} if _reads(before, name) != _reads(after, name))


def _reads(patterns: Patterns, name: str) -> tuple[str, str] | None:
    info = patterns.find(name)
    return (info.field, patterns.regex(name)) if info is not None else None


def _hits(
    session: Session, events: Sequence[Event], patterns: Patterns, changed: frozenset[str]
) -> Mapping[str, PatternHits]:
    kept = {name: hits for name, hits in session.heuristics.items() if name not in changed}
    found = Counter(name for event in events for name in patterns.match(event) if name in changed)
    anew = {
        name: PatternHits.model_construct(hits=hits, version=patterns.info(name).version)
        for name, hits in found.items()
    }
    return kept | anew


def _events(store: StoreReader, session: Session) -> list[Event]:
    rows = events_of(store, session.visitor_id, session.start, session.end)
    return [event for row in rows if (event := event_in(row)) is not None]


class _Otherwise:
    """A session with other matches."""

    __slots__ = ("_session", "heuristics")

    def __init__(self, session: Session, heuristics: Mapping[str, PatternHits]) -> None:
        self._session = session
        self.heuristics = heuristics

    def __getattr__(self, name: str) -> object:
        return getattr(self._session, name)
