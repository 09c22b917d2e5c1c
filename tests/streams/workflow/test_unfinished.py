"""A run that did not finish, on a table that grows meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.workflow.declaration import Workflow, parse_workflow
from streams.workflow.run import Run
from streams.workflow.store import Store
from tests.support.examples import easy_example
from tests.support.tables import write
from tests.support.workflows import declared, step
from weir.tables.catalogue import EXAMPLES_TABLE

pytest.importorskip("deltalake", reason="needs the extra table")
READ = "text = names['table-version']"
BREAK = "sys.exit({code}) if not os.path.exists('mended') else None"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    grow(tmp_path, 0)
    return tmp_path


def grow(place: Path, seed: int) -> None:
    write(place / "tables", EXAMPLES_TABLE, [easy_example(seed).model_dump()], mode="append")


def of(place: Path, *, code: int = 1, at: str = "last") -> Workflow:
    """A step that reads the table's version, and one after it; the one at `at` fails until the file `mended` exists."""
    works = {"read": READ, "last": "", at: BREAK.format(code=code) + "\n" + (READ if at == "read" else "")}
    steps = [step(place, "read", [], work=works["read"]), step(place, "last", ["of-read"], work=works["last"])]
    steps[0]["inputs"] = ["table"]
    given = {"table": {"kind": "table", "table": "examples"}}
    return parse_workflow(declared(steps) | {"given": given}, "small")


def run(workflow: Workflow, place: Path, *, is_fresh: bool = False) -> tuple[list[str], str, list[str]]:
    """States of the two steps, what the first read, and what was reported about versions."""
    told: list[str] = []
    given = {"table": str(place / "tables")}
    read, last = Run(workflow, given, Store(place / "kept"), is_fresh=is_fresh, report=told.append).run()
    text = read.paths["of-read"].read_text() if read.paths else ""
    return [read.state, last.state], text.removesuffix("read"), [line for line in told if "version" in line]


def test_the_next_run_goes_on_with_the_version_of_the_failed_one(place: Path) -> None:
    states, first, _ = run(of(place), place)
    assert states == ["done", "failed"]
    grow(place, 1)
    (place / "mended").touch()
    states, read, told = run(of(place), place)
    assert (states, read) == (["kept", "done"], first)
    expected = (
        f"Goes on with table at version {first}, where the unfinished run began; "
        f"it is at {int(first) + 1} now. --fresh begins with that."
    )
    assert told == [expected]
    assert run(of(place), place)[:2] == (["done", "done"], str(int(first) + 1))


def test_a_fresh_run_begins_with_the_newest_version(place: Path) -> None:
    _, first, _ = run(of(place), place)
    grow(place, 1)
    (place / "mended").touch()
    assert run(of(place), place, is_fresh=True) == (["done", "done"], str(int(first) + 1), [])


@pytest.mark.parametrize(("at", "code"), [("last", 2), ("read", 1)])
def test_after_a_failure_that_the_version_may_have_caused_the_newest_is_read(place: Path, at: str, code: int) -> None:
    workflow = of(place, at=at, code=code)
    assert "failed" in run(workflow, place)[0]
    before = len(list((place / "kept").glob("*/*/step.json")))
    grow(place, 1)
    (place / "mended").touch()
    assert run(workflow, place) == (["done", "done"], run(workflow, place)[1], [])
    assert before == (at == "last")


def test_a_record_that_is_cut_off_is_as_none(place: Path) -> None:
    run(of(place), place)
    (place / "kept" / "unfinished.json").write_text('{"given": ')
    grow(place, 1)
    (place / "mended").touch()
    assert run(of(place), place)[0] == ["done", "done"]
