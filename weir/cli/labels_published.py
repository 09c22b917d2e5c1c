"""Notices to the sender of labels: visitors without sessions, and sources whose labels don't decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from weir.cli.output import say
from weir.contracts import Label
from weir.contracts.label import is_trusted, kind_of
from weir.kafka.keys import keys_without_records
from weir.settings import Settings
from weir.topics import SESSIONS

MOST_NAMES = 3


def say_what_they_do(settings: Settings, labels: Sequence[Label]) -> None:
    """Prints visitors without sessions, and sources whose labels only train models.

    Raises:
        ClusterError: the cluster doesn't answer.
    """
    unseen = keys_without_records(settings, SESSIONS, {label.visitor_id for label in labels})
    if unseen is None:
        say("The check whether these visitors have sessions took too long, and was stopped.")
    elif unseen:
        topic = settings.names.public(SESSIONS)
        say(f"{topic} has no session of {_names(unseen)}. Check the visitors' ids.")
        say("A label waits for a session, and is dropped if none comes.")
    people = {label.source for label in labels if kind_of(label.source) == "people"}
    teaching = [source for source in people if not is_trusted(source, settings.human_sources)]
    if teaching:
        say(f"Not in human_sources: {_names(teaching)}. These labels train models, and decide nothing.")


def _names(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = len(ordered) - MOST_NAMES
    return ", ".join(ordered[:MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")
