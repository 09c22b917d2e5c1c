from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streams.packs.topic import announce, read_ledger
from streams.stages import Resources
from tests.support.command import Called, weir
from tests.support.packs import pack_text
from weir.settings import Settings

pytestmark = pytest.mark.kafka


def write(folder: Path, *entries: dict[str, Any], **head: Any) -> str:  # noqa: ANN401 -- any field
    file = folder / "mine.yaml"
    file.write_text(pack_text(*entries, **head))
    return str(file)


def published(folder: Path, installation: Settings, *entries: dict[str, Any], **head: Any) -> Called:  # noqa: ANN401
    return weir("rules", "publish", write(folder, *entries, **head), "--why", "a test", "--json", on=installation)


def listed(installation: Settings) -> dict[str, Any]:
    return {row["pack"]: row for row in weir("rules", "list", "--json", on=installation).rows()}


def test_what_is_published_is_listed_shown_and_rolled_back_to_what_the_files_say(
    tmp_path: Path, installation: Settings
) -> None:
    first = published(tmp_path, installation, {}).rows()[0]["version"]
    (row,) = published(
        tmp_path, installation, {"weight": 0.6}, {"id": "mine/new", "regex": "^/new", "match": ["/new"], "shadow": True}
    ).rows()
    second = row["version"]
    assert second != first
    mine = listed(installation)["mine"]
    assert (mine["version"], mine["from"], mine["why"], mine["before"]) == (second, "topic", "a test", first)
    assert (mine["rules"], mine["in shadow"]) == (2, 1)
    assert "weight: 0.6" in weir("rules", "show", "mine", on=installation).out
    assert "weight: 0.7" in weir("rules", "show", "mine", first, on=installation).out
    for expected in (first, None):
        called = weir("rules", "rollback", "mine", "--why", "it errs", "--json", on=installation)
        assert called.rows()[0]["version"] == expected
    assert "mine" not in listed(installation)
    assert listed(installation)["injection"]["from"] == "file"
    assert {row["version"] for row in weir("rules", "list", "--all", "--json", on=installation).rows()} == {
        first,
        second,
    }


@pytest.mark.parametrize(
    ("entry", "head", "told"),
    [
        ({"regex": "("}, {}, "can't compile"),
        ({"match": ["/shoes"]}, {}, "does not match its example"),
        ({}, {"pack": "sums"}, "The name sums is reserved."),
        ({"id": "injection/sql-tautology"}, {}, "is in another pack, too"),
        ({"expires": "2001-01-01"}, {}, "has expired"),
    ],
)
def test_a_pack_that_workers_would_refuse_is_not_published(
    entry: dict[str, Any], head: dict[str, Any], told: str, tmp_path: Path, installation: Settings
) -> None:
    called = published(tmp_path, installation, entry, **head)
    assert (called.code, told in called.err) == (1, True), called.err
    assert "Traceback" not in called.err
    assert not read_ledger(installation).current


def test_what_is_in_force_already_is_not_published_again(tmp_path: Path, installation: Settings) -> None:
    assert published(tmp_path, installation, {}).code == 0
    again = published(tmp_path, installation, {})
    assert (again.code, "in force already" in again.err) == (0, True)
    assert not read_ledger(installation).current["mine"].before


def test_a_worker_that_starts_has_what_is_published_beside_its_files(tmp_path: Path, installation: Settings) -> None:
    published(tmp_path, installation, {})
    resources = Resources.from_settings(installation)
    announce(installation, resources.library)
    resources.library.take_over(read_ledger(installation))
    assert resources.patterns.find("mine/export") is not None
    assert resources.patterns.find("injection/sql-tautology") is not None


@pytest.mark.parametrize(
    "arguments", [("rollback", "mine", "--why", "x"), ("show", "mine"), ("publish", "nobody", "--why", "x")]
)
def test_what_is_not_there_is_told_and_exits_with_2(arguments: tuple[str, ...], installation: Settings) -> None:
    called = weir("rules", *arguments, on=installation)
    assert (called.code, "Traceback" in called.err) == (2, False)
