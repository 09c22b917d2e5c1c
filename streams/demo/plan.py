"""The plan of a demo, and settings with which a short demo shows results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Factor by which the demo's visitors are faster than real ones, so that a minute has whole visits.
PACE = 5.0
FASTER: Mapping[str, Any] = {
    "gap_s": 15.0,
    "grace_s": 3.0,
    "idle_timeout_s": 5.0,
    "gate_window": 200,
    "gate_every": 50,
    "gate_min_people": 20,
    "table_commit_s": 5.0,
}
"""Settings with which a short demo closes sessions and trains a model; `--set` overrides them."""


@dataclass(frozen=True)
class Plan:
    """The options of a demo."""

    seconds: float | None = None
    """How long the traffic runs; None means until Ctrl-C."""
    rate: float = 200.0
    """Events a second."""
    seed: int = 1
    folder: Path | None = None
    """Folder of broker, logs and truth, which is kept; None means a temporary folder."""
    tables: Path | None = None
    """Folder of Delta tables to write; None writes none."""
    flags: Mapping[str, str] = field(default_factory=dict)
    """Settings given on the command line."""
