"""The features of Weir as Feast's objects, built from `features.json`; `feast apply` registers them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from feast import Entity, FeatureView, Field, FileSource, PushSource, ValueType
from feast.data_format import ParquetFormat
from feast.types import Float64, Int64, String

HERE = Path(__file__).parent
HISTORY = os.environ.get("WEIR_FEAST_HISTORY", str(HERE / "data" / "scores.parquet"))
TOLD = json.loads((HERE / "features.json").read_text(encoding="utf-8"))
_TYPES = {"float": Float64, "int": Int64, "string": String}


def _field(told: dict[str, Any]) -> Field:
    tags = {name: told[name] for name in ("unit", "kind", "version", "code") if told.get(name)}
    if told.get("inputs"):
        tags["inputs"] = ",".join(told["inputs"])
    return Field(name=told["name"], dtype=_TYPES[told["type"]], description=told["description"], tags=tags)


def _view(told: dict[str, str]) -> FeatureView:
    entity = ENTITIES[told["entity"]]
    fields = [_field(one) for one in (*TOLD["provenance"], *TOLD["features"])]
    return FeatureView(
        name=told["name"],
        entities=[entity],
        schema=[Field(name=entity.join_key, dtype=String), *fields],
        source=PushSource(name=f"{told['name']}_push", batch_source=SCORES),
        description=told["description"],
        online=True,
    )


SCORES = FileSource(
    name="weir_scores",
    path=HISTORY,
    file_format=ParquetFormat(),
    timestamp_field="ts",
    created_timestamp_column="appended_order",
    description="The table scores, written by `weir feast history`",
)
ENTITIES = {
    told["name"]: Entity(
        name=told["name"], join_keys=[told["key"]], value_type=ValueType.STRING, description=told["description"]
    )
    for told in TOLD["entities"]
}
session, visitor = ENTITIES["session"], ENTITIES["visitor"]
session_features, visitor_features = (_view(told) for told in TOLD["views"])
