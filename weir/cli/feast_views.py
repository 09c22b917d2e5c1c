"""Writes Feast's description of the features from their registry: `deploy/feast/features.json`.

Run it after a change of the registry: `python -m weir.cli.feast_views`. A test checks that the file is up to date.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from models.features.inputs import inputs
from models.features.registry import FEATURES, FEATURES_VERSION, Feature

FILE = Path(__file__).parents[2] / "deploy" / "feast" / "features.json"
_ENTITIES = (
    ("session", "session_id", "One session of a visitor"),
    ("visitor", "visitor_id", "Cookie or, for logs, derived from address and user agent"),
)
_VIEWS = (
    ("session_features", "session", "The scored features of a session's revisions"),
    ("visitor_features", "visitor", "Features of the visitor's newest scored session"),
)
_PROVENANCE = (
    ("event_us", "int", "us", "The session's end in this revision, since the epoch: the time of the features"),
    ("revision", "int", "", "The session's revision that was scored"),
    ("features_version", "string", "", "Version of the features' registry"),
    (
        "kafka_offset",
        "int",
        "",
        "The score's offset in its partition; of two at the same time the greater one counts",
    ),
)


def described(feature: Feature) -> dict[str, Any]:
    """A feature's declaration: name, type, unit, meaning, version, code and inputs."""
    return {
        "name": feature.name,
        "kind": feature.kind,
        "type": "float" if feature.kind == "number" else "string",
        "unit": feature.unit,
        "description": feature.meaning,
        "version": FEATURES_VERSION,
        "code": feature.code,
        "inputs": list(inputs(feature)),
    }


def views() -> str:
    """The file's text: entities, views, and the fields that each view has."""
    views = {
        "written_by": "python -m weir.cli.feast_views",
        "entities": [{"name": name, "key": key, "description": text} for name, key, text in _ENTITIES],
        "views": [{"name": name, "entity": entity, "description": text} for name, entity, text in _VIEWS],
        "provenance": [
            {"name": name, "type": kind, "unit": unit, "description": text} for name, kind, unit, text in _PROVENANCE
        ],
        "features": [described(feature) for feature in FEATURES],
    }
    return json.dumps(views, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(views(), encoding="utf-8")
