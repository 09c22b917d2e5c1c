from __future__ import annotations

import re
from datetime import timedelta, timezone
from pathlib import Path

import msgspec
import pytest

from bench.result import BadResultError, newest, read_results, without_places, write_result
from tests.support.benchmark import TAKEN, rates, result, run


def test_a_file_is_named_by_part_contestants_and_minute() -> None:
    both = rates(run(1, "weir-plain", 1.0), run(1, "kafka-streams", 1.0))

    assert both.file_name == "throughput-weir-plain+kafka-streams-2026-01-10T1200.json"
    assert result("start", {}).file_name == "start-2026-01-10T1200.json"
    assert result("start", {}, taken=TAKEN.astimezone(timezone(timedelta(hours=5)))).file_name == (
        "start-2026-01-10T1200.json"
    )


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    made = rates(run(1, "weir", 1.0))

    file = write_result(made, tmp_path)

    assert file.name == made.file_name
    assert read_results(tmp_path) == [made]
    assert [one.name for one in tmp_path.iterdir()] == [file.name]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert read_results(tmp_path / "none") == []


def test_a_torn_file_is_named(tmp_path: Path) -> None:
    file = write_result(result("start", {}), tmp_path)
    file.write_bytes(file.read_bytes()[:-40])

    with pytest.raises(BadResultError, match=rf"{re.escape(file.name)} is no result of a part, or a torn one"):
        read_results(tmp_path)


@pytest.mark.parametrize("written", ['{"throughput": {"runs": []}}', "[]", "", '"text"'])
def test_a_foreign_file_is_named(tmp_path: Path, written: str) -> None:
    write_result(result("start", {}), tmp_path)
    (tmp_path / "other.json").write_text(written)

    with pytest.raises(BadResultError, match=r"other\.json is no result of a part"):
        read_results(tmp_path)


def test_a_file_of_another_version_or_under_another_name_is_named(tmp_path: Path) -> None:
    made = result("start", {})
    file = write_result(made, tmp_path)
    file.rename(tmp_path / "start-copy.json")
    with pytest.raises(BadResultError, match=r"start-copy\.json holds what belongs in start-2026-01-10T1200\.json"):
        read_results(tmp_path)

    (tmp_path / "start-copy.json").write_bytes(msgspec.json.encode(msgspec.structs.replace(made, format="other")))
    with pytest.raises(BadResultError, match=r"start-copy\.json has the format 'other'"):
        read_results(tmp_path)


def test_of_each_kind_the_newest_counts_and_the_newest_comes_first() -> None:
    old, new = result("start", {}), result("start", {}, taken=TAKEN + timedelta(days=2))
    other = result("memory", {}, taken=TAKEN + timedelta(days=1))

    assert newest([new, other, old]) == newest([old, other, new]) == [new, other]


def test_no_text_names_a_file_by_its_path_or_the_machine() -> None:
    figures = {"failed": {"quix": "see /tmp/weir-x/r1/process-1.log on here-7", "n": 3}, "faults": ["/shop/a is lost"]}

    assert without_places(figures, {"tmp", "home"}, "here-7") == {
        "failed": {"quix": "see process-1.log on this machine", "n": 3},
        "faults": ["/shop/a is lost"],
    }
