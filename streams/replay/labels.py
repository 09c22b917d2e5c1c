"""Labels from a file, in the order of time."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from weir.contracts import Label
from weir.errors import UsageError


def read_labels(path: Path) -> list[Label]:
    """The labels of a file of JSON lines, sorted stably by `ts`; empty lines are skipped.

    Raises:
        UsageError: The file can't be read, or one of its lines is not a valid label.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UsageError(f"Can't read the labels in {path}: {error.strerror}.", "Name a file of JSON lines.") from error
    labels = [_read_label(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    return sorted(labels, key=lambda label: label.ts)


def _read_label(path: Path, number: int, line: bytes) -> Label:
    try:
        return Label.model_validate_json(line)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in wrong["loc"])
        raise UsageError(
            f"Line {number} of {path} is not a valid label: {f'{where}: ' if where else ''}{wrong['msg']}.",
            'A label looks like {"visitor_id": "v1", "ts": 1767225600, "label": "bad", "source": "moderation"}.',
        ) from error
