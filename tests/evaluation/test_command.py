"""The command that the evaluations of rules and of models share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from evaluation.common import command
from evaluation.common.result import EvaluationResult


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    monkeypatch.setattr(command, "ROOT", tmp_path)
    return []


def run(written: list[list[str]], *arguments: str) -> int:
    def write(results: Mapping[str, EvaluationResult], folder: Path) -> Path:
        written.append(sorted(results))
        return folder

    parts = {name: lambda _data, name=name: EvaluationResult(name, "Text.") for name in ("one", "two")}
    return command.run_evaluation("rules", parts, write, needs_no_data={"two"}, arguments=list(arguments))


def test_the_page_has_the_results_of_earlier_runs_too(written: list[list[str]], tmp_path: Path) -> None:
    run(written, "--only", "one", "--data", str(tmp_path))
    run(written, "--only", "two", "--data", str(tmp_path))
    assert written == [["one"], ["one", "two"]]


def test_a_part_whose_data_are_not_there_is_left_out(
    written: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(written, "--data", str(tmp_path / "absent")) == 0
    assert written == [["two"]]
    assert "one: left out, there is no data in" in capsys.readouterr().err


def test_an_unknown_part_is_refused(written: list[list[str]]) -> None:
    with pytest.raises(SystemExit):
        run(written, "--only", "three")
    assert written == []
