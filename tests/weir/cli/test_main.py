"""The command line as a whole: help, errors, exit codes."""

from __future__ import annotations

import subprocess
import sys

import pytest
from confluent_kafka import KafkaError, KafkaException

from tests.support.command import weir
from weir import __version__
from weir.cli.main import COMMANDS, load_command
from weir.errors import UsageError, WorkError

HEAVY = {"faust", "aiokafka", "confluent_kafka", "river", "numpy", "re2", "matplotlib", "pydantic"}


def test_help_lists_every_command() -> None:
    ran = weir("--help")
    assert ran.code == 0
    assert all(f" {name} " in ran.out for name in COMMANDS)


def test_help_imports_nothing_heavy() -> None:
    code = "import sys\nfrom weir.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(name: str) -> None:
    ran = weir(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: weir {name}" in ran.out
    assert "completion" not in ran.out


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_stream_that_is_closed_is_written_to_in_vain(closed: str) -> None:
    command = f"exec '{sys.executable}' -m weir.cli.main settings {closed}>&-"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_version() -> None:
    said = weir("--version").out
    assert said.startswith(f"weir {__version__}, ")
    assert "compiled" in said or "plain Python" in said


@pytest.mark.parametrize("arguments", [["wroker"], ["settings", "--no-such-option"], ["topics", "mkae"]])
def test_a_wrong_call_is_exit_code_2(arguments: list[str]) -> None:
    assert weir(*arguments).code == 2


def test_a_mistyped_command_is_answered_with_the_likely_one() -> None:
    assert "worker" in weir("wroker").err


def test_a_command_that_this_build_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weir.cli.tail", None)
    with pytest.raises(WorkError, match="lacks the command tail"):
        load_command("tail")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UsageError("The call was wrong.", "Do this."), 2, "weir: The call was wrong.\n  Do this.\n"),
        (WorkError("The work failed."), 1, "weir: The work failed.\n"),
        (KeyboardInterrupt(), 130, ""),
        (IsADirectoryError(21, "x", "some/folder"), 2, "weir: some/folder is a directory."),
        (FileNotFoundError(2, "x", "no/file"), 2, "weir: There is no file no/file."),
        (PermissionError(13, "x", "a/file"), 1, "weir: No permission for a/file."),
        (KafkaException(KafkaError(KafkaError._TIMED_OUT)), 1, "weir: Kafka refused: "),
        (BrokenPipeError(32, "x"), 1, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_errors_are_a_sentence_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, said: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("weir.cli.settings.load", fail)
    ran = weir("settings")
    assert ran.code == code
    assert ran.err.startswith(said)
    assert "Traceback" not in ran.err


def test_a_defect_keeps_its_stack_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("weir.cli.settings.load", fail)
    with pytest.raises(ZeroDivisionError):
        weir("settings")
