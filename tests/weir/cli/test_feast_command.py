from __future__ import annotations

import json
from pathlib import Path

from models.features.registry import FEATURES
from tests.support.command import weir
from weir.cli.feast_views import FILE, views


def test_the_views_for_feast_are_those_of_the_registry() -> None:
    assert FILE.read_text() == views(), "run `python -m weir.cli.feast_views`"
    assert weir("feast", "views").out == views()


def test_the_views_can_be_written_to_a_file(tmp_path: Path) -> None:
    assert weir("feast", "views", "--out", str(tmp_path / "features.json")).code == 0
    assert (tmp_path / "features.json").read_text() == views()


def test_no_field_has_the_name_of_another() -> None:
    told = json.loads(views())
    fields = [one["name"] for one in (*told["provenance"], *told["features"])]
    names = [*fields, *(one["key"] for one in told["entities"]), "ts", "appended_order"]
    assert len(names) == len(set(names))


def test_a_history_without_tables_is_a_wrong_call(tmp_path: Path) -> None:
    out = str(tmp_path / "scores.parquet")
    assert weir("feast", "history", "--out", out).code == 2
    called = weir("feast", "history", "--out", out, "--table", str(tmp_path / "none"))
    assert called.code == 2
    assert "There is no table scores" in called.err


def test_features_are_listed_with_type_unit_version_code_and_inputs() -> None:
    rows = weir("features", "list", "--json").rows()
    assert [row["name"] for row in rows] == [feature.name for feature in FEATURES]
    (gap,) = (row for row in rows if row["name"] == "gap_mean_s")
    assert (gap["type"], gap["unit"], gap["code"]) == ("float", "s", "models.features.numbers:rhythm")
    assert {"gaps", "events"} <= set(gap["inputs"])
    assert "user_agent_family" in weir("features", "list").out


def test_a_push_without_a_repository_or_an_interpreter_is_a_wrong_call(tmp_path: Path) -> None:
    called = weir("feast", "push", "--repo", str(tmp_path))
    assert called.code == 2
    assert "push.py" in called.err
    called = weir("feast", "push", "--python", str(tmp_path / "python"))
    assert called.code == 2
    assert "--python names another place" in called.err
