"""What whoever sends labels is told of those that do less than they seem to."""

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
    """Says which visitors nobody has seen, and whose answers teach and decide nothing.

    Raises:
        ClusterError: the cluster doesn't answer.
    """
    unseen = keys_without_records(settings, SESSIONS, {label.visitor_id for label in labels})
    if unseen is None:
        say("Whether there are sessions of these visitors was not found out in time.")
    elif unseen:
        topic = settings.names.public(SESSIONS)
        say(f"Nobody has seen {_names(unseen)}: {topic} has no session of theirs. Are the names right?")
        say("A label waits for a session, and is forgotten if none comes.")
    people = {label.source for label in labels if kind_of(label.source) == "people"}
    teaching = [source for source in people if not is_trusted(source, settings.human_sources)]
    if teaching:
        say(f"Not in human_sources: {_names(teaching)}. Models learn from these answers; they decide nothing.")


def _names(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = len(ordered) - MOST_NAMES
    return ", ".join(ordered[:MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")
