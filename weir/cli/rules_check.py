"""`weir rules check` and `weir rules test`: find errors and suspicious rules in rule files, before they are live."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from rules.business.files import check_business_rules
from rules.document import Document, read_document
from rules.heuristics.check import Checked, LogMatches
from rules.heuristics.check import check as suspicions
from rules.heuristics.pack import Pack, PatternEntry, SessionRuleEntry, examine
from rules.heuristics.patterns import SHIPPED, Patterns
from rules.kinds import kind_of
from rules.limits.budgets import Budgets
from rules.limits.files import check_budgets
from rules.problems import Problem, RulesError
from streams.intake.files import Inputs
from streams.packs.library import clashes
from weir.cli.input_files import (
    ALLOWED,
    AllowUnreadable,
    LineFormat,
    LogFormat,
    check_readable,
    events_of,
    open_inputs,
    say_problems,
)
from weir.cli.options import Json, with_settings
from weir.cli.output import show
from weir.cli.rules_files import must_be_files, packs_of, show_problems, today
from weir.errors import SettingsError, WorkError
from weir.networks import Network
from weir.settings import Settings

Files = Annotated[list[Path] | None, typer.Argument(metavar="[FILE...]", help="Those of the settings unless given.")]


@with_settings
def check(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    files: Files = None,
    log: Annotated[
        list[str] | None, typer.Option("--on", metavar="LOG", help="Events on which each pattern should fire.")
    ] = None,
    line_format: LineFormat = None,
    log_format: LogFormat = None,
    allow_unreadable: AllowUnreadable = ALLOWED,
    as_json: Json = False,
) -> None:
    """Report all problems of rule files at once, each with its line and a hint.

    Problems are patterns that don't compile, that lack examples or fail them, that another pattern makes redundant,
    that have expired or cost too much; rules that can never hold; and with --on, patterns that never match a log. If
    there is a problem, the exit code is 1.
    """
    problems, checked = examined(settings, files or [])
    if not files:
        problems += _problems_of_others(settings)
    if checked:
        beside, problems = _beside(settings, problems, is_needed=bool(files))
        problems += _clashes(checked, beside)
        inputs = open_inputs(log, line_format, log_format, settings, quiet=as_json) if log and not problems else None
        watched = _watch(checked, beside, inputs) if inputs is not None else None
        if inputs is not None:
            say_problems(inputs, 0, 0)
            check_readable(inputs, allow_unreadable)
        problems += suspicions(checked, beside, today(), watched)
    show_problems(problems, as_json=as_json)


@with_settings
def run_examples(settings: Settings, *, files: Files = None, as_json: Json = False) -> None:
    """Run every pattern and every rule on its examples. Exits with 1 if one fails."""
    problems, checked = examined(settings, files or [])
    rows = [_counted(one.pack) for one in checked]
    columns = ("pack", "version", "patterns", "rules", "examples")
    none = (
        "All packs have errors."
        if problems
        else "There is no pack: only patterns and rules over sessions have examples."
    )
    show(rows, columns, as_json=as_json, empty=none)
    if problems:
        raise WorkError(str(RulesError(problems).message), "`weir rules explain TEXT` shows what a pattern sees.")


def examined(settings: Settings, files: Sequence[Path]) -> tuple[list[Problem], list[Checked]]:
    """The problems of the files, or of those in the settings, and the packs without errors.

    Raises:
        UsageError: a file does not exist.
    """
    must_be_files(files)
    problems: list[Problem] = []
    checked: list[Checked] = []
    documents = {file: read_document(file) for file in files or [*sorted(SHIPPED.glob("*.yaml")), *settings.pack_files]}
    networks = _networks(settings, [file for file, document in documents.items() if kind_of(document) == "limits"])
    for file, document in documents.items():
        pack, found = _examined(file, document, settings.paranoia_level, networks)
        problems += found
        if pack is not None:
            checked.append(Checked(str(file), pack))
    return problems, checked


def _examined(
    file: Path, document: Document | Problem, level: int, networks: Sequence[Network] | None
) -> tuple[Pack | None, list[Problem]]:
    kind = kind_of(document)
    if kind == "business":
        return None, check_business_rules(file, networks)[1]
    if kind == "limits":
        found = check_budgets(file)
        return None, found if isinstance(found, list) else []
    return examine(document, level)


def _networks(settings: Settings, files: Sequence[Path]) -> tuple[Network, ...] | None:
    """Networks that business rules may name: those of the limits' files among the files, else of the settings."""
    checked = [check_budgets(file) for file in files or (settings.limits_file,)]
    well = [budgets for budgets in checked if isinstance(budgets, Budgets)]
    return tuple(network for budgets in well for network in budgets.networks) if len(well) == len(checked) else None


def _problems_of_others(settings: Settings) -> Iterator[Problem]:
    budgets = check_budgets(settings.limits_file)
    yield from budgets if isinstance(budgets, list) else []
    yield from check_business_rules(settings.business_rules_file, _networks(settings, ()))[1]


def _beside(settings: Settings, problems: list[Problem], *, is_needed: bool) -> tuple[list[Pack], list[Problem]]:
    """The packs in force, and the problems with those added."""
    try:
        return packs_of(settings), problems
    except SettingsError as error:
        if not is_needed:
            return [], problems  # reported already: these are the files that were examined
        return [], problems + (list(error.problems) if isinstance(error, RulesError) else [])


def _clashes(checked: Sequence[Checked], beside: Sequence[Pack]) -> list[Problem]:
    packs = {pack.name: pack for pack in beside} | {one.pack.name: one.pack for one in checked}
    return [
        Problem(one.file, (one.pack.lines or {}).get(name, 0), f"{name} is in another pack too.", "Rename one.")
        for one in checked
        for name in clashes(one.pack, packs.values())
    ]


def _watch(checked: Sequence[Checked], beside: Sequence[Pack], inputs: Inputs) -> LogMatches:
    packs = {pack.name: pack for pack in beside} | {one.pack.name: one.pack for one in checked}
    watched = LogMatches(Patterns(list(packs.values())))
    for event in events_of(inputs, "check"):
        watched.take(event)
    return watched


def _counted(pack: Pack) -> dict[str, object]:
    entries: list[PatternEntry | SessionRuleEntry] = [*pack.patterns, *pack.rules]
    examples = sum(len(entry.match) + len(entry.no_match) for entry in entries)
    return {
        "pack": pack.name,
        "version": pack.version,
        "patterns": len(pack.patterns),
        "rules": len(pack.rules),
        "examples": examples,
    }
