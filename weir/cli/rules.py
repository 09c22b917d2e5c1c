"""`weir rules`: write, test and understand patterns, budgets and business rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from rules.business.files import check_business_rules
from rules.document import Document, read_document
from rules.heuristics.evidence import evidence, verdict_of
from rules.heuristics.explain import every_field, explain, fields_of
from rules.heuristics.pack import Pack, examine
from rules.heuristics.patterns import SHIPPED, Patterns, load_packs
from rules.heuristics.simulate import Simulation
from rules.limits.files import check_budgets
from rules.problems import Problem, RulesError
from streams.intake.decode import Refused, decode
from streams.intake.formats import FORMATS, Line, check_source, read
from weir.cli.options import Json, with_settings
from weir.cli.output import console, print_json, progress, show
from weir.errors import UsageError, WorkError
from weir.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Write, test and understand patterns, budgets and business rules.")
Files = Annotated[list[Path] | None, typer.Argument(metavar="[FILE...]", help="Those in the settings unless given.")]
SHOWN = 80


@app.command()
@with_settings
def check(settings: Settings, *, files: Files = None, as_json: Json = False) -> None:
    """Find everything that is wrong in rule files at once, each with its line and what to do."""
    problems = [problem for file in _files(settings, files) for problem in _examined(file)[1]]
    if not files:
        problems += _problems_of_others(settings)
    rows = [asdict(problem) for problem in problems]
    show(rows, ("file", "line", "message", "hint"), as_json=as_json, empty="Nothing is wrong.")
    if problems:
        raise WorkError(f"{len(problems)} problems in the rules.", "Mend them, and check again.")


@app.command("test")
@with_settings
def run_examples(settings: Settings, *, files: Files = None, as_json: Json = False) -> None:
    """Run every pattern on its examples."""
    rows: list[dict[str, object]] = []
    problems: list[Problem] = []
    for file in _files(settings, files):
        pack, found = _examined(file)
        problems += found
        if pack is not None:
            counted = sum(len(entry.match) + len(entry.no_match) for entry in pack.patterns)
            rows.append(
                {"pack": pack.name, "version": pack.version, "patterns": len(pack.patterns), "examples": counted}
            )
    show(rows, ("pack", "version", "patterns", "examples"), as_json=as_json)
    if problems:
        raise RulesError(problems)


@app.command("explain")
@with_settings
def explain_text(
    settings: Settings,
    *,
    text: Annotated[str, typer.Argument(metavar="TEXT|EVENT", help="A text, or an event as JSON.")],
    as_json: Json = False,
) -> None:
    """Say which patterns fire on a text or an event, on which characters, after which decoding."""
    patterns = _patterns(settings)
    texts = every_field(text)
    if text.lstrip().startswith("{"):
        decoded = decode(text.encode(), settings.max_record_bytes)
        if isinstance(decoded, Refused):
            raise UsageError(f"That is no event: {decoded.detail}", "Give a text, or one event as a JSON object.")
        texts = fields_of(decoded.event)
    firings = list(explain(patterns, texts))
    rows = [{**asdict(firing), "matched": firing.matched[:SHOWN]} for firing in firings]
    show(rows, ("pattern", "field", "weight", "matched", "reason"), as_json=as_json, empty="No pattern fires.")
    if firings and not as_json:
        total = evidence({firing.pattern: firing.weight for firing in firings}.values())
        console().print(f"Evidence {total:.2f}: {verdict_of(total)}.")


@app.command()
@with_settings
def simulate(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Events, such as yesterday's log.")],
    pack: Annotated[list[Path], typer.Option("--pack", help="The pack to try; repeat for more.")],
    line_format: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")] = "events",
    at_most: Annotated[int, typer.Option("--max", min=1, help="Show so many visitors.")] = 20,
    as_json: Json = False,
) -> None:
    """Say whose verdict another pack would have changed, against today's packs."""
    proposed = load_packs([*settings.pack_files, *pack], _today(), settings.paranoia_level)
    work = Simulation(_patterns(settings), proposed)
    for file in files:
        check_source(file)
    with progress("simulate") as advance:
        for event_bytes in _events(line_format, files):
            decoded = decode(event_bytes, settings.max_record_bytes)
            if not isinstance(decoded, Refused):
                work.take(decoded.event)
            advance(1)
    changes = list(work.changes())
    rows = [{**asdict(change), "sample": change.samples[0][:SHOWN] if change.samples else ""} for change in changes]
    if as_json:
        for row in rows:
            print_json(row)
        return
    newly = sum(change.before == "allow" for change in changes)
    no_longer = sum(change.after == "allow" for change in changes)
    show(rows[:at_most], ("visitor_id", "before", "after", "patterns", "sample"), empty="No verdict would change.")
    console().print(
        f"{work.events:,} events: {newly:,} visitors newly flagged, {no_longer:,} no longer, "
        f"{len(changes) - newly - no_longer:,} otherwise."
    )


def _files(settings: Settings, files: list[Path] | None) -> list[Path]:
    return files or [*sorted(SHIPPED.glob("*.yaml")), *settings.pack_files]


def _examined(file: Path) -> tuple[Pack | None, list[Problem]]:
    document = read_document(file)
    if isinstance(document, Document) and isinstance(document.value, dict):
        if "rules" in document.value and "pack" not in document.value:
            return None, check_business_rules(file)[1]
        if "budgets" in document.value:
            found = check_budgets(file)
            return None, found if isinstance(found, list) else []
    return examine(document)


def _problems_of_others(settings: Settings) -> Iterator[Problem]:
    budgets = check_budgets(settings.limits_file)
    yield from budgets if isinstance(budgets, list) else []
    yield from check_business_rules(settings.business_rules_file)[1]


def _events(line_format: str, files: Iterable[str]) -> Iterator[bytes]:
    for file in files:
        for line in read(line_format, file):
            if isinstance(line, Line):
                yield line.value


def _patterns(settings: Settings) -> Patterns:
    return load_packs(settings.pack_files, _today(), settings.paranoia_level)


def _today() -> date:
    return datetime.now(UTC).date()
