"""`weir labels`: adds, lists and withdraws human labels on sessions and visitors."""

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
from weir.cli.labels_published import say_what_they_do
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
app = typer.Typer(no_args_is_help=True, help="Human labels on sessions and visitors.")


@app.callback()
def group() -> None:
    """Human labels on sessions and visitors."""


@app.command("add")
@with_settings
def add(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    visitor: Annotated[str | None, typer.Option("--visitor", help="The labelled visitor's id.")] = None,
    label: Annotated[str | None, typer.Option("--label", help="good or bad.")] = None,
    session: Annotated[
        str | None, typer.Option("--session", help="The labelled session; that open at --ts unless given.")
    ] = None,
    ts: Annotated[
        str | None, typer.Option("--ts", help="The label's time: ISO 8601 or seconds; now unless given.")
    ] = None,
    category: Annotated[str | None, typer.Option("--category", help="Kind of abuse, such as scraper.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="The label's source; your name unless given.")] = None,
    weight: Annotated[float, typer.Option("--weight", help="The label's weight, up to 100.")] = 1.0,
    file: Annotated[Path | None, typer.Option("--file", help="Labels as JSON lines instead.")] = None,
    as_json: Json = False,
) -> None:
    """Add one label, or a file of labels. They reach the trainer through the stage `join`.

    For example: weir labels add --visitor v1 --label bad --category scraper
    """
    if file is not None:
        if visitor is not None or label is not None:
            raise UsageError("--file is given with --visitor or --label.", "Give the file, or visitor and label.")
        labels = read_labels(file)
    elif visitor is None or label is None:
        missing = "--visitor" if visitor is None else "--label"
        raise UsageError(f"{missing} is missing.", "Give --visitor and --label, or a file of JSON lines with --file.")
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
    visitor: Annotated[str | None, typer.Option("--visitor", help="Only labels on this visitor.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only labels of this source.")] = None,
    weak: Annotated[bool, typer.Option("--weak", help="Weak labels, too.")] = False,
    at_most: Annotated[int, typer.Option("--max", min=1, help="Number of newest labels to show.")] = 50,
    as_json: Json = False,
) -> None:
    """List the labels on the topic by time, the newest last."""
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
    visitor: Annotated[str, typer.Option("--visitor", help="The labelled visitor's id.")],
    session: Annotated[
        str | None, typer.Option("--session", help="The labelled session; all sessions of the visitor unless given.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="The labels' source; your name unless given.")] = None,
    as_json: Json = False,
) -> None:
    """Withdraw a source's labels on a session, or all its labels on a visitor until now.

    Verdicts by these labels are lifted, and a waiting label never trains a model. Models don't unlearn labels.

    For example: weir labels withdraw --visitor v1
    """
    own_source = source or getpass.getuser()
    standing: list[Label] = []
    for label in _on_topic(settings):
        if (label.visitor_id, label.source) != (visitor, own_source) or session not in {None, label.session_id}:
            continue
        if label.label != WITHDRAWN:
            standing.append(label)
        else:
            standing = [one for one in standing if label.session_id not in {None, one.session_id}]
    if not standing:
        about = f"session {session} of {visitor}" if session else visitor
        raise UsageError(
            f"There is no label of {own_source} on {about} to withdraw.",
            f"`weir labels list --visitor {visitor}` shows all labels; choose another source with --source.",
        )
    now_s = max(time.time(), *(label.ts for label in standing))
    withdrawal = Label(visitor_id=visitor, session_id=session, ts=now_s, label=WITHDRAWN, source=own_source)
    _send(settings, [withdrawal])
    if as_json:
        print_json({"withdrawn": len(standing)})
        return
    for label in standing:
        of = f" of session {label.session_id}" if label.session_id else ""
        say(f"Withdrawn: {label.label}{of}, labelled by {own_source} at {clock_time(label.ts)}.")
    say("Verdicts by these labels are lifted. Models don't unlearn labels.")


def _on_topic(settings: Settings) -> Iterator[Label]:
    """The topic's labels; the stage `join` turns unreadable records into dead letters."""
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
