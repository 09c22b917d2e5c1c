from __future__ import annotations

import json

import pytest

from weir.contracts.fast import decoder
from weir.tables.catalogue import LABELS_TABLE
from weir.tables.columns import RecordPosition, schema

pytest.importorskip("pyarrow")

from weir.tables import batch
from weir.tables.batch import Batch, is_full

LABEL = {"visitor_id": "v", "session_id": None, "ts": 1_700_000_000.0, "label": "bad", "source": "people"}


def filled(*times: float) -> Batch:
    made = Batch(LABELS_TABLE)
    decode = decoder(LABELS_TABLE.contract)
    for at, ts in enumerate(times):
        made.add(decode(json.dumps(LABEL | {"ts": ts}).encode()), RecordPosition(0, at, 0), 100)
    return made


def test_what_is_taken_waits_no_more() -> None:
    waiting = filled(1.0, 2.0)
    assert (len(waiting), waiting.bytes) == (2, 200)
    assert waiting.take().num_rows == 2
    assert (len(waiting), waiting.bytes, waiting.take().num_rows) == (0, 0, 0)


def test_a_record_that_no_column_can_hold_costs_no_other_record_its_row() -> None:
    waiting = filled(1.0, 1e300, 3.0)
    rows = waiting.take()
    assert rows["kafka_offset"].to_pylist() == [0, 2]
    assert rows.schema == schema(LABELS_TABLE)
    assert waiting.unfit == [RecordPosition(0, 1, 0)]


def test_rows_or_bytes_make_batches_full_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "BATCH_ROWS", 4)
    assert not is_full(filled(1.0, 2.0), filled(3.0))
    assert is_full(filled(1.0, 2.0), filled(3.0, 4.0))
    monkeypatch.setattr(batch, "BATCH_BYTES", 200)
    assert is_full(filled(1.0, 2.0))
