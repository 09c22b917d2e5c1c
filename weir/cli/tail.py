"""`weir tail`: follows a topic."""

from __future__ import annotations

import itertools
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Annotated, get_args

import typer

from weir.cli.options import Json, with_settings
from weir.cli.passing import TOPICS as PASSING_TOPICS
from weir.cli.passing import Passing
from weir.cli.record_text import TOPICS, json_line, line_of
from weir.contracts import Stage, Verdict
from weir.errors import UsageError
from weir.kafka.lookup import TopicRanges, ranges_of
from weir.kafka.reader import LogReader
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import BY_NAME, DEAD_LETTER, EVENTS, FLAGS, Topic

command = typer.Typer()
FOLLOWED = (EVENTS.name, *TOPICS)


@command.command()
@with_settings
def tail(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    topic: Annotated[str, typer.Argument(help=f"One of {', '.join(FOLLOWED)}.")],
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="Begin at the first record.")] = False,
    until_end: Annotated[bool, typer.Option("--until-end", help="Stop at the topic's present end.")] = False,
    at_most: Annotated[int | None, typer.Option("--max", min=1, help="Stop after so many records.")] = None,
    verdict: Annotated[str | None, typer.Option(help=f"Flags alone: {', '.join(get_args(Verdict))}.")] = None,
    stage: Annotated[str | None, typer.Option(help=f"Flags alone: {', '.join(get_args(Stage))}.")] = None,
    visitor: Annotated[str | None, typer.Option(help="Events alone: this visitor's.")] = None,
    as_json: Json = False,
) -> None:
    """Follow a topic's committed records until Ctrl-C, one a line.

    `weir tail events` shows new events and, among them, late events and dead letters, with partition and offset of the
    event. It doesn't show whether an event was counted in its session or left out as a duplicate: use `weir show`.

    With --json flags, limits, reviews, sessions and late events are the records' values, or {"base64": …} if a value is
    not JSON. Dead letters are objects of headers, key and value, in which bytes that are not text are base64. Of
    events, each line is an object of topic, partition, offset and such a record.
    """
    if topic not in FOLLOWED:
        raise UsageError(f"There is no topic {topic} to follow.", f"Choose one of {', '.join(FOLLOWED)}.")
    if visitor is not None and topic != EVENTS.name:
        raise UsageError(f"--visitor has no effect on {topic}.", "Leave it out, or follow events.")
    topics: Sequence[Topic] = PASSING_TOPICS if topic == EVENTS.name else (BY_NAME[topic],)
    passing = Passing(settings, visitor)
    wanted = _filter(topic, verdict, stage)
    if topic == EVENTS.name:
        wanted, text = passing.is_wanted, passing.json if as_json else passing.line
    else:
        text = partial(json_line if as_json else line_of, topic)
    names = [settings.names.public(one) for one in topics]
    with LogReader(settings, names) as reader, _interruption() as interrupted:
        ranges = ranges_of(reader, settings, topics, visitor)
        records = _records(reader, ranges, interrupted, from_beginning=from_beginning, until_end=until_end)
        for record in itertools.islice(filter(wanted, records), at_most):
            sys.stdout.write(text(record) + "\n")
            sys.stdout.flush()


@contextmanager
def _interruption() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets. A KeyboardInterrupt could be raised in the client's callbacks, and be lost there."""
    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _records(
    reader: LogReader, ranges: TopicRanges, interrupted: threading.Event, *, from_beginning: bool, until_end: bool
) -> Iterator[LogRecord]:
    spans = ranges.ranges
    end = {place: span.end for place, span in spans.items()}
    begin = {place: span.start for place, span in spans.items()} if from_beginning else end
    if until_end:
        return itertools.takewhile(lambda _: not interrupted.is_set(), reader.read(begin, end))
    return reader.follow(begin, is_over=interrupted.is_set)


def _filter(topic: str, verdict: str | None, stage: str | None) -> Callable[[LogRecord], bool]:
    given = {"verdict": verdict, "stage": stage}
    wanted = {(name, value.encode()) for name, value in given.items() if value is not None}
    if wanted and topic != FLAGS.name:
        raise UsageError("--verdict and --stage apply only to flags.", "Leave them out, or follow flags.")
    _check_choice("verdict", verdict, get_args(Verdict))
    _check_choice("stage", stage, get_args(Stage))
    # A record without a value is not shown, except for dead letters, whose value may be empty as received.
    return lambda record: wanted <= set(record.headers) and (record.value is not None or topic == DEAD_LETTER.name)


def _check_choice(name: str, value: str | None, choices: Iterable[str]) -> None:
    if value is not None and value not in choices:
        raise UsageError(f"There is no {name} {value}.", f"Choose one of {', '.join(choices)}.")
