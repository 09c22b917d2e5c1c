"""`weir labels`: a person's answers about sessions."""

from __future__ import annotations

import getpass
import heapq
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from pydantic import ValidationError

from streams.produce.run import check_topics_for_producing
from streams.replay.labels import read_labels
from weir.cli.labels_told import say_what_they_do
from weir.cli.options import Json, moment, with_settings
from weir.cli.output import clock_time, print_json, say, show
from weir.contracts import Label
from weir.contracts.fast import decoder, encode
from weir.contracts.label import WITHDRAWN, is_weak
from weir.errors import UsageError
from weir.kafka.bulk_sender import BulkSender
from weir.kafka.reader import read_all
from weir.kafka.records import Output
from weir.settings import Settings
from weir.topics import LABELS

_read_label = decoder(Label)
app = typer.Typer(no_args_is_help=True, help="A person's answers about sessions.")


@app.callback()
def group() -> None:
    """A person's answers about sessions."""


@app.command("add")
@with_settings
def add(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    visitor: Annotated[str | None, typer.Option("--visitor", help="Whom it is about.")] = None,
    label: Annotated[str | None, typer.Option("--label", help="good or bad.")] = None,
    session: Annotated[
        str | None, typer.Option("--session", help="Which session; the one that was open at --ts unless given.")
    ] = None,
    ts: Annotated[
        str | None, typer.Option("--ts", help="The moment that it is about: ISO 8601 or seconds; now unless given.")
    ] = None,
    category: Annotated[str | None, typer.Option("--category", help="Kind of abuse, such as scraper.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Who says so; you unless given.")] = None,
    weight: Annotated[float, typer.Option("--weight", help="How much it counts, up to 100.")] = 1.0,
    file: Annotated[Path | None, typer.Option("--file", help="Labels as JSON lines instead.")] = None,
    as_json: Json = False,
) -> None:
    """Add one answer, or a file of them. They reach the trainer through the label join.

    For example: weir labels add --visitor v1 --label bad --category scraper
    """
    if file is not None:
        if visitor is not None or label is not None:
            raise UsageError("--file takes the place of --visitor and --label.", "Give either.")
        labels = read_labels(file)
    elif visitor is None or label is None:
        raise UsageError("An answer needs --visitor and --label.", "Or name a file of JSON lines with --file.")
    else:
        given: dict[str, object] = {
            "visitor_id": visitor,
            "session_id": session,
            "ts": time.time() if ts is None else moment("--ts", ts),
            "label": label,
            "category": category,
            "source": source or getpass.getuser(),
            "weight": weight,
        }
        labels = [_validated(given)]
    _send(settings, labels)
    if as_json:
        print_json({"labels": len(labels)})
    else:
        say(f"{len(labels):,} {'label' if len(labels) == 1 else 'labels'} sent.")
    say_what_they_do(settings, labels)


@app.command("list")
@with_settings
def list_labels(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    visitor: Annotated[str | None, typer.Option("--visitor", help="Those about this visitor alone.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Those of this source alone.")] = None,
    weak: Annotated[bool, typer.Option("--weak", help="What Weir concluded itself, too.")] = False,
    at_most: Annotated[int, typer.Option("--max", min=1, help="The newest so many.")] = 50,
    as_json: Json = False,
) -> None:
    """List the labels that lie on the topic, the newest by their time last."""
    wanted = (
        label
        for label in _on_topic(settings)
        if visitor in {None, label.visitor_id}
        and source in {None, label.source}
        and (weak or not is_weak(label.source))
    )
    newest = heapq.nlargest(at_most, wanted, key=lambda label: label.ts)
    rows = [
        {
            "time": clock_time(label.ts),
            "visitor": label.visitor_id,
            "session": label.session_id or "",
            "label": label.label,
            "category": label.category or "",
            "source": label.source,
        }
        for label in reversed(newest)
    ]
    if as_json:
        for label in reversed(newest):
            print_json(label)
        return
    show(rows, ("time", "visitor", "session", "label", "category", "source"), empty="There are no such labels.")


@app.command("withdraw")
@with_settings
def withdraw(
    settings: Settings,
    *,
    visitor: Annotated[str, typer.Option("--visitor", help="Whom the answer was about.")],
    session: Annotated[
        str | None, typer.Option("--session", help="The session that it named; all that was said unless given.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="Who said it; you unless given.")] = None,
    as_json: Json = False,
) -> None:
    """Take back what somebody said of a session, or all that they said of a visitor until now.

    What it decided is undone, and a label that still waits is never learned. What a model has learned stays learned.

    For example: weir labels withdraw --visitor v1
    """
    who = source or getpass.getuser()
    standing: list[Label] = []
    for label in _on_topic(settings):
        if (label.visitor_id, label.source) != (visitor, who) or session not in {None, label.session_id}:
            continue
        if label.label != WITHDRAWN:
            standing.append(label)
        else:
            standing = [one for one in standing if label.session_id not in {None, one.session_id}]
    if not standing:
        about = f"session {session} of {visitor}" if session else visitor
        raise UsageError(
            f"There is nothing that {who} said of {about}, or it is withdrawn already.",
            f"`weir labels list --visitor {visitor}` shows who said what; --source names somebody else.",
        )
    now_s = max(time.time(), *(label.ts for label in standing))
    taken_back = Label(visitor_id=visitor, session_id=session, ts=now_s, label=WITHDRAWN, source=who)
    _send(settings, [taken_back])
    if as_json:
        print_json({"withdrawn": len(standing)})
        return
    for label in standing:
        of = f" of session {label.session_id}" if label.session_id else ""
        say(f"Withdrawn: {label.label}{of}, said by {who} at {clock_time(label.ts)}.")
    say("What it decided is undone. What a model has learned from it stays learned.")


def _on_topic(settings: Settings) -> Iterator[Label]:
    """The topic's labels; what is none is in the dead letters by its reader's doing."""
    for record in read_all(settings, LABELS):
        with suppress(msgspec.DecodeError):
            yield _read_label(record.value or b"")


def _send(settings: Settings, labels: list[Label]) -> None:
    check_topics_for_producing(settings, (LABELS,))
    sender = BulkSender(settings)
    for label in labels:
        sender.send(Output(LABELS, label.visitor_id.encode(), encode(label)))
    sender.flush()


def _validated(given: dict[str, object]) -> Label:
    try:
        return Label.model_validate(given)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in wrong["loc"])
        raise UsageError(f"The label's {where} is wrong: {wrong['msg']}.", "See `weir labels add --help`.") from error
