"""What is compared session by session, put aside on disk in shares that fit in memory.

A run has millions of records, and as many that are due. All that belongs to one session lies in one share, so shares
are compared one after another: a hash join, as databases do it where neither side fits in memory.
"""

from __future__ import annotations

import pickle
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self
from zlib import crc32

from tests.chaos.oracle.expected import Place, Revision
from tests.chaos.oracle.records import Record

SHARES = 128
Life = list[Revision]
_BITS = 8


@dataclass(slots=True)
class Share:
    """Some sessions: all that is due of them, and all that there is."""

    sessions: dict[str, list[Life]] = field(default_factory=dict)
    """What is due, by id, one list a life."""
    records: list[Record] = field(default_factory=list)
    """Session records, each session's in the order of offsets."""
    flags: list[Record] = field(default_factory=list)
    """Likewise."""


class Shares:
    """Everything of every session, in files of a folder; a context that closes them.

    Several processes may put aside in one folder, each under a name of its own, as long as all of one kind of a
    session comes from one of them. They are read when all are closed.
    """

    def __init__(self, folder: Path, name: str = "all") -> None:
        with ExitStack() as stack:
            self._files: list[BinaryIO] = [
                stack.enter_context((folder / f"{number}-{name}.pickle").open("wb")) for number in range(SHARES)
            ]
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def put_life(self, session: str, life: Life) -> None:
        """Puts aside the revisions that are due of a session's life."""
        self._put(session, "life", (session, life))

    def put_record(self, session: str, record: Record) -> None:
        """Puts aside a session's record."""
        self._put(session, "record", record)

    def put_flag(self, session: str, record: Record) -> None:
        """Puts aside a session's flag."""
        self._put(session, "flag", record)

    def _put(self, session: str, kind: Literal["life", "record", "flag"], value: object) -> None:
        # Not `hash`: it differs from process to process.
        file = self._files[crc32(session.encode(errors="replace")) % SHARES]
        pickle.dump((kind, value), file, pickle.HIGHEST_PROTOCOL)


def share_of(folder: Path, number: int) -> Share:
    """One of the `SHARES` shares that were put aside in a folder."""
    share = Share()
    for path in sorted(folder.glob(f"{number}-*.pickle")):
        with path.open("rb") as file:
            for kind, value in _values(file):
                if kind == "life":
                    session, life = value
                    share.sessions.setdefault(session, []).append(life)
                else:
                    (share.records if kind == "record" else share.flags).append(value)
    return share


def _values(file: BinaryIO) -> Iterator[tuple[str, Any]]:
    while True:
        try:
            yield pickle.load(file)  # our own, of this very run
        except EOFError:
            return


class Places(Collection[Place]):
    """Places in a topic, a bit each."""

    def __init__(self) -> None:
        self._bits: dict[int, bytearray] = {}
        self._count = 0

    def add(self, place: Place) -> None:
        """Takes one more."""
        partition, offset = place
        bits = self._bits.setdefault(partition, bytearray())
        at, bit = divmod(offset, _BITS)
        if at >= len(bits):
            bits.extend(bytes(at + 1 - len(bits) + len(bits) // 2))
        self._count += not bits[at] & 1 << bit
        bits[at] |= 1 << bit

    def note(self, record: Record) -> None:
        """Takes the place in the input that a record's headers name, if they do."""
        partition, offset = record.header("partition"), record.header("offset")
        if partition is not None and offset is not None:
            self.add((int(partition), int(offset)))

    def __contains__(self, place: object) -> bool:
        if not isinstance(place, tuple):
            return False
        partition, offset = place
        at, bit = divmod(offset, _BITS)
        bits = self._bits.get(partition, b"")
        return at < len(bits) and bool(bits[at] & 1 << bit)

    def __iter__(self) -> Iterator[Place]:
        for partition, bits in self._bits.items():
            for offset in range(len(bits) * _BITS):
                if (partition, offset) in self:
                    yield partition, offset

    def __len__(self) -> int:
        return self._count
