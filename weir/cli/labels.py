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
from weir.cli.options import Json, moment, with_settings
from weir.cli.output import clock_time, print_json, say, show
from weir.contracts import Label
from weir.contracts.fast import decoder, encode
from weir.contracts.label import is_weak
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
