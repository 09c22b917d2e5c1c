"""Writes users' actions for pages: under an id that the page chose, and visible before the next page is shown."""

from __future__ import annotations

from collections.abc import Sequence

from weir.console.context import Console
from weir.contracts import Action
from weir.errors import WorkError
from weir.kafka.records import Output

SEEN_S = 2.0
"""Seconds for which a request waits until the store shows its action, so that the next page shows it too."""


def check_current(console: Console) -> None:
    """Checks that the store is complete, since otherwise an action could be done twice.

    Raises:
        WorkError: the store is not complete yet.
    """
    if not console.follower.progress.is_current:
        raise WorkError(
            "The console is still reading the topics.", "Wait until it has reached their end, and send it again."
        )


def write(console: Console, action: Action, outputs: Sequence[Output] = ()) -> None:
    """Writes an action, and returns when the store shows it, or after a moment.

    Raises:
        WorkError: the store is not complete yet, or Kafka did not accept the action.
    """
    check_current(console)
    lies = console.writer.do(action, outputs)
    if lies is not None:
        (topic, partition), offset = lies
        console.follower.wait_for(topic, partition, offset, SEEN_S)
