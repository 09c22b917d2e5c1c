"""`weir rules simulate`: compares other packs with today's on recorded events."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from rules.heuristics.patterns import Patterns
from rules.heuristics.simulate import Both, Simulation
from streams.packs.topic import read_ledger
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
from weir.cli.output import console, print_json, show
from weir.cli.rules_files import cut, packs_of, replaced, today
from weir.cli.rules_publish import in_force
from weir.settings import Settings

Live = Annotated[
    bool, typer.Option("--live", help="Compare with the packs published on the cluster, not with those of the files.")
]


@with_settings
def simulate(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Events, such as yesterday's log.")],
    pack: Annotated[list[Path], typer.Option("--pack", "--packs", help="The pack to try; repeat for more.")],
    live: Live = False,
    line_format: LineFormat = None,
    log_format: LogFormat = None,
    allow_unreadable: AllowUnreadable = ALLOWED,
    at_most: Annotated[int, typer.Option("--max", min=1, help="Show so many sessions.")] = 20,
    as_json: Json = False,
) -> None:
    """Show sessions that other packs would newly flag, and those that they would no longer flag.

    Events are folded into sessions as in a worker; the other stages are left out.
    """
    beside = in_force(settings, read_ledger(settings)).packs if live else packs_of(settings)
    both = Both(Patterns(list(beside), today()), replaced(beside, pack, settings.paranoia_level))
    work = Simulation(both)
    sessions = Sessions(Resources.from_settings(settings), both, work.take)
    inputs = open_inputs(files, line_format, log_format, settings, quiet=as_json)
    for line in lines_of(inputs, "simulate"):
        sessions.read(line)
    sessions.finish()
    if as_json:
        for change in work.changes:
            print_json(asdict(change) | {"kind": change.kind})
    else:
        _show(work, at_most)
    say_problems(inputs, inputs.lines - inputs.unreadable, sessions.late)
    check_readable(inputs, allow_unreadable)


def _show(work: Simulation, at_most: int) -> None:
    rows = [
        {
            "session": change.session_id[:12],
            "visitor": cut(change.visitor_id),
            "before": change.before,
            "after": change.after,
            "rules": ", ".join(change.rules),
            "sample": cut(next(iter(change.samples), "")),
        }
        for change in work.changes[:at_most]
    ]
    show(rows, ("session", "visitor", "before", "after", "rules", "sample"), empty="No verdict would change.")
    by_rule = [
        {"rule": rule, "change": kind, "sessions": count} for (rule, kind), count in work.by_rule.most_common(at_most)
    ]
    if by_rule:
        show(by_rule, ("rule", "change", "sessions"))
    if work.shadowed:
        shadowed = [{"in shadow": rule, "sessions": count} for rule, count in work.shadowed.most_common(at_most)]
        show(shadowed, ("in shadow", "sessions"))
    kinds = Counter(change.kind for change in work.changes)
    console().print(
        f"{work.sessions:,} sessions: {kinds['newly flagged']:,} newly flagged, "
        f"{kinds['no longer flagged']:,} no longer flagged, {kinds['other verdict']:,} with another verdict."
    )
