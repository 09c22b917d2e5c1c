from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from weir.contracts.fast import decoder
from weir.tables.catalogue import EXAMPLES_TABLE, LATE_TABLE, SESSIONS_TABLE, TABLES, Table
from weir.tables.columns import RecordPosition, rows, schema

pa = pytest.importorskip("pyarrow")

SESSION: dict[str, Any] = {
    "session_id": "s1", "visitor_id": "v1", "account_ids": ["a"], "start": 1_700_000_000.25, "end": 1_700_000_010.5,
    "duration_s": 10.25, "revision": 2, "final": True, "split": False, "merged_into": None, "events": 2,
    "counts": {"click": 1, "page_view": 1}, "statuses": {}, "methods": {"GET": 2}, "bytes": 5,
    "gaps": {"mean": 1.0, "standard_deviation": 0.0, "minimum": 1.0, "maximum": 1.0},
    "distinct_urls": 1, "repeats": 1, "page_views": 1, "clicks": 1, "searches": 0, "carts": 0, "purchases": 0,
    "click_through": 1.0, "cart_rate": 0.0, "conversion": 0.0, "revenue": {"EUR": 2.5},
    "items": [{"item_id": "i", "type": "click", "ts": 1_700_000_001.0}], "items_dropped": 0, "texts": [],
    "entry_url": "/", "exit_url": None, "referrer": None, "user_agent": "x", "ip": None, "rate_limited": 0,
    "heuristics": {"tool": {"hits": 2, "version": "1"}},
}  # fmt: skip


def made(table: Table, *records: dict[str, Any]) -> list[dict[str, Any]]:
    decode = decoder(table.contract)
    decoded = [decode(json.dumps(record).encode()) for record in records]
    found = rows(table, decoded, [RecordPosition(3, 40 + at, 1_700_000_020_000) for at in range(len(decoded))])
    assert found.schema == schema(table)
    told: list[dict[str, Any]] = found.to_pylist()
    return told


def test_a_session_becomes_a_row_with_moments_maps_lists_and_structs_of_their_own_types() -> None:
    row, alone = made(SESSIONS_TABLE, SESSION, SESSION | {"gaps": None, "items": [], "counts": {}})
    assert row["start"] == datetime(2023, 11, 14, 22, 13, 20, 250_000, tzinfo=UTC)
    assert dict(row["counts"]) == {"click": 1, "page_view": 1}
    assert row["items"] == [{"item_id": "i", "type": "click", "ts": datetime(2023, 11, 14, 22, 13, 21, tzinfo=UTC)}]
    assert dict(row["heuristics"]) == {"tool": {"hits": 2, "version": "1"}}
    assert row["gaps"]["mean"] == 1.0
    assert (row["day"], row["kafka_partition"], row["kafka_offset"]) == (date(2023, 11, 14), 3, 40)
    assert (alone["gaps"], alone["items"], alone["counts"]) == (None, [], [])


def test_an_event_keeps_its_time_however_it_was_written_and_its_properties_as_json() -> None:
    event = {"event_id": "e", "visitor_id": "v", "type": "click"}
    first, second = made(
        LATE_TABLE,
        event | {"ts": "2023-11-14T22:13:20Z", "properties": {"b": [1], "a": None}},
        event | {"ts": 1_700_000_000_000},
    )
    assert first["ts"] == second["ts"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert first["properties"] == '{"a":null,"b":[1]}'
    assert second["properties"] is None


def test_features_that_are_numbers_and_features_that_are_words_have_a_column_each() -> None:
    example = {
        "example_id": "x", "session_id": "s", "visitor_id": "v", "features": {"n": 1.5, "m": 2, "w": "bot"},
        "features_version": "1", "score": None, "model": None, "label": "bad", "category": None, "source": "me",
        "weight": 1.0, "labelled_at": 1_700_000_000.0,
    }  # fmt: skip
    (row,) = made(EXAMPLES_TABLE, example)
    assert dict(row["features"]) == {"n": 1.5, "m": 2.0}
    assert dict(row["feature_texts"]) == {"w": "bot"}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_says_what_it_means_and_no_row_is_an_empty_table(table: Table) -> None:
    assert all(field.metadata[b"comment"] for field in schema(table))
    assert rows(table, [], []).schema == schema(table)
