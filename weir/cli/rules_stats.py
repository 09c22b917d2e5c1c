"""`weir rules stats` and `weir rules graduate`: figures of each rule, and the check for taking one out of shadow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer

from rules.heuristics.check import Checked
from rules.heuristics.cost import Costs
from rules.heuristics.graduation import GraduationCriteria, failures, out_of_shadow
from rules.heuristics.pack import Pack, parse_pack
from rules.heuristics.patterns import Patterns
from rules.heuristics.stats import Stats
from streams.intake.files import Inputs
from streams.join.session_labels import SessionLabeller
from streams.packs.topic import read_ledger
from streams.replay.labels import read_labels
from streams.replay.sessions import Sessions
from streams.stages import Resources
from weir.cli.input_files import (
    ALLOWED,
    AllowUnreadable,
    LineFormat,
    LogFormat,
    check_readable,
    lines_of,
    open_inputs,
    say_problems,
)
from weir.cli.options import Json, with_settings
from weir.cli.output import console, print_json, progress, show
from weir.cli.rules_files import packs_of
from weir.cli.rules_publish import By, Why, in_force, put_in_force
from weir.contracts import Label, Session
from weir.contracts.fast import decoder
from weir.errors import UsageError, WorkError
from weir.kafka.reader import read_all
from weir.settings import Settings
from weir.topics import LABELS, SESSIONS, Topic

Logs = Annotated[
    list[str] | None,
    typer.Argument(metavar="[LOG...]", help="Events for the figures; the cluster's sessions unless given."),
]
Labels = Annotated[Path | None, typer.Option("--labels", help="With LOG: human labels, JSON lines.")]
COLUMNS = (
    *("rule", "shadow", "weight", "hits", "sessions", "share", "alone"),
    *("answers", "precision", "answers alone", "marginal precision", "cost µs"),
)
_read_session = decoder(Session)
_read_label = decoder(Label)
_TELL_EVERY = 500
Read = TypeVar("Read", Label, Session)


@with_settings
def stats(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    logs: Logs = None,
    labels: Labels = None,
    line_format: LineFormat = None,
    log_format: LogFormat = None,
    allow_unreadable: AllowUnreadable = ALLOWED,
    silent: Annotated[bool, typer.Option("--silent", help="Rules that never held, too.")] = False,
    as_json: Json = False,
) -> None:
    """Figures of each rule: how often it held, its precision by human labels, its cost.

    `alone` is the number of sessions that only this rule has flagged (in shadow: would have); their precision is the
    rule's marginal precision. Weak labels are not counted.
    """
    _check_call(logs, labels)
    patterns = Patterns(packs_of(settings)) if logs else in_force(settings, read_ledger(settings))
    inputs = open_inputs(logs, line_format, log_format, settings, quiet=as_json) if logs else None
    found = _gather(settings, patterns, inputs, labels, allow_unreadable)
    costs = _costs(patterns)
    rows = [asdict(row) | {"cost_us": costs(row.rule)} for row in found.rows(silent=silent)]
    if as_json:
        for row in rows:
            print_json(row)
        return
    renamed = [
        {key.replace("_", " ").replace("cost us", "cost µs"): value for key, value in row.items()} for row in rows
    ]
    for row in renamed:
        row["share"] = f"{row['share']:.2%}"
    show(renamed, COLUMNS, empty="No rule has held.")
    console().print(f"{found.sessions:,} sessions, {found.answers.number:,} with human labels.")


@with_settings
def graduate(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    rule: Annotated[str, typer.Argument(help="Its id.")],
    logs: Logs = None,
    labels: Labels = None,
    line_format: LineFormat = None,
    log_format: LogFormat = None,
    allow_unreadable: AllowUnreadable = ALLOWED,
    why: Why = "its figures in shadow",
    by: By = None,
    answers: Annotated[int, typer.Option("--min-answers", min=1, help="Number of human labels that are needed.")] = 10,
    precision: Annotated[
        float | None,
        typer.Option(
            "--min-precision", min=0, max=1, help="Least share of labels `bad`; the rule's weight unless given."
        ),
    ] = None,
    share: Annotated[
        float, typer.Option("--max-share", min=0, max=1, help="Greatest share of sessions that only this rule flags.")
    ] = 0.01,
    as_json: Json = False,
) -> None:
    """Take a rule out of the shadow, if its figures allow it: its pack is published anew with `shadow: false`."""
    _check_call(logs, labels)
    ledger = read_ledger(settings)
    patterns = in_force(settings, ledger)
    pack = next((one for one in patterns.packs if rule in _ids(one)), None)
    if pack is None:
        raise UsageError(f"No rule {rule} is in force.", "`weir rules list` shows the packs.")
    text = out_of_shadow(pack, rule)
    inputs = open_inputs(logs, line_format, log_format, settings, quiet=as_json) if logs else None
    found = _gather(settings, patterns, inputs, labels, allow_unreadable)
    weight = next(entry.weight for entry in (*pack.patterns, *pack.rules) if entry.id == rule)
    reasons = list(
        failures(found.tally(rule), found.sessions, weight, GraduationCriteria(answers, precision, share=share))
    )
    if reasons:
        raise WorkError(f"{rule} stays in shadow: {'; '.join(reasons)}.", "`weir rules stats` has the figures.")
    changed = parse_pack(pack.name, text, pack.level)
    put_in_force(settings, ledger, Checked(pack.name, changed), why=why, by=by, anyway=True, as_json=as_json)


def _check_call(logs: Sequence[str] | None, labels: Path | None) -> None:
    if not logs and labels is not None:
        raise UsageError("--labels is given without a log.", "Name the log, or leave out --labels.")


def _gather(
    settings: Settings, patterns: Patterns, inputs: Inputs | None, labels: Path | None, allow_unreadable: float
) -> Stats:
    found = Stats(patterns)

    def take(session: Session, is_bad_by_people: bool | None) -> None:  # noqa: FBT001 -- `SessionLabeller` calls it so
        found.take(session, is_bad=is_bad_by_people)

    if inputs is None:
        answers = SessionLabeller(_all(settings, LABELS, _read_label), take)
        for session in _all(settings, SESSIONS, _read_final):
            answers.session(session)
    else:
        answers = SessionLabeller(read_labels(labels) if labels else (), take)
        sessions = Sessions(Resources.from_settings(settings), patterns, answers.session)
        for line in lines_of(inputs, "stats"):
            sessions.read(line)
        sessions.finish()
        say_problems(inputs, inputs.lines - inputs.unreadable, sessions.late)
        check_readable(inputs, allow_unreadable)
    answers.finish()
    return found


def _all(settings: Settings, topic: Topic, read: Callable[[bytes], Read | None]) -> Iterator[Read]:
    """All readable records of a topic."""
    with progress(f"stats: {topic.name}", unit="records") as advance:
        count = 0
        for count, record in enumerate(read_all(settings, topic), 1):
            with suppress(msgspec.DecodeError):  # the stage that reads the record reports it
                found = read(record.value) if record.value is not None else None
                if found is not None:
                    yield found
            if count % _TELL_EVERY == 0:
                advance(_TELL_EVERY)
        advance(count % _TELL_EVERY)


def _read_final(value: bytes) -> Session | None:
    """A closed session; others are skipped before decoding, since most records are revisions of open sessions."""
    session = _read_session(value) if b'"final":true' in value else None
    return session if session is not None and session.merged_into is None else None


def _costs(patterns: Patterns) -> Callable[[str], float | None]:
    entries = {entry.id: entry for pack in patterns.packs for entry in pack.patterns_in_force}
    costs = Costs(entries.values())
    return lambda rule: costs.mean_us(entries[rule]) if rule in entries else None


def _ids(pack: Pack) -> set[str]:
    return {entry.id for entry in (*pack.patterns_in_force, *pack.rules_in_force)}
