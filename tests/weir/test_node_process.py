"""A process that outlives who started it, and is never mistaken for another."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from tests.support.polling import eventually
from weir.node_process import Born, NodeProcess, error_in_log

WAIT = [sys.executable, "-c", "import sys; sys.stdin.read() or __import__('signal').pause()"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\nwhile True: signal.pause()",
]


@pytest.fixture
def process(tmp_path: Path) -> Iterator[NodeProcess]:
    made = NodeProcess(tmp_path)
    yield made
    made.stop(5.0, kill=True)


def test_another_object_finds_and_stops_it(process: NodeProcess, tmp_path: Path) -> None:
    process.start(WAIT, tmp_path / "log")
    other = NodeProcess(tmp_path)
    found = other.find()
    assert found is not None
    assert other.stop(5.0)
    assert not found.is_running()
    assert process.find() is None


def test_nothing_is_found_before_the_start_and_stopping_does_nothing(process: NodeProcess) -> None:
    assert process.find() is None
    assert not process.stop(1.0)


def test_a_process_that_only_has_the_same_id_is_left_alone(process: NodeProcess, tmp_path: Path) -> None:
    process.start(WAIT, tmp_path / "log")
    mine = process.find()
    assert mine is not None
    record = tmp_path / "process.json"
    record.write_bytes(msgspec.json.encode(Born(mine.pid, mine.create_time() - 1.0)))
    assert process.find() is None
    assert not process.stop(1.0)
    assert mine.is_running()
    mine.kill()
    mine.wait(5)


def test_one_that_ended_by_itself_is_not_running(process: NodeProcess, tmp_path: Path) -> None:
    process.start([sys.executable, "-c", ""], tmp_path / "log")
    eventually(lambda: process.find() is None, what="its end")


def test_one_that_does_not_listen_is_killed_after_the_time(process: NodeProcess, tmp_path: Path) -> None:
    process.start(STUBBORN, tmp_path / "log")
    eventually(lambda: (tmp_path / "log").read_text() == "up\n", what="its start")
    found = process.find()
    assert found is not None
    assert process.stop(0.1)
    assert not psutil.pid_exists(found.pid)


def test_its_temporary_folder_goes_with_it(process: NodeProcess, tmp_path: Path) -> None:
    process.scratch.mkdir()
    (process.scratch / "library.so").touch()
    process.start(WAIT, tmp_path / "log")
    process.stop(5.0)
    assert not process.scratch.exists()


def test_a_damaged_record_is_no_process(process: NodeProcess, tmp_path: Path) -> None:
    (tmp_path / "process.json").write_text("{")
    assert process.find() is None


def test_the_first_complaint_of_a_log_is_found(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert error_in_log(log) == ""
    log.write_text("INFO fine\nERROR first\nERROR second\n")
    assert error_in_log(log) == "ERROR first"
