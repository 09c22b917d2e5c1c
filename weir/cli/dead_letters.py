"""`weir dead-letters`: what could not be taken, why, and how to try again."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Annotated

import typer

from streams.intake.dead_letter import dead_letter_line
from streams.intake.decode import Refused
from streams.intake.reasons import Reason
from streams.produce.letters import Wanted, letter_at, letters, reason_of, replayed
from streams.produce.run import check_topics_for_producing
from streams.produce.sender import Sender
from weir.cli.options import Json, with_settings
from weir.cli.output import clock_time, print_json, progress, say, show
from weir.cli.record_text import printable, shortened, text_headers
from weir.errors import UsageError, WorkError
from weir.log_reader import LogRecord
from weir.settings import Settings
from weir.times import BadTimeError, to_epoch_s
from weir.topics import EVENTS

app = typer.Typer(no_args_is_help=True, help="What could not be taken, why, and how to try again.")

ReasonOption = Annotated[list[str] | None, typer.Option("--reason", help="A reason's code; repeat for more.")]
PartitionOption = Annotated[int | None, typer.Option("--partition", min=0, help="Of the dead letters' topic.")]
SinceOption = Annotated[str | None, typer.Option("--since", help="Dead-lettered from then on (ISO 8601 or seconds).")]
UntilOption = Annotated[str | None, typer.Option("--until", help="Dead-lettered before then.")]


@app.command("list")
@with_settings
def list_letters(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    reason: ReasonOption = None,
    partition: PartitionOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    at_most: Annotated[int, typer.Option("--max", min=1, help="Show the newest so many.")] = 50,
    as_json: Json = False,
) -> None:
    """The newest dead letters, and how many there are by reason."""
    found = sorted(letters(settings, _wanted(reason, partition, since, until)), key=lambda one: one.timestamp)
    show(
        map(_row, found[-at_most:]),
        ("letter", "when", "reason", "from", "bytes", "detail"),
        as_json=as_json,
        empty="There are no dead letters.",
    )
    for code, count in Counter(map(reason_of, found)).most_common():
        say(f"{count:,} {printable(code)}: {_advice(code)}")


@app.command("show")
@with_settings
def show_letter(
    settings: Settings,
    *,
    letter: Annotated[str, typer.Argument(metavar="PARTITION:OFFSET", help="As `list` shows it.")],
    as_json: Json = False,
) -> None:
    """One dead letter whole: headers, key and value."""
    partition, _, offset = letter.partition(":")
    if not (partition.isdecimal() and offset.isdecimal()):
        raise UsageError(f"{letter} is not of the form PARTITION:OFFSET.", "`weir dead-letters list` shows them.")
    record = letter_at(settings, int(partition), int(offset))
    if record is None:
        raise WorkError(f"There is no dead letter {letter}.", "`weir dead-letters list` shows those that there are.")
    if as_json:
        sys.stdout.write(dead_letter_line(record.key, record.value, record.headers).decode() + "\n")
        return
    headers = text_headers(record)
    rows = [{"what": name, "text": printable(text)} for name, text in headers.items()]
    rows.append({"what": "what to do", "text": _advice(headers.get("reason", ""))})
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
    rate: Annotated[float | None, typer.Option(help="Records a second, at most.", min=0.001)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Send dead letters' bytes into the events topic again, such as after a bound was raised.

    Letters that would only be refused again are left out and counted. Letters stay where they are: a second replay
    sends them again, and an event counts once while its session is open.
    """
    wanted = _wanted(reason, partition, since, until)
    check_topics_for_producing(settings)
    sender = None if dry_run else Sender(settings, rate)
    taken, refused = 0, Counter[str]()
    with progress("dead letters", unit="letters") as advance:
        for record in letters(settings, wanted):
            again = replayed(settings, record)
            if isinstance(again, Refused):
                refused[again.reason.value] += 1
            else:
                taken += 1
                if sender is not None:
                    sender.send(again)
            advance(1)
        if sender is not None:
            sender.flush()
            taken = sender.total(EVENTS)
    if as_json:
        print_json({"sent": 0 if dry_run else taken, "would_send": taken, "still_refused": dict(refused)})
        return
    rows = [{"what": "would be sent" if dry_run else "sent again", "number": taken}]
    rows += [{"what": f"still refused: {code}", "number": count} for code, count in refused.most_common()]
    show(rows, ("what", "number"))


def _wanted(reasons: list[str] | None, partition: int | None, since: str | None, until: str | None) -> Wanted:
    known = {code.value for code in Reason}
    for code in reasons or ():
        if code not in known:
            raise UsageError(f"There is no reason {code}.", f"Reasons are {', '.join(sorted(known))}.")
    return Wanted(reasons or (), partition, _moment("--since", since), _moment("--until", until))


def _moment(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return to_epoch_s(float(text) if text.replace(".", "", 1).isdecimal() else text)
    except BadTimeError as error:
        raise UsageError(f"{option} {text} is no time.", "For example: 2026-01-31T09:30:00Z.") from error


def _row(record: LogRecord) -> dict[str, object]:
    headers = text_headers(record)
    return {
        "letter": f"{record.partition}:{record.offset}",
        "when": clock_time(record.timestamp / 1000),
        "reason": printable(headers.get("reason", "")),
        "from": printable("/".join(headers.get(name, "?") for name in ("topic", "partition", "offset"))),
        "bytes": len(record.value or b""),
        "detail": printable(headers.get("detail", "")),
    }


def _advice(code: str) -> str:
    return next(
        (reason.advice for reason in Reason if reason.value == code), "A reason that this version doesn't know."
    )


def _readable(data: bytes | None, at_most: int = 10_000) -> str:
    if data is None:
        return ""
    return shortened(printable(data.decode(errors="backslashreplace")), at_most)
