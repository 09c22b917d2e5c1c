"""Shared code of the steps: arguments, Parquet and JSON files, and error messages."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from weir.errors import UsageError, WeirError

USAGE_ERROR = 2
Rows = list[dict[str, Any]]
FEATURES = (
    pa.field("features", pa.map_(pa.string(), pa.float64())),
    pa.field("feature_texts", pa.map_(pa.string(), pa.string())),
)
"""Columns of features as in the table of examples: numbers, and categories with texts."""


def run_step(main: Callable[[Mapping[str, str]], None], names: Sequence[str], optional: Sequence[str] = ()) -> None:
    """Calls a step with its arguments. On an error, exits with code 1, or with 2 if the same call would fail again.

    Args:
        main: The step's function, which takes the arguments by name; optional arguments may be missing.
        names: Names of the required arguments `--NAME VALUE`.
        optional: Names of the optional arguments.
    """
    parser = argparse.ArgumentParser()
    for name in names:
        parser.add_argument(f"--{name}", dest=name, required=True)
    for name in optional:
        parser.add_argument(f"--{name}", dest=name)
    try:
        main({name: value for name, value in vars(parser.parse_args()).items() if value is not None})
    except WeirError as error:
        sys.stderr.write(f"weir: {error.message}\n  {error.hint}\n")
        sys.exit(USAGE_ERROR if isinstance(error, UsageError) else 1)


def read_rows(path: str, columns: Sequence[str]) -> Rows:
    """A Parquet file's rows with these columns.

    Raises:
        UsageError: The file can't be read, or lacks a column.
    """
    try:
        rows: Rows = pq.read_table(path, columns=list(columns)).select(list(columns)).to_pylist()
    except (OSError, pa.ArrowException, KeyError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise UsageError(
            f"{path} can't be read as a step's input: {reason}.", "Check the step that wrote it."
        ) from error
    return rows


def write_rows(path: str, rows: Rows, schema: pa.Schema) -> None:
    """Writes rows as Parquet."""
    pq.write_table(pa.Table.from_pylist(rows, schema), path)


def features_of(row: Mapping[str, Any]) -> dict[str, float | str]:
    """A row's features in the order of names, as in records, since floating-point sums depend on the order."""
    return dict(sorted([*row["features"], *row["feature_texts"]]))


def read_json(path: str) -> dict[str, Any]:
    """A JSON file's object.

    Raises:
        UsageError: The file can't be read, or is not a JSON object.
    """
    try:
        found = json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} can't be read: {error}.", "Check the step that wrote it.") from error
    if not isinstance(found, dict):
        raise UsageError(f"{path} is not a JSON object.", "Check the step that wrote it.")
    return found


def write_json(path: str, value: Mapping[str, Any]) -> None:
    """Writes an object as JSON; equal objects give equal bytes."""
    Path(path).write_text(json.dumps(value, sort_keys=True, indent=1, allow_nan=False) + "\n", encoding="utf-8")
