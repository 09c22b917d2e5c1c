"""JSON Schemas of all records, for those who don't read Python: `python -m weir.contracts.export` writes them.

It refuses to write a schema that breaks those who rely on the one that is there (`compatibility.py`), unless
`--allow-incompatible` says that this is wanted; then the changelog should say so too.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import weir.contracts
from weir.contracts.base import Record
from weir.contracts.compatibility import Reading, breaks
from weir.contracts.event import Event
from weir.contracts.label import Label

FOLDER = Path(__file__).parent / "schemas"
WRITTEN_BY_OTHERS: tuple[type[Record], ...] = (Event, Label)
"""Weir reads them, and others write them: they may become laxer."""
ANNOUNCED = frozenset({"people", "refresh"})
"""New values of fields with a choice, which docs/consumers.md announces to readers of the topics."""


def records() -> list[type[Record]]:
    """Every record, by name."""
    named = (getattr(weir.contracts, name) for name in sorted(weir.contracts.__all__))
    return [item for item in named if isinstance(item, type) and issubclass(item, Record) and item is not Record]


def file_of(record: type[Record]) -> Path:
    """Where the record's schema lies."""
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", record.__name__).lower()
    return FOLDER / f"{snake}.json"


def schema_of(record: type[Record]) -> dict[str, Any]:
    """The record's schema as the model says."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **record.model_json_schema()}


def text_of(record: type[Record]) -> str:
    """The schema's file."""
    return json.dumps(schema_of(record), indent=2, ensure_ascii=False) + "\n"


def incompatible_changes(record: type[Record]) -> list[str]:
    """What the model now breaks for those who rely on the schema as it was written last."""
    path = file_of(record)
    if not path.exists():
        return []
    reading = Reading.BY_US if record in WRITTEN_BY_OTHERS else Reading.BY_ALL
    return [
        f"{record.__name__}{change}"
        for change in breaks(json.loads(path.read_text()), schema_of(record), reading, ANNOUNCED)
    ]


def main(arguments: Sequence[str]) -> int:
    """Writes all schemas; returns the exit code."""
    changes = [change for record in records() for change in incompatible_changes(record)]
    if changes and "--allow-incompatible" not in arguments:
        sys.stderr.write("\n".join([*changes, "Nothing was written. If this is wanted: --allow-incompatible", ""]))
        return 1
    FOLDER.mkdir(exist_ok=True)
    for record in records():
        file_of(record).write_text(text_of(record))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
