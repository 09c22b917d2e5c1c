"""Writes the table `scores` as one flat Parquet file with a column for each feature; the table has maps.

The file is for tools that read only Parquet. It has the rows of the table's newest version. The table's own files
would also give rows of files that Delta has compacted or deleted.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from weir.errors import UsageError
from weir.tables.catalogue import SCORES_TABLE
from weir.tables.reading import dataset
from weir.tables.types import MOMENT_TYPE

_KEPT = ("session_id", "visitor_id", "ts", "revision", "features_version", "kafka_offset")
_ROWS = 20_000
"""Rows of a batch, which take about 15 MB with the present features."""


def write_flat_scores(root: str, target: Path, numbers: Sequence[str], texts: Sequence[str]) -> int:
    """Writes the file, and replaces an older one when it is complete. An absent feature is null.

    Scores of sessions that another session took over are left out.

    Args:
        root: folder or object store of all tables.
        target: the file; its folder is made if it is missing.
        numbers: names of the features that are numbers.
        texts: names of the features that are categories or texts.

    Returns:
        The number of rows.

    Raises:
        UsageError: there is no table of scores.
        WorkError: the table can't be read.
    """
    found = dataset(root, SCORES_TABLE)
    if found is None:
        raise UsageError(f"There is no table scores in {root}.", "Name the folder or store that `table_uri` names.")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{uuid4().hex}")
    rows = 0
    try:
        with pq.ParquetWriter(part, _schema(numbers, texts)) as writer:
            for batch in found.scanner(
                columns=[*_KEPT, "features", "feature_texts"],
                filter=pads.field("merged_into").is_null(),
                batch_size=_ROWS,
            ).to_batches():
                writer.write_batch(_flat(batch, numbers, texts))
                rows += batch.num_rows
        os.replace(part, target)  # noqa: PTH105 -- says that it replaces
    finally:
        part.unlink(missing_ok=True)
    return rows


def _schema(numbers: Sequence[str], texts: Sequence[str]) -> pa.Schema:
    return pa.schema(
        [
            ("session_id", pa.string()),
            ("visitor_id", pa.string()),
            ("ts", MOMENT_TYPE),
            ("appended_order", MOMENT_TYPE),
            ("event_us", pa.int64()),
            ("revision", pa.int64()),
            ("features_version", pa.string()),
            ("kafka_offset", pa.int64()),
            *((name, pa.float64()) for name in numbers),
            *((name, pa.string()) for name in texts),
        ]
    )


def _flat(batch: pa.RecordBatch, numbers: Sequence[str], texts: Sequence[str]) -> pa.RecordBatch:
    schema = _schema(numbers, texts)
    columns = {name: batch.column(name) for name in _KEPT}
    columns["event_us"] = columns["ts"].cast(MOMENT_TYPE).cast(pa.int64())
    # Feast orders rows of the same time only by a second timestamp, so the offset is written as a timestamp.
    columns["appended_order"] = columns["kafka_offset"].cast(pa.int64()).cast(MOMENT_TYPE)
    for names, held in ((numbers, "features"), (texts, "feature_texts")):
        columns |= {name: pc.map_lookup(batch.column(held), pa.scalar(name), "first") for name in names}
    arrays = [columns[name].cast(schema.field(name).type) for name in schema.names]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
