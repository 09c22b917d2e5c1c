"""`weir business`: checks and lists business rules, and shows the verdicts that an edit would change."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from rules.business.files import check_business_rules
from rules.business.rules import BusinessRules, load_business_rules
from rules.business.simulate import BusinessVerdictChange, LastVerdict, Standings, by_rule, changes
from rules.limits.budgets import load_budgets
from streams.intake.files import Inputs
from streams.replay.run import Replay
from streams.replay.summary import ReplaySummary
from streams.stages import Resources
from weir.cli.input_files import (
    ALLOWED,
    AllowUnreadable,
    LineFormat,
    LogFormat,
    at_least_one,
    check_readable,
    open_inputs,
    say_problems,
)
from weir.cli.options import Json, with_flags, with_settings
from weir.cli.output import console, print_json, progress, show
from weir.cli.replay import replay_settings
from weir.cli.rules_files import must_be_files, show_problems
from weir.contracts import Flag, Session
from weir.contracts.fast import decoder
from weir.errors import UsageError
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import FLAGS, SESSIONS, Topic

app = typer.Typer(no_args_is_help=True, help="Check and list business rules, and try an edit before it is live.")
RulesPath = Annotated[Path | None, typer.Argument(metavar="[RULES]", help="The file in the settings unless given.")]
PROGRESS_EVERY = 500
_flag = decoder(Flag)
_session = decoder(Session)


@app.command()
@with_settings
def check(settings: Settings, *, rules: RulesPath = None, as_json: Json = False) -> None:
    """Report all errors of a file at once: contradictions, and rules that can never hold.

    With only warnings, the exit code is 0.
    """
    must_be_files([rules] if rules else [])
    networks = load_budgets(settings.limits_file).networks
    _, problems = check_business_rules(rules or settings.business_rules_file, networks)
    show_problems(problems, as_json=as_json, passes_warnings=True)


@app.command("list")
@with_settings
def list_rules(settings: Settings, *, rules: RulesPath = None, as_json: Json = False) -> None:
    """List the rules in the order in which they are evaluated."""
    must_be_files([rules] if rules else [])
    loaded = _rules(settings, rules)
    rows = [
        {
            "priority": rule.priority,
            "rule": rule.id,
            "then": rule.then or "by score",
            "weight": rule.weight,
            "owner": rule.owner,
            "expires": rule.expires.isoformat() if rule.expires else "",
            "reason": rule.reason,
        }
        for rule in loaded.rules
    ]
    columns = ("priority", "rule", "then", "weight", "owner", "expires", "reason")
    show(rows, columns, as_json=as_json, empty="There are no rules.")
    if as_json:
        return
    ceiling = loaded.ceiling
    if ceiling is None:
        console().print("There is no ceiling: a faulty pack or model may flag any share of the sessions.")
    else:
        console().print(
            f"Ceiling {ceiling.id}: {ceiling.at_most:.1%} of {ceiling.sessions:,} sessions ({ceiling.owner})."
        )


@app.command()
@with_flags
def simulate(  # noqa: PLR0913 -- one parameter an option
    given: dict[str, str],
    *,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Events, such as yesterday's log.")],
    rules: Annotated[Path, typer.Option("--rules", help="The edited file.")],
    line_format: LineFormat = None,
    log_format: LogFormat = None,
    allow_unreadable: AllowUnreadable = ALLOWED,
    at_most: Annotated[int, typer.Option("--max", min=1, help="Show so many sessions.")] = 20,
    as_json: Json = False,
) -> None:
    """Replay events with the current rules and with edited rules, and show sessions whose last verdict differs."""
    if "-" in files:
        raise UsageError("Standard input can't be replayed twice.", "Name files.")
    must_be_files([rules])
    today = replay_settings(given, None, None)
    edited = today.model_copy(update={"business_rules_file": rules})
    loaded = _rules(edited, None)
    started_s = time.time()
    opened = open_inputs(files, line_format, log_format, today, quiet=as_json)
    work = _Work(lambda: open_inputs(files, line_format, log_format, today, quiet=True), opened, started_s)
    before = work.standings(today, "today's rules")
    after = work.standings(edited, "edited rules", keep=before.by_session)

    def freed_by(session_id: str, was: LastVerdict) -> tuple[str, ...]:
        session = work.sessions.get(session_id)
        override = loaded.apply(session, was.verdict, was.stage, started_s) if session is not None else None
        return tuple(reason.id for reason in override.reasons) if override is not None else ()

    found = list(changes(before, after, freed_by))
    if as_json:
        for change in found:
            print_json(asdict(change) | {"kind": change.kind})
    else:
        _show(found, before.verdicts(), after.verdicts(), at_most)
    if work.summary is not None:
        say_problems(work.inputs, work.summary.taken, work.summary.events.get("late", 0))
    check_readable(work.inputs, allow_unreadable)


def _rules(settings: Settings, rules: Path | None) -> BusinessRules:
    networks = load_budgets(settings.limits_file).networks
    return load_business_rules(rules or settings.business_rules_file, networks)


class _Work:
    """Replays the same files under several settings."""

    def __init__(self, reopen: Callable[[], Inputs], inputs: Inputs, started_s: float) -> None:
        self._reopen = reopen
        self.inputs = inputs
        self.summary: ReplaySummary | None = None
        self._started_s = started_s
        self.sessions: dict[str, Session] = {}
        """The newest revisions of the sessions in `keep`."""

    def standings(self, settings: Settings, what: str, keep: Container[str] = ()) -> Standings:
        """The last flags of all sessions."""
        standings = Standings()

        def sink(topic: Topic, record: LogRecord) -> None:
            if topic is FLAGS and record.value is not None:
                standings.take(_flag(record.value))
            elif topic is SESSIONS and record.value is not None and keep:
                session = _session(record.value)
                if session.session_id in keep:
                    self.sessions[session.session_id] = session

        now_s = self._started_s
        work = Replay(Resources.from_settings(settings, now=lambda: now_s), [], sink, now_s)
        if self.summary is not None:
            self.inputs = self._reopen()
        count = 0
        with progress(what, unit="lines") as advance:
            for count, line in enumerate(at_least_one(self.inputs.read()), 1):
                work.read(line)
                if count % PROGRESS_EVERY == 0:
                    advance(PROGRESS_EVERY)
            advance(count % PROGRESS_EVERY)
        self.summary = work.finish(time.time() - now_s)
        return standings


def _show(found: Sequence[BusinessVerdictChange], before: Counter[str], after: Counter[str], at_most: int) -> None:
    rows = [asdict(change) | {"change": change.kind, "by": ", ".join(change.by)} for change in found[:at_most]]
    show(rows, ("session_id", "visitor_id", "before", "after", "change", "by"), empty="No verdict would change.")
    rules = [
        {"by": name, "change": kind, "sessions": count} for (name, kind), count in by_rule(found).most_common(at_most)
    ]
    if rules:
        show(rules, ("by", "change", "sessions"))
    verdicts = [
        {"verdict": verdict, "before": before[verdict], "after": after[verdict]}
        for verdict in sorted(before.keys() | after.keys())
    ]
    show(verdicts, ("verdict", "before", "after"), empty="No session is flagged.")
    kinds = Counter(change.kind for change in found)
    changes = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common()) or "nothing changes"
    console().print(f"{len(found):,} sessions: {changes}.")
