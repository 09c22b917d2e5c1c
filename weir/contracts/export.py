"""Writes the JSON Schemas of all records, for programs in other languages: `python -m weir.contracts.export`.

It refuses to write a schema that breaks programs that rely on the existing one (`compatibility.py`), unless
`--allow-incompatible` is given; such a change needs a note in the changelog.
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
"""Records that other programs write and Weir reads: their schemas may become laxer."""
ANNOUNCED = frozenset({"people", "refresh"})
"""New values of fields with a choice, which docs/consumers.md announces to readers of the topics."""


def records() -> list[type[Record]]:
    """All records, in the order of their names."""
    named = (getattr(weir.contracts, name) for name in sorted(weir.contracts.__all__))
    return [item for item in named if isinstance(item, type) and issubclass(item, Record) and item is not Record]


def file_of(record: type[Record]) -> Path:
    """The file of the record's schema."""
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", record.__name__).lower()
    return FOLDER / f"{snake}.json"


def schema_of(record: type[Record]) -> dict[str, Any]:
    """The record's schema, derived from the model."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **record.model_json_schema()}


def text_of(record: type[Record]) -> str:
    """The text of the schema's file."""
    return json.dumps(schema_of(record), indent=2, ensure_ascii=False) + "\n"


def incompatible_changes(record: type[Record]) -> list[str]:
    """The model's changes that break programs that rely on the schema in the file."""
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
        sys.stderr.write("\n".join([*changes, "Nothing was written. To write all the same: --allow-incompatible", ""]))
        return 1
    FOLDER.mkdir(exist_ok=True)
    for record in records():
        file_of(record).write_text(text_of(record))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
