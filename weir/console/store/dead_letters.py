"""Dead letters of the store: how many by reason and by producer, the first of each, and the newest."""

from __future__ import annotations

from dataclasses import dataclass

from weir.console.store.reading import Row, StoreReader
from weir.contracts.dead_letter_reason import advice, meaning

MOST_SHOWN = 100
MOST_PRODUCERS = 50


@dataclass(frozen=True, slots=True)
class OfReason:
    """Dead letters of one reason."""

    reason: str
    number: int
    newest_s: float
    first: Row
    """The oldest that the store has."""

    @property
    def meaning(self) -> str:
        """The meaning of the reason."""
        return meaning(self.reason)

    @property
    def advice(self) -> str:
        """The advice for the producer."""
        return advice(self.reason)

    @property
    def text(self) -> str:
        """The beginning of the first one's bytes."""
        return bytes(self.first["head"]).decode(errors="backslashreplace")


def by_reason(store: StoreReader) -> list[OfReason]:
    """Each reason, the most frequent first."""
    counted = store.rows(
        "SELECT reason, count(*) AS number, max(told_s) AS newest_s FROM dead_letters GROUP BY reason"
        " ORDER BY number DESC, reason"
    )
    found = []
    for row in counted:
        first = store.row(
            "SELECT * FROM dead_letters WHERE reason = ? ORDER BY told_s, partition, offset LIMIT 1", (row["reason"],)
        )
        if first is not None:  # the store forgot it in between
            found.append(OfReason(row["reason"], row["number"], row["newest_s"], first))
    return found


def by_producer(store: StoreReader) -> list[Row]:
    """Each producer with each of its reasons, the most frequent first."""
    return store.rows(
        "SELECT producer, reason, count(*) AS number, min(told_s) AS first_s, max(told_s) AS newest_s"
        " FROM dead_letters GROUP BY producer, reason ORDER BY number DESC, producer, reason LIMIT ?",
        (MOST_PRODUCERS,),
    )


def newest(store: StoreReader, reason: str, producer: str, before_s: float | None = None) -> list[Row]:
    """The newest dead letters, of a reason and a producer if these are given; one more than a page shows."""
    asked = {"reason = ?": reason, "producer = ?": producer, "told_s < ?": before_s}
    wanted = {condition: value for condition, value in asked.items() if value not in {"", None}}
    where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
    return store.rows(
        f"SELECT * FROM dead_letters{where} ORDER BY told_s DESC, partition, offset DESC LIMIT ?",
        (*wanted.values(), MOST_SHOWN + 1),
    )
