from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bench.parts import PARTS
from bench.report.write import write_report
from bench.result import BadResultError, Commit, write_result
from tests.support.benchmark import TAKEN, rates, result, run

NOW = TAKEN + timedelta(days=3, hours=2)
START = {"seconds": {"sessionize": [4.0, 5.0], "all stages": [6.0]}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "results"


def _page(folder: Path) -> str:
    file = folder.parent / "benchmarks.md"
    write_report(folder, file, NOW)
    return file.read_text()


def test_without_results_the_page_says_that_nothing_is_measured(folder: Path) -> None:
    page = _page(folder)

    assert page.count("not measured") == 16
    assert "0 of 16 goals are missed, 16 have no figure." in page


def test_a_missed_goal_is_said_plainly(folder: Path) -> None:
    write_result(result("start", START), folder)

    page = _page(folder)

    assert "- **start to ready, empty state**: 4.50 s (4.00 s to 5.00 s, 2), and the goal is at most 3.00 s." in page
    assert "1 of 16 goals are missed, 15 have no figure." in page


def test_each_part_says_how_old_it_is_and_of_which_commit(folder: Path) -> None:
    write_result(result("start", START, commit=Commit("fedcba9876543210", clean=False)), folder)

    page = _page(folder)

    assert "Taken 2026-01-10 12:00 UTC (3 days old), of `fedcba9876` with changes that are not committed" in page
    assert "a processor" in page
    assert "was written on 2026-01-13" in page


def test_the_newest_part_comes_first_and_an_older_one_of_its_kind_not_at_all(folder: Path) -> None:
    write_result(result("start", {"seconds": {"sessionize": [77.0]}}, taken=TAKEN - timedelta(days=9)), folder)
    write_result(result("start", START), folder)
    write_result(rates(run(1, "weir", 10.0), taken=TAKEN + timedelta(days=1)), folder)

    page = _page(folder)

    assert page.index("## Throughput: weir") < page.index("## From start to ready")
    assert "77" not in page


def test_wrong_and_absent_contestants_are_told_and_get_no_figure(folder: Path) -> None:
    runs = [run(1, "weir", 8_765.0), run(1, "flink", 9_876.0, "lost one")]
    write_result(rates(*runs, absent={"quix": "it does not install"}), folder)

    page = _page(folder)

    assert "8,765" in page
    assert "9,876" not in page
    assert "**flink** published something wrong, so it gets no figure: lost one" in page
    assert "**quix** could not be run: it does not install" in page
    assert "Cut to 1 of 2 runs of each" in page


def test_pictures_lie_beside_the_page_and_old_ones_go(folder: Path) -> None:
    write_result(rates(run(1, "weir", 10.0)), folder)
    pictures = folder.parent / "benchmarks"
    pictures.mkdir()
    (pictures / "old.svg").write_text("")

    page = _page(folder)

    assert "![Throughput: weir](benchmarks/throughput-weir.svg)" in page
    assert [one.name for one in pictures.iterdir()] == ["throughput-weir.svg"]


def test_a_file_whose_figures_are_not_of_its_measure_is_named_and_the_page_stays(folder: Path) -> None:
    page = _page(folder)
    file = write_result(result("start", {"milliseconds": 3}), folder)

    with pytest.raises(BadResultError, match=f"{file.stem}.json has not the figures of start"):
        _page(folder)

    assert (folder.parent / "benchmarks.md").read_text() == page


def test_a_part_that_nobody_knows_is_named(folder: Path) -> None:
    file = write_result(result("speed", {}), folder)

    with pytest.raises(BadResultError, match=file.stem):
        _page(folder)


def test_the_page_says_how_to_repeat_each_part(folder: Path) -> None:
    page = _page(folder)

    assert all(f"ONLY={part.measure}" in page and ",".join(part.contestants) in page for part in PARTS)


def test_a_busy_machine_is_told(folder: Path) -> None:
    write_result(result("start", START), folder)
    assert "something else to do" not in _page(folder)

    file = next(folder.glob("*.json"))
    file.write_text(file.read_text().replace("0.1", "2.5"))
    assert "something else to do" in _page(folder)
