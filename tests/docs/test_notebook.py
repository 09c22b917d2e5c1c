"""The analysts' notebook runs from cell to cell on the tables of a replay, and says in a sentence what it lacks."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("marimo", reason="the notebook needs the group `notebook`: make setup")
pytest.importorskip("sklearn", reason="likewise")
pytest.importorskip("matplotlib")
pytest.importorskip("duckdb")
pytest.importorskip("deltalake")

import numpy as np

from tests.support.command import weir
from tests.support.tables import FIRST_DAY, write, write_shop
from weir.errors import UsageError
from weir.tables.catalogue import EXAMPLES_TABLE, SESSIONS_TABLE
from weir.tables.reading import connect

FOLDER = Path(__file__).parents[2] / "docs" / "examples" / "notebook"
Run = Callable[[Path], Mapping[str, Any]]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of the made-up days, by the commands that the notebook shows."""
    folder = tmp_path_factory.mktemp("days")
    log, tables = folder / "days.jsonl", folder / "tables"
    subprocess.run([sys.executable, str(FOLDER / "make_days.py"), str(log)], check=True, timeout=60)
    done = weir("replay", str(log), "--table", str(tables))
    assert done.code == 0, done.err
    return tables


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The notebook's module, and its helper by the same way."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("sessions")
    for name in ("sessions", "session_baseline"):
        sys.modules.pop(name, None)


@pytest.fixture
def baseline(notebook: ModuleType) -> ModuleType:
    return sys.modules[notebook.split.__module__]


@pytest.fixture
def run(notebook: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs all cells on the tables of a folder, and gives what they define."""

    def run_on(tables: Path) -> Mapping[str, Any]:
        monkeypatch.setattr(sys, "argv", ["sessions.py", "--table", str(tables)])
        _, defined = notebook.app.run()
        return dict(defined)

    return run_on


def test_from_tables_to_plots_and_a_measured_model(days: Path, run: Run) -> None:
    defined = run(days)
    assert defined["root"] == str(days)
    assert defined["by_day"]["sessions"].to_pylist()[0] == 25
    assert defined["by_day"].num_rows == 12
    assert sum(row["share"] for row in defined["verdict_shares"]) == pytest.approx(12)
    assert {"never flagged", "block"} <= {row["verdict"] for row in defined["verdict_shares"]}
    assert [row["model"] for row in defined["precision"]] == ["logistic regression", "gradient boosting"]
    for row in defined["precision"]:
        assert defined["base_rate"] < row["low"] <= row["average precision"] <= row["high"] <= 1
    for figure in ("funnel_figure", "verdict_figure", "calibration_figure"):
        assert defined[figure].axes[0].has_data()
    assert "copies the rules" in " ".join(defined["reading"].split())


def test_the_sides_are_split_by_time_and_share_no_visitor(days: Path, run: Run) -> None:
    defined = run(days)
    earlier, later = defined["earlier"], defined["later"]
    assert earlier.moment.max() < later.moment.min()
    assert not set(earlier.visitor) & set(later.visitor)
    assert defined["left_out"] > 0
    assert len(earlier.label) + len(later.label) + defined["left_out"] == defined["sessions"]
    assert not {"rate_limited", "revision", "kafka_offset"} & set(defined["labelled"].names)


def test_the_setting_names_the_tables_where_no_argument_does(
    days: Path, notebook: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["sessions.py"])
    monkeypatch.setenv("WEIR_TABLE_URI", str(days))
    _, defined = notebook.app.run()
    assert defined["root"] == str(days)


def test_a_folder_without_tables_and_an_empty_table_give_one_sentence(tmp_path: Path, run: Run) -> None:
    assert run(tmp_path)["problem"].startswith(f"There are no tables in {tmp_path}.")
    write(tmp_path, SESSIONS_TABLE, [])
    defined = run(tmp_path)
    assert defined["problem"] == f"The table sessions in {tmp_path} is empty: no session has closed yet."
    assert "by_day" not in defined


def test_too_few_sessions_are_plotted_and_give_a_sentence_in_place_of_a_model(tmp_path: Path, run: Run) -> None:
    write_shop(tmp_path)
    defined = run(tmp_path)
    assert defined["by_day"].num_rows == 4
    assert defined["too_few"].startswith("There is no model: A model needs 5 sessions of each label on both sides")
    assert "precision" not in defined


def example(number: int, source: str = "mia") -> dict[str, Any]:
    return {
        "example_id": f"e{number}", "session_id": f"s{number}", "visitor_id": f"v{number}",
        "features": {"events": float(number), "user_agent": "x"} | ({"carts": 1.0} if number % 2 else {}),
        "features_version": "3", "score": None, "model": None, "label": "bad" if number % 3 else "good",
        "category": None, "source": source, "weight": 1.0, "labelled_at": FIRST_DAY + number, "verdict": None,
    }  # fmt: skip


def test_fifty_examples_of_people_are_the_labels_and_weak_ones_never_are(tmp_path: Path, baseline: ModuleType) -> None:
    write_shop(tmp_path)
    write(tmp_path, EXAMPLES_TABLE, [*map(example, range(50)), *(example(n, "weak:purchase") for n in range(50, 90))])
    with connect(str(tmp_path)) as connection:
        found = baseline.labelled_sessions(connection)
    assert found.names == ("carts", "events")
    assert found.labels_are.startswith("human labels")
    assert found.label.tolist() == [number % 3 > 0 for number in range(50)]
    assert np.isnan(found.measures[0, 0])
    assert found.measures[7].tolist() == [1.0, 7.0]


def test_forty_nine_examples_are_too_few_and_verdicts_are_the_labels(tmp_path: Path, baseline: ModuleType) -> None:
    write_shop(tmp_path)
    write(tmp_path, EXAMPLES_TABLE, [example(number) for number in range(49)])
    with connect(str(tmp_path)) as connection:
        found = baseline.labelled_sessions(connection)
    # The people's answer that lifted the block of cid's session is no verdict of the cascade.
    assert found.label.sum() == 6
    assert len(found.label) == 12
    with pytest.raises(UsageError, match="5 sessions of each label"):
        baseline.split(found)


def test_the_interval_is_of_visitors_and_the_same_for_the_same_seed(baseline: ModuleType) -> None:
    label = np.array([True, False] * 20)
    score = np.linspace(0, 1, 40)
    own = [f"v{number}" for number in range(40)]
    low, high = baseline.interval(label, score, own)
    assert (low, high) == baseline.interval(label, score, own)
    assert 0 < low < high < 1
    few = [f"v{number // 10}" for number in range(40)]
    assert baseline.interval(label, score, few) != (low, high)


@pytest.mark.slow
def test_it_runs_without_a_browser_into_a_page(days: Path, tmp_path: Path) -> None:
    page = tmp_path / "sessions.html"
    copy = shutil.copytree(FOLDER, tmp_path / "notebook")  # marimo keeps a session beside the notebook
    command = [sys.executable, "-m", "marimo", "-q", "export", "html", str(copy / "sessions.py"), "-o", str(page)]
    done = subprocess.run(
        [*command, "--", "--table", str(days)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert page.read_text().count("data:image/png;base64") >= 3
    assert "average precision" in page.read_text()
