from __future__ import annotations

import ast
import json
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, create_model

from weir.contracts import export
from weir.contracts.base import Record
from weir.contracts.compatibility import Reading, breaks
from weir.topics import contracts


@pytest.mark.parametrize("record", export.records(), ids=lambda record: record.__name__)
def test_a_records_schema_is_written_as_the_model_says(record: type[Record]) -> None:
    written = export.file_of(record)
    assert written.exists(), "run: python -m weir.contracts.export"
    assert written.read_text() == export.text_of(record), "run: python -m weir.contracts.export"


@pytest.mark.parametrize("record", export.records(), ids=lambda record: record.__name__)
def test_no_record_has_changed_so_that_somebody_breaks(record: type[Record]) -> None:
    assert export.incompatible_changes(record) == []


def test_every_topics_contract_has_a_schema_and_no_schema_is_left_over() -> None:
    written = {path.name for path in export.FOLDER.glob("*.json")}
    assert {export.file_of(record).name for record in export.records()} == written
    assert {f"{export.file_of(contract).name}" for contract in contracts() if issubclass(contract, Record)} <= written


def schema(**fields: object) -> dict[str, object]:
    base = {"name": (str, ...), "kind": (Literal["a", "b"], ...), "size": (Annotated[int, Field(ge=0, le=9)], ...)}
    chosen = {name: field for name, field in (base | fields).items() if field is not None}
    return create_model("Example", __base__=Record, **chosen).model_json_schema()  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize(
    ("fields", "by_us", "by_all"),
    [
        ({}, False, False),
        ({"more": (str | None, None)}, False, False),
        ({"more": (str, ...)}, True, True),
        ({"name": None}, True, True),
        ({"name": (str, "x")}, False, True),
        ({"name": (int, ...)}, True, True),
        ({"name": (str | None, ...)}, False, True),
        ({"name": (Annotated[str, Field(max_length=5)], ...)}, True, True),
        ({"size": (Annotated[int, Field(ge=0, le=10)], ...)}, False, True),
        ({"size": (Annotated[int, Field(ge=1, le=9)], ...)}, True, True),
        ({"size": (Annotated[float, Field(ge=0, le=9)], ...)}, False, True),
        ({"kind": (Literal["a", "b", "c"], ...)}, False, True),
        ({"kind": (Literal["a"], ...)}, True, True),
        ({"kind": (str, ...)}, False, True),
    ],
)
def test_a_change_breaks_those_who_rely_on_what_was(fields: dict[str, object], by_us: bool, by_all: bool) -> None:  # noqa: FBT001 -- columns of a table
    assert bool(breaks(schema(), schema(**fields), Reading.BY_US)) is by_us
    assert bool(breaks(schema(), schema(**fields), Reading.BY_ALL)) is by_all


def test_changes_deep_in_a_record_are_found_with_their_path() -> None:
    class Part(Record):
        size: int

    class LargerPart(Record):
        size: int
        more: int

    old = schema(parts=(list[Part], ...), named=(dict[str, Part], ...))
    new = schema(parts=(list[LargerPart], ...), named=(dict[str, LargerPart], ...))
    assert breaks(old, new, Reading.BY_US) == [".parts[].more: must be there", ".named.*.more: must be there"]


def test_an_incompatible_schema_is_written_only_when_told_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(export, "FOLDER", tmp_path)
    assert export.main([]) == 0
    flag = tmp_path / "flag.json"
    then = json.loads(flag.read_text())
    then["properties"]["colour"] = {"type": "string"}
    flag.write_text(json.dumps(then))
    assert export.main([]) == 1
    assert "Flag.colour: is gone" in capsys.readouterr().err
    assert json.loads(flag.read_text()) == then
    assert export.main(["--allow-incompatible"]) == 0
    assert "colour" not in flag.read_text()


@pytest.mark.parametrize("record", export.records(), ids=lambda record: record.__name__)
def test_every_field_of_every_record_and_of_its_parts_is_described(record: type[Record]) -> None:
    schema = export.schema_of(record)
    parts = {record.__name__: schema} | schema.get("$defs", {})
    undescribed = [
        f"{name}.{field}"
        for name, part in parts.items()
        for field, declared in part.get("properties", {}).items()
        if not declared.get("description")
    ]
    assert undescribed == []


def test_no_description_of_a_field_is_lost_by_standing_elsewhere() -> None:
    """A string that does not follow its field directly describes nothing, and no tool says so."""
    stray = [
        f"{path.name}:{text.lineno}"
        for path in Path(export.__file__).parent.glob("*.py")
        for part in ast.walk(ast.parse(path.read_text()))
        if isinstance(part, ast.ClassDef)
        for before, text in pairwise(part.body)
        if _is_text(text) and not isinstance(before, ast.AnnAssign | ast.Assign)
    ]
    assert stray == []


def _is_text(part: ast.stmt) -> bool:
    return isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant) and isinstance(part.value.value, str)
