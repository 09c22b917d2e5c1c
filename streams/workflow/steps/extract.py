"""Step `extract`: the rows of the Delta table `examples`, in the order of the training topic, as one Parquet file."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow.parquet as pq

from streams.workflow.steps.files import run_step
from weir.errors import UsageError
from weir.tables.catalogue import EXAMPLES_TABLE
from weir.tables.columns import schema
from weir.tables.reading import dataset


def main(arguments: Mapping[str, str]) -> None:
    """Writes the examples.

    Raises:
        UsageError: The table doesn't exist or is empty.
        WorkError: The table can't be read.
    """
    root = arguments["table"]
    asked = arguments.get("table-version")
    found = dataset(root, EXAMPLES_TABLE, version=None if asked is None else int(asked))
    if found is None:
        raise UsageError(f"There is no table examples in {root}.", "Name the folder that `table_uri` names.")
    rows = found.to_table(columns=schema(EXAMPLES_TABLE).names)
    if not rows.num_rows:
        raise UsageError(f"The table examples in {root} has no rows.", "Human labels and weak labels fill it.")
    order = [("kafka_partition", "ascending"), ("kafka_offset", "ascending")]
    pq.write_table(rows.sort_by(order), arguments["examples"])


if __name__ == "__main__":
    run_step(main, ("table", "examples"), ("table-version",))
