"""`weir backfill`: processes ranges of the events topic once more, into separate topics."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from rules.heuristics.own_pack_check import check_own_pack
from streams.backfill.choose import choose
from streams.backfill.offset_ranges import BackfillRange, Choice
from streams.backfill.run import Backfill, BackfillOutcome
from streams.stages import Resources
from weir.cli.options import Json, moment, with_settings
from weir.cli.output import console, print_json, progress, show
from weir.errors import UsageError
from weir.kafka.admin import create_topics
from weir.kafka.reader import read_all
from weir.settings import Settings
from weir.topics import MODELS

_PREFIX = re.compile(r"[A-Za-z0-9._-]{1,200}")

command = typer.Typer()


@command.command()
@with_settings
def backfill(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    since: Annotated[
        str | None, typer.Option("--from", help="Events that arrived from this time on: ISO 8601 or epoch.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="Events that arrived before this time.")] = None,
    partition: Annotated[int | None, typer.Option(help="Only this partition.", min=0)] = None,
    from_offset: Annotated[int | None, typer.Option(help="With --partition: from this offset on.", min=0)] = None,
    to_offset: Annotated[int | None, typer.Option(help="With --partition: up to before this offset.", min=0)] = None,
    into: Annotated[str | None, typer.Option(help="Prefix of the topics to write to; they must be new.")] = None,
    rate: Annotated[float | None, typer.Option(help="Events a second to fold, at most.", min=0.001)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the ranges of offsets, and stop.")] = False,
    as_json: Json = False,
) -> None:
    """Process ranges of the events topic once more, in the order of time, into a separate set of topics.

    Without times or offsets, the range begins one longest session before the earliest late event and ends at the
    topic's end. No event of it is late, since events are sorted by their time.
    """
    from_s = None if since is None else moment("--from", since)
    to_s = None if until is None else moment("--to", until)
    choice = Choice(from_s, to_s, partition, from_offset, to_offset)
    ranges = choose(settings, choice)
    _show_ranges(ranges, as_json=as_json)
    if dry_run or not ranges:
        return
    target = _target(settings, into)
    create_topics(target)
    outcome = _run(settings, target, ranges, rate)
    _show_outcome(outcome, target, as_json=as_json)


def _target(settings: Settings, into: str | None) -> Settings:
    prefix = into or f"{settings.topic_prefix}.backfill-{datetime.now(UTC):%Y%m%d%H%M%S}"
    if prefix == settings.topic_prefix:
        raise UsageError(f"--into {prefix} is the prefix of the live topics.", "Give --into another prefix.")
    if not _PREFIX.fullmatch(prefix):
        raise UsageError(
            "--into is not a prefix of topics.", "Use up to 200 letters, digits, dots, underscores and dashes."
        )
    return settings.model_copy(update={"topic_prefix": prefix, "application_id": f"{settings.application_id}.{prefix}"})


def _run(settings: Settings, target: Settings, ranges: Sequence[BackfillRange], rate: float | None) -> BackfillOutcome:
    now_s = time.time()
    resources = Resources.from_settings(settings, now=lambda: now_s, check_own=check_own_pack)
    for record in read_all(settings, MODELS):
        resources.champion.offer(record.key or b"", record.value)
    work = Backfill(settings, target, resources, now_s, rate)
    # Progress counts each record twice, when it is read and when it is folded. Some offsets have no record.
    total = 2 * sum(one.offsets for one in ranges)
    with progress("backfill", total, "records") as advance:
        return work.run(ranges, advance)


def _show_ranges(ranges: Sequence[BackfillRange], *, as_json: bool) -> None:
    show(
        [{"partition": one.partition, "from_offset": one.first, "to_offset": one.end} for one in ranges],
        ("partition", "from_offset", "to_offset"),
        as_json=as_json,
        empty="There is nothing to backfill.",
    )


def _show_outcome(outcome: BackfillOutcome, target: Settings, *, as_json: bool) -> None:
    counts = {
        "topics": f"{target.topic_prefix}.*",
        "records": outcome.records,
        "sessions records": outcome.tally.total("session_revisions"),
        "flags": outcome.tally.total("flags"),
        "still late": outcome.tally.total("events", "late"),
        "idle watermarks left out": outcome.left_out.idle,
        "misplaced events left to their copies": outcome.left_out.rekeyed,
    }
    if as_json:
        print_json(counts)
    else:
        console().print()
        show([{"": name, "count": count} for name, count in counts.items()], ("", "count"))
