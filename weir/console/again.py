"""Repeats a decision by the versions that its flag names."""

from __future__ import annotations

from rules.heuristics.patterns import Patterns
from rules.people import evidence_of
from streams.score.rejudge import Rejudgement, RuleVersions, rejudge
from weir.console.context import Console
from weir.console.store.looking import SessionSeen, read_session
from weir.console.store.schema import unpacked
from weir.contracts import Session
from weir.contracts.model_record import Snapshot
from weir.errors import WorkError


def decide_again(console: Console, seen: SessionSeen) -> Rejudgement:
    """Judges the revision of a session's newest flag anew.

    Raises:
        WorkError: a version that the flag names, or the revision, is no longer available.
        UsageError: the model's snapshot is no longer available.
    """
    flag = seen.flags[-1]
    session = _revision(seen, flag.revision)
    snapshot: Snapshot | None = None
    if flag.model is not None:
        ledger = console.installation.ledger
        if ledger is None:
            raise WorkError("WEIR_MODEL_KEY of the console is not set.", "Start it with the workers' WEIR_MODEL_KEY.")
        with console.installation.lock:
            snapshot = ledger.version(flag.model.version)
    return rejudge(flag, session, snapshot, _rules(console, session), seen.flagged_s[-1])


def _revision(seen: SessionSeen, revision: int) -> Session:
    body = next((row["body"] for row in seen.revisions if row["revision"] == revision), None)
    if body is not None:
        return read_session(unpacked(body))
    if seen.record is not None and seen.record.revision == revision:
        return seen.record
    raise WorkError(
        f"The store no longer has revision {revision} of this session.",
        "`weir models replay` reads it from its topic.",
    )


def _rules(console: Console, session: Session) -> RuleVersions:
    resources = console.installation.resources
    versions = dict(resources.patterns.versions)
    for name, hits in session.heuristics.items():
        info = resources.patterns.find(name)
        if info is not None:
            versions[info.pack] = hits.version
    patterns = resources.library.get(versions)
    if not isinstance(patterns, Patterns):
        raise WorkError(
            "A pack of patterns is not available in the version that the session names.", "Put its file back."
        )
    settings = console.settings
    return RuleVersions(
        patterns, resources.budgets, resources.business, settings.shadow, evidence_of(settings.answer_yields_to)
    )
