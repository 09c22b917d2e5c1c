"""How a measure tells its progress and its result: for people, or as JSON."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Rows = Sequence[tuple[str, str]]
_begun_s = time.monotonic()


def arguments(parser: argparse.ArgumentParser, name: str) -> argparse.Namespace:
    """What was given, with what all measures take."""
    parser.add_argument("--json", action="store_true", help="the result as JSON, and nothing else, on standard output")
    parser.add_argument("--folder", type=Path, default=Path("build") / name, help="where the result is kept")
    return parser.parse_args()


def say(text: str) -> None:
    """Tells how far it is; standard output is the result's."""
    sys.stderr.write(f"{time.monotonic() - _begun_s:6.1f} s  {text}\n")
    sys.stderr.flush()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, aligned for whoever reads it as it is."""
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [head, *rows]]
    lines.insert(1, "-|-".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" if at != 1 else f"|-{line}-|" for at, line in enumerate(lines)) + "\n"


def keep(folder: Path, page: str, figures: Mapping[str, Any], *, as_json: bool) -> None:
    """Writes `result.md` and `result.json`, and prints one of them."""
    folder.mkdir(parents=True, exist_ok=True)
    written = json.dumps(figures, indent=1) + "\n"
    (folder / "result.md").write_text(page)
    (folder / "result.json").write_text(written)
    sys.stdout.write(written if as_json else page)
    say(f"kept in {folder}")
