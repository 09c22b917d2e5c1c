"""From a record of the topic of labels to what somebody said, and whether it lies where it belongs.

Silences: which bytes are a label. One that the topic has with another key, or in another partition, than its visitor's
says nothing where it lies: join sends the same bytes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.chaos.oracle.expected import Place
from tests.chaos.oracle.placing import is_in_place
from tests.chaos.oracle.reading import RefusedError, read_object
from tests.chaos.oracle.records import Record, Settings

MAX_BYTES = 64 * 1024
REPORT, WEAK = "report:", "weak:"


class Said(NamedTuple):
    """A label."""

    visitor: str
    session: str | None
    ts: float
    label: str
    source: str
    category: str | None
    weight: float


@dataclass
class Labels:
    """The topic of labels, sorted by what a record is."""

    said: dict[int, list[tuple[Record, Said]]] = field(default_factory=dict)
    """By partition, those in their place."""
    misplaced: list[Record] = field(default_factory=list)
    unreadable: dict[Place, Record] = field(default_factory=dict)

    def all(self) -> Iterable[tuple[Record, Said]]:
        """Those in their place, of all partitions."""
        return (one for _, found in sorted(self.said.items()) for one in found)


def sort_labels(records: Iterable[Record], settings: Settings) -> Labels:
    """Reads the topic's records, each partition in the order of offsets."""
    labels = Labels()
    for record in records:
        said = read_label(record.value)
        if said is None:
            labels.unreadable[record.partition, record.offset] = record
        elif is_in_place(record, said.visitor, settings.partitions):
            labels.said.setdefault(record.partition, []).append((record, said))
        else:
            labels.misplaced.append(record)
    return labels


def read_label(value: bytes | None) -> Said | None:
    """What somebody said; None for what is no label."""
    try:
        sent = read_object(value, MAX_BYTES)
    except RefusedError:
        return None
    names = [sent.get(name) for name in ("visitor_id", "source")]
    session, category, weight = sent.get("session_id"), sent.get("category"), sent.get("weight", 1.0)
    fine = (
        all(_is_text(name, 1, 512) for name in names)
        and (session is None or _is_text(session, 1, 512))
        and (category is None or _is_text(category, 0, 128))
        and (_is_number(sent.get("ts")) and sent["ts"] >= 0)
        and (_is_number(weight) and 0 < weight <= 100)
        and sent.get("label") in {"good", "bad", "withdrawn"}
    )
    if not fine:
        return None
    return Said(sent["visitor_id"], session, sent["ts"], sent["label"], sent["source"], category, weight)


def is_report(source: str) -> bool:
    """Whether a visitor reports another."""
    return source.startswith(REPORT)


def is_trusted(source: str, settings: Settings) -> bool:
    """Whether answers of the source decide; a name that ends in `*` stands for all that begin so."""
    if source.startswith((REPORT, WEAK)):
        return False
    return any(
        source.startswith(name[:-1]) if name.endswith("*") else source == name for name in settings.human_sources
    )


def _is_text(value: Any, least: int, most: int) -> bool:  # noqa: ANN401 -- any JSON value
    return isinstance(value, str) and least <= len(value) <= most


def _is_number(value: Any) -> bool:  # noqa: ANN401 -- any JSON value
    return isinstance(value, (int, float)) and not isinstance(value, bool)
