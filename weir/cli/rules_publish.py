"""`weir rules publish`, `list`, `show` and `rollback`: change the packs in force by the rules topic."""

from __future__ import annotations

import getpass
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from rules.document import read_document
from rules.heuristics.check import Checked
from rules.heuristics.check import check as suspicions
from rules.heuristics.counterexamples import corpus_hash, share_met
from rules.heuristics.pack import Pack, examine, parse_pack
from rules.heuristics.patterns import Patterns
from rules.problems import Problem
from streams.packs.ledger import TAKEN, PackLedger
from streams.packs.library import PackLibrary, clashes
from streams.packs.topic import publish as publish_records
from streams.packs.topic import read_ledger
from streams.read_record import LARGEST_BYTES
from weir.cli.options import Json, with_settings
from weir.cli.output import clock_time, print_json, say, show
from weir.cli.rules_files import must_be_files, packs_of, today
from weir.contracts import CurrentPack, PackVersion
from weir.errors import UsageError, WorkError
from weir.kafka.records import Output
from weir.settings import Settings

By = Annotated[str | None, typer.Option("--by", help="Name of the decision's author; yours unless given.")]
Why = Annotated[str, typer.Option("--why", help="The decision's reason, which is kept with it.")]
Anyway = Annotated[bool, typer.Option("--anyway", help="Publish in spite of warnings.")]
CHECK = "`weir rules check FILE` shows them again after a change."
PackName = Annotated[str, typer.Argument(metavar="PACK", help="The pack's name.")]


@with_settings
def publish(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The pack.")],
    why: Why,
    by: By = None,
    anyway: Anyway = False,
    as_json: Json = False,
) -> None:
    """Put a pack in force in all workers, without a restart; it replaces the pack of the same name.

    This command checks the pack first, and each worker checks it again.
    """
    must_be_files([file])
    pack, problems = examine(read_document(file), settings.paranoia_level)
    if pack is None:
        raise _refused(problems)
    ledger = read_ledger(settings)
    put_in_force(settings, ledger, Checked(str(file), pack), why=why, by=by, anyway=anyway, as_json=as_json)


@with_settings
def list_packs(
    settings: Settings,
    *,
    every: Annotated[bool, typer.Option("--all", help="All versions, in force or not.")] = False,
    as_json: Json = False,
) -> None:
    """Packs in force, with version, time, author and reason of each, and the number of its rules in shadow.

    Packs that were not published are those of the files in these settings; workers may have other files.
    """
    ledger = read_ledger(settings)
    if every:
        rows = [
            {"pack": name, "version": version, "in force": _is_current(ledger, name, version)}
            for name, version in sorted(ledger.sources)
        ]
        show(rows, ("pack", "version", "in force"), as_json=as_json, empty="No worker has started yet.")
        return
    packs = in_force(settings, ledger).packs
    columns = ("pack", "version", "from", "since", "by", "why", "rules", "in shadow", "before")
    show([_row(pack, ledger.current.get(pack.name)) for pack in packs], columns, as_json=as_json)


@with_settings
def show_pack(
    settings: Settings,
    *,
    pack: PackName,
    version: Annotated[str | None, typer.Argument(help="As `list --all` shows it; that in force unless given.")] = None,
) -> None:
    """Write a pack's YAML to standard output, for editing or for `weir replay --set pack_files=…`."""
    ledger = read_ledger(settings)
    if version is None:
        found = {one.name: one.source for one in in_force(settings, ledger).packs}.get(pack)
    else:
        found = ledger.sources.get((pack, version))
    if found is None:
        raise UsageError(
            f"There is no pack {pack}{f' {version}' if version else ''}.", "`weir rules list --all` shows all."
        )
    sys.stdout.write(found if found.endswith("\n") else f"{found}\n")


