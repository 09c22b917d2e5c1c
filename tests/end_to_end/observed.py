"""What came out of a run, in the form in which two runs are compared."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from streams.dead_letter import dead_letter_line
from weir.kafka.reader import LogReader
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import DEAD_LETTER, FLAGS, LATE, LIMITS, SESSIONS, Topic

COMPARED = {"sessions": SESSIONS, "flags": FLAGS, "limits": LIMITS, "late": LATE, "dead-letters": DEAD_LETTER}
"""The option of `weir replay` and the topic of each output that must be equal."""


@dataclass(frozen=True)
class Observed:
    """Records as the promise compares them; those of one visitor in their order."""

    sessions: Mapping[str, list[str]]
    late: Mapping[str, list[str]]
    limits: list[str]
    """Visitors' alone: addresses' depend on when their sums arrive."""
    flags: Mapping[str, list[tuple[int, str, str]]]
    """By session: revision, verdict and reasons."""
    dead_letters: list[str]

    def counts(self) -> dict[str, int]:
        """How many records each output has."""
        return {field.name: _count(getattr(self, field.name)) for field in fields(self)}

    def has_all_of(self, other: Observed) -> bool:
        """Whether there are as many records as in `other`, or more, of every output."""
        own = self.counts()
        return all(own[name] >= count for name, count in other.counts().items())


def observed(lines: Mapping[str, Iterable[bytes]]) -> Observed:
    """From the JSON lines of each output."""
    return Observed(
        sessions=_by_visitor(lines["sessions"]),
        late=_by_visitor(lines["late"]),
        limits=sorted(line.decode() for line in lines["limits"] if json.loads(line)["kind"] == "visitor"),
        flags=_flags(lines["flags"]),
        dead_letters=sorted(_letter(json.loads(line)) for line in lines["dead-letters"]),
    )


def of_files(folder: Path) -> Observed:
    """What `weir replay` wrote into `folder`."""
    return observed({name: (folder / name).read_bytes().splitlines() for name in COMPARED})


def of_topics(settings: Settings) -> Observed:
    """What lies on the topics now, committed."""
    lines: dict[str, list[bytes]] = {name: [] for name in COMPARED}
    names = {settings.names.public(topic): name for name, topic in COMPARED.items()}
    for record in records(settings, *COMPARED.values()):
        name = names[record.topic]
        lines[name].append(_letter_line(record) if name == "dead-letters" else record.value or b"null")
    return observed(lines)


def records(settings: Settings, *topics: Topic) -> Iterator[LogRecord]:
    """All committed records of topics."""
    with LogReader(settings, [settings.names.public(topic) for topic in topics]) as reader:
        spans = reader.ranges()
        begin = {place: span.start for place, span in spans.items()}
        yield from reader.read(begin, {place: span.end for place, span in spans.items()})


def _letter_line(record: LogRecord) -> bytes:
    return dead_letter_line(record.key, record.value, record.headers)


def _by_visitor(lines: Iterable[bytes]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        found[json.loads(line)["visitor_id"]].append(line.decode())
    return dict(found)


def _flags(lines: Iterable[bytes]) -> dict[str, list[tuple[int, str, str]]]:
    found: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for flag in map(json.loads, lines):
        found[flag["session_id"]].append((flag["revision"], flag["verdict"], json.dumps(flag["reasons"])))
    return dict(found)


def _letter(letter: dict[str, Any]) -> str:
    return json.dumps([letter["headers"]["reason"], letter["headers"]["detail"], letter["value"]])


def _count(found: Mapping[str, list[Any]] | list[str]) -> int:
    return len(found) if isinstance(found, list) else sum(len(records) for records in found.values())
