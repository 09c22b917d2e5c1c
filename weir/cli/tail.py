"""`weir tail`: follows a topic."""

from __future__ import annotations

import itertools
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, get_args

import msgspec
import typer

from streams.dead_letter import dead_letter_line
from weir.cli.options import Json, with_settings
from weir.cli.record_text import TOPICS, line_of
from weir.contracts import Stage, Verdict
from weir.errors import UsageError
from weir.kafka.reader import LogReader
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import BY_NAME, DEAD_LETTER, FLAGS

command = typer.Typer()


@command.command()
@with_settings
def tail(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    topic: Annotated[str, typer.Argument(help=f"One of {', '.join(TOPICS)}.")],
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="Show what is there already.")] = False,
    until_end: Annotated[bool, typer.Option("--until-end", help="Stop at what is the end now.")] = False,
    at_most: Annotated[int | None, typer.Option("--max", min=1, help="Stop after so many records.")] = None,
    verdict: Annotated[str | None, typer.Option(help=f"Flags alone: {', '.join(get_args(Verdict))}.")] = None,
    stage: Annotated[str | None, typer.Option(help=f"Flags alone: {', '.join(get_args(Stage))}.")] = None,
    as_json: Json = False,
) -> None:
    """Follow a topic's committed records until Ctrl-C, one a line.

    With --json flags, limits, reviews, sessions and late events are the values as they lie on the topic, or
    {"base64": …} where a value is no JSON; dead letters are objects of headers, key and value, where bytes that are no
    text stand as base64.
    """
    if topic not in TOPICS:
        raise UsageError(f"There is nothing to follow by the name of {topic}.", f"Choose one of {', '.join(TOPICS)}.")
    wanted = _filter(topic, verdict, stage)
    name = settings.names.public(BY_NAME[topic])
    with LogReader(settings, [name]) as reader, _interruption() as interrupted:
        records = _records(reader, interrupted, from_beginning=from_beginning, until_end=until_end)
        for record in itertools.islice(filter(wanted, records), at_most):
            sys.stdout.write((_json_line(topic, record) if as_json else line_of(topic, record)) + "\n")
            sys.stdout.flush()


@contextmanager
def _interruption() -> Iterator[threading.Event]:
    """Set by Ctrl-C. An exception in its place could come up inside the client's callbacks, and be lost there."""
    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _records(
    reader: LogReader, interrupted: threading.Event, *, from_beginning: bool, until_end: bool
) -> Iterator[LogRecord]:
    spans = reader.ranges()
    end = {place: span.end for place, span in spans.items()}
    begin = {place: span.start for place, span in spans.items()} if from_beginning else end
    if until_end:
        return itertools.takewhile(lambda _: not interrupted.is_set(), reader.read(begin, end))
    return reader.follow(begin, is_over=interrupted.is_set)


def _filter(topic: str, verdict: str | None, stage: str | None) -> Callable[[LogRecord], bool]:
    given = {"verdict": verdict, "stage": stage}
    wanted = {(name, value.encode()) for name, value in given.items() if value is not None}
    if wanted and topic != FLAGS.name:
        raise UsageError("--verdict and --stage choose among flags.", "Leave them out, or follow flags.")
    _check_choice("verdict", verdict, get_args(Verdict))
    _check_choice("stage", stage, get_args(Stage))
    # A value that is gone is no record to show, but of a dead letter it is the very news.
    return lambda record: wanted <= set(record.headers) and (record.value is not None or topic == DEAD_LETTER.name)


def _check_choice(name: str, value: str | None, choices: Iterable[str]) -> None:
    if value is not None and value not in choices:
        raise UsageError(f"There is no {name} {value}.", f"Choose one of {', '.join(choices)}.")


def _json_line(topic: str, record: LogRecord) -> str:
    if topic == DEAD_LETTER.name:
        return dead_letter_line(record.key, record.value, record.headers).decode()
    value = record.value or b"null"
    try:
        msgspec.json.decode(value)
        if b"\n" in value or b"\r" in value:
            # A producer's own bytes may have line breaks between their tokens.
            value = msgspec.json.format(value, indent=-1)
        return value.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.json.encode({"base64": value}).decode()