@with_settings
def rollback(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    pack: PackName,
    why: Why,
    to: Annotated[str | None, typer.Option("--to", help="A version; the previous one unless given.")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Put the earlier version in force again; if there is none, the version of the workers' files."""
    ledger = read_ledger(settings)
    outputs = ledger.rollback(pack, to, by or getpass.getuser(), why, time.time())
    publish_records(settings, outputs)
    _show_current(ledger, outputs, pack, as_json=as_json)


def in_force(settings: Settings, ledger: PackLedger) -> Patterns:
    """The patterns in force in workers with these settings."""
    library = PackLibrary(Patterns(packs_of(settings)))
    library.take_over(ledger)
    return library.current


def put_in_force(  # noqa: PLR0913 -- one argument an option
    settings: Settings,
    ledger: PackLedger,
    one: Checked,
    *,
    why: str,
    by: str | None,
    anyway: bool,
    as_json: bool,
) -> None:
    """Publishes a pack, unless it is refused.

    Raises:
        WorkError: the pack is refused; the message has the reasons.
        ClusterError: the brokers don't accept the record.
    """
    pack = one.pack
    beside = in_force(settings, ledger).packs
    current = ledger.current.get(pack.name)
    if current is not None and current.version == pack.version:
        say(f"{pack.name} {pack.version} is in force already.")
        return
    _refuse(_errors(one, beside))
    warnings = suspicions([one], beside, today())
    _refuse([problem for problem in warnings if problem.severity == "error"])
    if warnings and not anyway:
        _refuse(warnings, "Fix them, or publish it with --anyway.")
    flagged = share_met(pack.patterns_in_force)
    record = PackVersion(
        pack=pack.name,
        version=pack.version,
        source=pack.source,
        ordinary_flagged={str(field): share for field, share in flagged.items()},
        ordinary_texts={field: corpus_hash(field) for field in flagged},
    )
    outputs = ledger.publish(record, by or getpass.getuser(), why, time.time())
    publish_records(settings, outputs)
    _show_current(ledger, outputs, pack.name, as_json=as_json)


def _errors(one: Checked, beside: Iterable[Pack]) -> list[Problem]:
    """The errors for which a worker would refuse the pack."""
    pack = one.pack
    found: list[tuple[str, str]] = []
    if pack.name in TAKEN:
        found.append((f"The name {pack.name} is reserved.", "Choose another name for the pack."))
    found += [(f"The id {name} is in another pack, too.", "Rename one of the two.") for name in clashes(pack, beside)]
    size, most = len(pack.source.encode()), LARGEST_BYTES // 2
    if size > most:
        found.append((f"The pack has {size:,} bytes; {most:,} fit.", "Split it, or shorten its lists."))
    elif parse_pack(one.file, pack.source).version != pack.version:
        found.append(("The pack's version differs when it is read again.", "Report this defect."))
    return [Problem(one.file, 0, *finding) for finding in found]


def _refuse(problems: list[Problem], hint: str = CHECK) -> None:
    if problems:
        raise _refused(problems, hint)


def _refused(problems: list[Problem], hint: str = CHECK) -> WorkError:
    return WorkError("\n".join(["The pack is not published:", *map(str, problems)]), hint)


def _is_current(ledger: PackLedger, name: str, version: str) -> bool:
    current = ledger.current.get(name)
    return current is not None and current.version == version


def _row(pack: Pack, current: CurrentPack | None) -> dict[str, object]:
    entries = [*pack.patterns_in_force, *pack.rules_in_force]
    is_published = current is not None and current.version == pack.version
    published = current if is_published else None
    return {
        "pack": pack.name,
        "version": pack.version,
        "from": "topic" if published else "file",
        "since": clock_time(published.at) if published else None,
        "by": published.by if published else None,
        "why": published.why if published else None,
        "rules": len(entries),
        "in shadow": sum(entry.shadow for entry in entries),
        "before": published.before[-1] if published and published.before else None,
    }


def _show_current(ledger: PackLedger, outputs: list[Output], name: str, *, as_json: bool) -> None:
    for output in outputs:
        ledger.offer(output.key or b"", output.value)
    current = ledger.current.get(name)
    if as_json:
        print_json(current if current is not None else {"pack": name, "version": None})
    elif current is None:
        say(f"The version of {name} in the workers' files is in force again.")
    else:
        say(f"{name} {current.version} is in force; workers change at their next batch.")
