"""`weir models replay`: repeats a decision from its records, to verify that the versions in the flag gave it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

import typer

from models.serving.ledger import Ledger
from rules.heuristics.patterns import Patterns
from rules.people import evidence_of
from streams.score.rejudge import Rejudgement, RuleVersions, rejudge
from streams.stages import Resources
from weir.cli.options import Json, with_settings
from weir.cli.output import print_json, show
from weir.contracts import Flag, Session
from weir.contracts.fast import decoder
from weir.errors import SettingsError, UsageError, WorkError
from weir.kafka.reader import read_all
from weir.settings import Settings
from weir.topics import FLAGS, MODELS, SESSIONS, Topic

Found = TypeVar("Found", Flag, Session)
_read_flag = decoder(Flag)
_read_session = decoder(Session)


@with_settings
def replay(
    settings: Settings,
    *,
    flag: Annotated[str, typer.Argument(help="The flag's id, as `weir tail flags` shows it.")],
    as_json: Json = False,
) -> None:
    """Repeat a decision: the session's revision and the versions that the flag names must give the same flag."""
    published, decided_at = _find(settings, FLAGS, _read_flag, lambda one: one.flag_id == flag, f"flag {flag}")
    revision = (published.session_id, published.revision)
    name = f"revision {published.revision} of session {published.session_id}"
    session, _ = _find(settings, SESSIONS, _read_session, lambda one: (one.session_id, one.revision) == revision, name)
    snapshot = _ledger(settings).version(published.model.version) if published.model else None
    again = rejudge(published, session, snapshot, _rules(settings, session), decided_at)
    _show(published, again, as_json=as_json)


def _find(
    settings: Settings, topic: Topic, read: Callable[[bytes], Found], is_it: Callable[[Found], bool], name: str
) -> tuple[Found, float]:
    for record in read_all(settings, topic):
        if record.value is not None and is_it(found := read(record.value)):
            return found, record.timestamp / 1_000
    topic_name = settings.names.public(topic)
    raise UsageError(f"{topic_name} has no {name}.", "Check the flag's id; retention may have removed the record.")


def _ledger(settings: Settings) -> Ledger:
    if settings.model_key is None:
        raise SettingsError("WEIR_MODEL_KEY is not set, so no model can be verified.", "Set it to the workers' key.")
    ledger = Ledger(settings.model_key.get_secret_value().encode())
    for record in read_all(settings, MODELS):
        ledger.offer(record.key or b"", record.value)
    return ledger


def _rules(settings: Settings, session: Session) -> RuleVersions:
    resources = Resources.from_settings(settings)
    for topic, take in resources.followed:
        for record in read_all(settings, topic):
            take(record.key or b"", record.value)
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
    return RuleVersions(
        patterns, resources.budgets, resources.business, settings.shadow, evidence_of(settings.answer_yields_to)
    )


def _show(published: Flag, again: Rejudgement, *, as_json: bool) -> None:
    row = {"flag": published.flag_id, "same": not again.differences, "differences": again.differences}
    if as_json:
        print_json(row | {"verdict": again.judgement.verdict, "score": again.score})
        return
    reasons = [f"{reason.id} {reason.version}".strip() for reason in again.judgement.reasons]
    shown = {
        "verdict": again.judgement.verdict,
        "stage": again.judgement.stage,
        "reasons": ", ".join(reasons),
        "score": again.score,
        "model": published.model.version if published.model else None,
        "features": again.features_hash,
        "the same": not again.differences,
    }
    show([{"what": name, "value": value} for name, value in shown.items()], ("what", "value"), title=published.flag_id)
    show([{"difference": one} for one in again.differences], ("difference",), empty="Nothing differs.")
