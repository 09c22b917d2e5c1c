"""Truth files: JSON lines of the visitors, one file for each kind."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

from streams.demo.visitor import Kind, Visitor


class TruthFiles:
    """Writes each visitor once to `<folder>/<kind>.jsonl`, and stores its kind.

    Each line has `visitor_id`, `kind` and `bad`. A context manager; the folder is created if it is missing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.kinds: dict[str, Kind] = {}
        self._files: dict[Kind, IO[bytes]] = {kind: (folder / f"{kind}.jsonl").open("wb") for kind in Kind}

    def add(self, visitor: Visitor) -> None:
        """Adds a visitor; further calls for the same visitor have no effect."""
        if visitor.visitor_id in self.kinds:
            return
        kind = visitor.kind
        self.kinds[visitor.visitor_id] = kind
        line = {"visitor_id": visitor.visitor_id, "kind": kind.value, "bad": kind.is_bad}
        self._files[kind].write(msgspec.json.encode(line) + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.close()
