"""Outputs of a query's rows: a table, JSON lines, CSV or a Parquet file. Each fetches the rows in portions."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import msgspec
import pyarrow.parquet as pq

from weir.cli.output import print_json, printable, say, show

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PORTION = 2_048
"""Rows that are fetched at a time."""
MOST_COLUMNS = 14
"""Most columns of a table; rows with more columns are printed one below another, a line for each column."""


@dataclass(frozen=True)
class TableOutput:
    """An aligned table, and its number of rows."""

    limit: int

    def __call__(self, result: DuckDBPyConnection) -> None:
        """Prints the first rows, and whether there are more."""
        names = column_names(result)
        found = list(islice(rows(result), self.limit + 1))
        shown = [dict(zip(names, map(_readable, row), strict=True)) for row in found[: self.limit]]
        if len(names) > MOST_COLUMNS:
            _show_upright(shown)
        else:
            show(shown, names)
        more = " of more: --limit sets the number" if len(found) > self.limit else ""
        say(f"{len(shown):,} row{'s' * (len(shown) != 1)}{more}")


@dataclass(frozen=True)
class JsonOutput:
    """One JSON object for each row."""

    limit: int | None

    def __call__(self, result: DuckDBPyConnection) -> None:
        """Prints the rows as they come."""
        names = column_names(result)
        for row in islice(rows(result), self.limit):
            print_json(dict(zip(names, map(_plain, row), strict=True)))


@dataclass(frozen=True)
class CsvOutput:
    """A header and a line for each row; lists, maps and structs are JSON."""

    stream: TextIO
    limit: int | None

    def __call__(self, result: DuckDBPyConnection) -> None:
        """Writes the rows as they come; on a terminal, control characters are escaped."""
        writer = csv.writer(self.stream, lineterminator="\n")
        writer.writerow(column_names(result))
        safe = self.stream.isatty()
        for row in islice(rows(result), self.limit):
            texts = [_text(value) for value in row]
            writer.writerow([printable(text) for text in texts] if safe else texts)


@dataclass(frozen=True)
class ParquetOutput:
    """A Parquet file with the columns' types; it exists only if all rows were written."""

    path: Path
    limit: int | None

    def __call__(self, reader: Any) -> None:  # noqa: ANN401 -- Arrow has no types
        """Writes the rows to a temporary file, then renames it."""
        part, written = part_of(self.path), 0
        try:
            with pq.ParquetWriter(part, reader.schema) as writer:
                for batch in reader:
                    kept = batch if self.limit is None else batch.slice(0, self.limit - written)
                    writer.write_batch(kept)
                    written += kept.num_rows
                    if written == self.limit:
                        break
            part.rename(self.path)
        finally:
            part.unlink(missing_ok=True)
        say(f"{written:,} row{'s' * (written != 1)} in {self.path}")


def part_of(path: Path) -> Path:
    """The temporary file to which rows are written."""
    return path.with_name(f".{path.name}.part")


def column_names(result: DuckDBPyConnection) -> list[str]:
    """The columns' names; a repeated name gets a number as suffix."""
    names: list[str] = []
    for column in result.description or ():
        name, times = str(column[0]), 1
        while name in names:
            times += 1
            name = f"{column[0]}_{times}"
        names.append(name)
    return names


def _show_upright(shown: list[dict[str, object]]) -> None:
    for number, row in enumerate(shown, start=1):
        pairs = ({"column": name, "value": value} for name, value in row.items())
        show(pairs, ("column", "value"), title=f"row {number}")


def rows(result: DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    """The rows, fetched in portions."""
    while portion := result.fetchmany(PORTION):
        yield from portion


def _plain(value: object) -> object:
    """A value for JSON: times in UTC, decimals as numbers."""
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _text(value: object) -> str:
    plain = _plain(value)
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return str(plain).lower()
    if isinstance(plain, dict | list):
        return msgspec.json.encode(plain, enc_hook=str).decode()
    return str(plain)


def _readable(value: object) -> object:
    """A value for a table, which formats numbers itself."""
    if isinstance(value, datetime):
        return _moment(value).replace("T", " ")
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, bool | int | float) or value is None else _text(value)


def _moment(value: datetime) -> str:
    """A time in UTC, with a mark of the zone; a time without a zone gets no mark."""
    if value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
