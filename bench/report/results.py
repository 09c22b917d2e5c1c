"""Raw results in a file, one entry a measure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


class Results:
    """What was measured so far."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def all(self) -> dict[str, Any]:
        """Measure to its figures, with the conditions under which they were taken."""
        return json.loads(self.file.read_text()) if self.file.exists() else {}

    def put(self, name: str, figures: Mapping[str, Any], conditions: Mapping[str, Any]) -> None:
        """Takes the place of an earlier result of that measure."""
        known = self.all() | {name: {**figures, "conditions": conditions}}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(known, indent=1) + "\n")


def is_right(results: Mapping[str, Any], names: Iterable[str]) -> bool:
    """Whether nobody published anything wrong, and nothing failed."""
    asked = [results[name] for name in names]
    faults = [run["faults"] for one in asked for run in one.get("runs", ()) if isinstance(run, dict)]
    return not any(faults) and not any("failed" in one for one in asked)
