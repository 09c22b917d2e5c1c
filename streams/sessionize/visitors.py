"""The visitors of a partition with open sessions: encoded, and decoded between use and the next flush."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from streams.sessionize.open_session import VisitorState, decode_visitor, encode_visitor
from streams.sessionize.state import SessionEnd, decode_ends

PREFIX = b"v"
"""Type byte of a visitor's state entry."""
MAX_DECODED = 20_000
"""Visitors that stay decoded between two checkpoints; beyond, those used first are encoded."""


class Visitors:
    """The state of each visitor.

    A visitor is decoded at its first use and encoded once, by `changes`, so that memory and changelog share the bytes.
    """

    def __init__(self) -> None:
        self._encoded: dict[str, bytes] = {}
        self._decoded: dict[str, VisitorState] = {}
        self.changed: dict[str, None] = {}
        """Visitors whose state changed since it was written. A caller that changes what `get` returned adds it here."""
        self._gone: dict[str, None] = {}

    def __len__(self) -> int:
        """Upper bound of the visitors with open sessions: those encoded and decoded count twice."""
        return len(self._encoded) + len(self._decoded)

    def __iter__(self) -> Iterator[str]:
        """Every visitor with open sessions, once."""
        yield from self._decoded
        yield from (visitor for visitor in self._encoded if visitor not in self._decoded)

    def get(self, visitor: str) -> VisitorState | None:
        """The visitor's state, None without open sessions. A caller that changes it adds the visitor to `changed`."""
        state = self._decoded.get(visitor)
        if state is None:
            data = self._encoded.get(visitor)
            if data is None:
                return None
            state = self._decoded[visitor] = decode_visitor(data)
        return state

    def at(self, visitor: str) -> VisitorState:
        """The state of a visitor with open sessions.

        Raises:
            KeyError: The visitor has none.
        """
        state = self.get(visitor)
        if state is None:
            raise KeyError(visitor)
        return state

    def add(self, visitor: str) -> VisitorState:
        """Adds an empty state for a visitor without one."""
        state = self._decoded[visitor] = VisitorState()
        self.changed[visitor] = None
        return state

    def remove(self, visitor: str) -> None:
        """Drops a visitor."""
        self._decoded.pop(visitor, None)
        self.changed.pop(visitor, None)
        if self._encoded.pop(visitor, None) is not None:
            self._gone[visitor] = None

    def ends(self, visitor: str) -> Sequence[SessionEnd]:
        """The ends of a visitor's open sessions; the rest of the state is not decoded."""
        state = self._decoded.get(visitor)
        if state is not None:
            return state.sessions  # type: ignore[return-value]  # the head of an OpenSession is a SessionEnd
        data = self._encoded.get(visitor)
        return decode_ends(data).sessions if data is not None else ()

    def trim(self) -> None:
        """Encodes visitors beyond `MAX_DECODED`; called between two events."""
        excess = len(self._decoded) - MAX_DECODED
        if excess <= 0:
            return
        for visitor in list(self._decoded)[: excess + MAX_DECODED // 2]:
            state = self._decoded.pop(visitor)
            if visitor in self.changed:
                self._encoded[visitor] = encode_visitor(state)

    def load(self, key: bytes, value: bytes) -> None:
        """Restores a state entry."""
        self._encoded[key[1:].decode()] = value

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """State entries that changed since the last call, None for dropped visitors. All visitors are encoded then."""
        entries: list[tuple[bytes, bytes | None]] = []
        for visitor in self.changed:
            state = self._decoded.get(visitor)
            if state is not None:
                self._encoded[visitor] = encode_visitor(state)
            entries.append((PREFIX + visitor.encode(), self._encoded[visitor]))
        entries.extend((PREFIX + visitor.encode(), None) for visitor in self._gone if visitor not in self._encoded)
        self.changed.clear()
        self._gone.clear()
        self._decoded.clear()
        return entries
