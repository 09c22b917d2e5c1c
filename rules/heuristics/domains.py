"""Lists of domains that stand in files beside a pack."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from rules.document import MAX_FILE_BYTES, Document
from rules.heuristics.entries import MOST_DOMAINS
from rules.problems import Problem

COMMENT = "#"


def with_domains(document: Document) -> tuple[Document, list[Problem]]:
    """The document with each `domains_file`'s domains as `domains`, and the errors in the files."""
    listed: Any = document.value.get("patterns") if isinstance(document.value, dict) else None
    if not isinstance(listed, list) or not any(isinstance(row, dict) and "domains_file" in row for row in listed):
        return document, []
    rows, problems = [], []
    for position, row in enumerate(listed):
        name = row.get("domains_file") if isinstance(row, dict) else None
        found = _domains(Path(document.name).parent / name) if isinstance(name, str) else ()
        if isinstance(found, str):
            where = ("patterns", position, "domains_file")
            problems.append(document.problem(f"{name} {found}.", "It is looked for beside the pack.", *where))
        rows.append(row | {"domains": list(found)} if found and not isinstance(found, str) else row)
    return replace(document, value=document.value | {"patterns": rows}), problems


def _domains(file: Path) -> tuple[str, ...] | str:
    """The domains in a file, or its errors."""
    try:
        if file.stat().st_size > MAX_FILE_BYTES or not file.is_file():
            return "is no file, or too large a one"
        lines = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return "is no UTF-8"
    except OSError as error:
        return f"can't be read: {error.strerror or error}"
    names = tuple(dict.fromkeys(line.split(COMMENT)[0].strip().lower() for line in lines))
    found = tuple(name for name in names if name)
    if not found:
        return "has no domain in it"
    return found if len(found) <= MOST_DOMAINS else f"has more than {MOST_DOMAINS:,} domains"
