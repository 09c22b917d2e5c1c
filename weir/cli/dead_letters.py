"""`weir dead-letters`: lists, shows and replays dead letters."""

from __future__ import annotations

import heapq
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from streams.dead_letter import dead_letter_line
from streams.produce.dead_letters import DeadLetterFilter, dead_letter_at, dead_letters, origin_of, reason_of
from streams.produce.ledger import DeadLetterPosition, Note, read_notes
from streams.produce.resend import DeadLetterResend, ReplayPlan, ResendRequest, plan
from streams.produce.run import check_topics_for_producing
from weir.cli.options import Json, moment, with_settings
from weir.cli.output import clock_time, print_json, progress, say, show
from weir.cli.record_text import printable, shortened, text_headers
from weir.contracts.dead_letter_reason import DeadLetterReason, advice
from weir.errors import UsageError, WorkError
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import DEAD_LETTER, EVENTS, REPLAYS

app = typer.Typer(no_args_is_help=True, help="List, show and replay dead letters.")

_POSITION = re.compile(r"([0-9]{1,9}):([0-9]{1,18})")

ReasonOption = Annotated[list[str] | None, typer.Option("--reason", help="A reason's code; repeat for more.")]
PartitionOption = Annotated[int | None, typer.Option("--partition", min=0, help="Of the dead letters' topic.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="Dead letters from this time on (ISO 8601 or seconds).")
]
UntilOption = Annotated[str | None, typer.Option("--until", help="Dead letters before this time.")]


@app.command("list")
@with_settings
def list_letters(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    reason: ReasonOption = None,
    partition: PartitionOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    not_replayed: Annotated[bool, typer.Option("--not-replayed", help="Only those not replayed.")] = False,
    at_most: Annotated[int, typer.Option("--max", min=1, help="Number of newest dead letters to show.")] = 50,
    as_json: Json = False,
) -> None:
    """The newest dead letters, whether they were replayed, and their number by reason."""
    wanted = _wanted(reason, partition, since, until)
    notes = read_notes(settings)
    found, replayed = Counter[str](), Counter[str]()

    def counted() -> Iterator[LogRecord]:
        for record in dead_letters(settings, wanted):
            was_sent = _place(record) in notes
            if not (was_sent and not_replayed):
                found[reason_of(record)] += 1
                replayed[reason_of(record)] += was_sent
                yield record

    newest = _newest(counted(), at_most)
    show(
        (_row(record, notes.get(_place(record))) for record in newest),
        ("letter", "when", "reason", "from", "bytes", "replayed", "detail"),
        as_json=as_json,
        empty="There are no dead letters.",
    )
    for code, count in found.most_common():
        of_these = f" ({replayed[code]:,} sent again)" if replayed[code] else ""
        say(f"{count:,} {printable(code) or 'without a reason'}{of_these}: {advice(code)}")


@app.command("show")
@with_settings
def show_letter(
    settings: Settings,
    *,
    letter: Annotated[str, typer.Argument(metavar="PARTITION:OFFSET", help="As `list` shows it.")],
    as_json: Json = False,
) -> None:
    """One dead letter completely: headers, key and value."""
    position = _POSITION.fullmatch(letter)
    if position is None:
        raise UsageError(
            f"{shortened(letter)} is not of the form PARTITION:OFFSET.",
            "Copy it from the column `letter` of `weir dead-letters list`.",
        )
    record = dead_letter_at(settings, int(position[1]), int(position[2]))
    if record is None:
        raise WorkError(f"There is no dead letter {letter}.", "`weir dead-letters list` shows the existing ones.")
    if as_json:
        sys.stdout.write(dead_letter_line(record.key, record.value, record.headers).decode() + "\n")
        return
    rows = [{"what": printable(name), "text": printable(text)} for name, text in text_headers(record).items()]
    rows.append({"what": "what to do", "text": advice(reason_of(record))})
    note = read_notes(settings).get(_place(record))
    rows.append({"what": "sent again", "text": clock_time(note.at_s) if note else "no"})
    rows.append({"what": "key", "text": _readable(record.key)})
    show(rows, ("what", "text"))
    sys.stdout.write(_readable(record.value) + "\n")


@app.command("replay")
@with_settings
def replay_letters(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    reason: ReasonOption = None,
    partition: PartitionOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    at_most: Annotated[int | None, typer.Option("--max", min=1, help="Send at most so many.")] = None,
    rate: Annotated[float | None, typer.Option(help="Records a second, at most.", min=0.001)] = None,
    again: Annotated[bool, typer.Option("--again", help="Also those that were replayed before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would be sent, and send nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Send dead letters' bytes to the events topic again, such as after a bound was raised.

    The transaction that sends a dead letter also records that it was sent, and the next replay skips it, even if the
    first replay was killed. Dead letters that these settings would refuse again are skipped too. All dead letters stay
    on their topic. Headers of the event have the positions of the dead letter and of its origin.
    """
    request = ResendRequest(_wanted(reason, partition, since, until), again, at_most, rate)
    check_topics_for_producing(settings, (EVENTS, DEAD_LETTER, REPLAYS))
    with progress("looked at", unit="dead letters") as advance:
        planned = plan(settings, request, advance)
    sent = 0
    if planned.to_send and not dry_run:
        with progress("sent again", planned.to_send, "dead letters") as advance:
            sent = DeadLetterResend(settings, request, planned, advance).run()
    _show_replay(planned, sent, dry_run=dry_run, as_json=as_json)


def _show_replay(planned: ReplayPlan, sent: int, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(planned.summary(sent))
        return
    rows: list[dict[str, object]] = [
        {"what": "would be sent", "number": planned.to_send} if dry_run else {"what": "sent again", "number": sent}
    ]
    if planned.sent_before:
        rows.append({"what": "sent again before (--again sends them once more)", "number": planned.sent_before})
    rows += [{"what": f"still refused: {code}", "number": count} for code, count in planned.refused.most_common()]
    if planned.of_other_topics:
        rows.append({"what": "no events, but records between stages", "number": planned.of_other_topics})
    show(rows, ("what", "number"))


def _newest(records: Iterable[LogRecord], at_most: int) -> list[LogRecord]:
    """The newest records, in the order of their time; only `at_most` are held in memory."""
    numbered = ((record.timestamp, number, record) for number, record in enumerate(records))
    return [record for _, _, record in sorted(heapq.nlargest(at_most, numbered))]


def _place(record: LogRecord) -> DeadLetterPosition:
    return record.partition, record.offset


def _wanted(reasons: list[str] | None, partition: int | None, since: str | None, until: str | None) -> DeadLetterFilter:
    known = {code.value for code in DeadLetterReason}
    for code in reasons or ():
        if code not in known:
            raise UsageError(f"--reason {code} is unknown.", f"Choose one of {', '.join(sorted(known))}.")
    since_s = None if since is None else moment("--since", since)
    until_s = None if until is None else moment("--until", until)
    return DeadLetterFilter(reasons or (), partition, since_s, until_s)


def _row(record: LogRecord, note: Note | None) -> dict[str, object]:
    headers = text_headers(record)
    return {
        "letter": f"{record.partition}:{record.offset}",
        "when": clock_time(record.timestamp / 1000),
        "reason": printable(headers.get("reason", "")),
        "from": printable(origin_of(record)),
        "bytes": len(record.value or b""),
        "replayed": clock_time(note.at_s) if note else None,
        "detail": printable(headers.get("detail", "")),
    }


def _readable(data: bytes | None, at_most: int = 10_000) -> str:
    if data is None:
        return ""
    return shortened(printable(data.decode(errors="backslashreplace")), at_most)
