"""What the offline store says of a moment, and that online and offline say the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast import FeatureStore

FEATURES = json.loads((Path(__file__).parents[1] / "features.json").read_text())["features"]
NAMES = [told["name"] for told in FEATURES]
START = datetime(2026, 1, 1, tzinfo=UTC)


def plain(value: Any) -> Any:  # noqa: ANN401 -- a feature's value
    return None if pd.isna(value) else value


def test_each_feature_has_its_description_unit_version_and_code_in_feast(
    make_store: Callable[[Path], FeatureStore], tmp_path: Path
) -> None:
    view = make_store(tmp_path / "none.parquet").get_feature_view("session_features")
    fields = {field.name: field for field in view.features}
    for told in FEATURES:
        field = fields[told["name"]]
        assert field.description == told["description"]
        assert (field.tags.get("unit", ""), field.tags["version"]) == (told["unit"], told["version"])
        assert field.tags["code"] == told["code"]


def test_a_feature_of_the_future_is_not_in_the_row(
    make_store: Callable[[Path], FeatureStore], replayed: Path, tmp_path: Path
) -> None:
    schema = pq.read_schema(replayed / "scores.parquet")
    rows = [
        dict.fromkeys(schema.names)
        | {
            "session_id": "s", "visitor_id": "v", "ts": START + timedelta(hours=at), "revision": at,
            "appended_order": datetime.fromtimestamp(at, UTC), "events": float(at),
        }
        for at in (1, 2, 3)
    ]  # fmt: skip
    history = tmp_path / "planted.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema), history)
    store = make_store(history)
    moments = [START + timedelta(hours=at) for at in (0.5, 1.0, 2.5, 9.0)]
    asked = pd.DataFrame({"session_id": "s", "visitor_id": "v", "event_timestamp": moments})
    views = ("session_features", "visitor_features")
    found = store.get_historical_features(asked, [f"{view}:events" for view in views], full_feature_names=True).to_df()
    found = found.sort_values("event_timestamp")
    for view in views:
        assert [plain(value) for value in found[f"{view}__events"]] == [None, 1.0, 2.0, 3.0]


@pytest.mark.parametrize(("view", "key"), [("session_features", "session_id"), ("visitor_features", "visitor_id")])
def test_online_and_offline_agree_feature_by_feature(
    make_store: Callable[[Path], FeatureStore],
    replayed: Path,
    pusher: ModuleType,
    view: str,
    key: str,
) -> None:
    store = make_store(replayed / "scores.parquet")
    values = (replayed / "scores.jsonl").read_bytes().splitlines()
    rows = [row for at, value in enumerate(values) if (row := pusher.row_of(value, at)) is not None]
    for start in range(0, len(rows), 100):
        pusher.push(store, rows[start : start + 100])
    keys = sorted({row[key] for row in rows})[:60]
    refs = [f"{view}:{name}" for name in NAMES]
    asked = pd.DataFrame({key: keys, "event_timestamp": max(row["ts"] for row in rows)})
    offline = store.get_historical_features(asked, refs).to_df().set_index(key)
    online = store.get_online_features(refs, [{key: name} for name in keys]).to_dict()
    sources = {row[key]: row for row in sorted(rows, key=lambda row: (row["event_us"], row["kafka_offset"]))}
    assert len(keys) > 20
    for at, name in enumerate(online[key]):
        for feature in NAMES:
            expected = sources[name][feature]
            assert online[feature][at] == expected, (name, feature)
            assert plain(offline.loc[name, feature]) == expected, (name, feature)
    assert any(sources[name][feature] is None for name in keys for feature in NAMES)
