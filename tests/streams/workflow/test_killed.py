"""The runner is killed, between two steps and within one, and the next run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.support.polling import PATIENCE_S
from tests.support.workflows import declared, runs, step


def start(place: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "weir.cli.main", "workflow", "run", "small.yaml", "--folder", "kept", "--json"]
    root = Path(__file__).parents[3]
    return subprocess.Popen(
        command, cwd=place, env=os.environ | {"PYTHONPATH": str(root)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < deadline, path
        time.sleep(0.02)


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


@pytest.fixture
def place(tmp_path: Path) -> Path:
    # Until the file `go` is there, the second step has written half an output and works on.
    half = """
if not os.path.exists("go"):
    pathlib.Path(names["of-second"]).write_text("half")
    open("half", "w").close()
    time.sleep(3)
    open("survived", "w").close()
"""
    steps = [step(tmp_path, "first", []), step(tmp_path, "second", ["of-first"], work=half)]
    steps.append(step(tmp_path, "third", ["of-second"]))
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(declared(steps)))
    return tmp_path


def resumed(place: Path) -> dict[str, str]:
    out, err = start(place).communicate(timeout=PATIENCE_S)
    told = [json.loads(line) for line in out.splitlines()]
    assert told, err
    assert Path(told[-1]["outputs"]["of-third"]).exists() or (place / told[-1]["outputs"]["of-third"]).exists()
    return {one["step"]: one["state"] for one in told}


def test_killed_within_a_step_the_next_run_does_that_step_anew(place: Path) -> None:
    process = start(place)
    wait_for(place / "half")
    kill(process)
    (place / "go").touch()
    assert resumed(place) == {"first": "kept", "second": "done", "third": "done"}
    assert runs(place) == ["first", "second", "second", "third"]
    (written,) = (place / "kept").rglob("of-second.txt")
    assert written.read_text() == "firstsecond"
    time.sleep(3.2)
    assert not (place / "survived").exists(), "the step outlived its runner"


def test_killed_between_two_steps_the_next_run_goes_on_with_the_second(place: Path) -> None:
    # The runner is stopped as soon as the first result is there, and killed while it stands.
    process = start(place)
    deadline = time.monotonic() + PATIENCE_S
    while not [one for one in (place / "kept").rglob("step.json") if ".part-" not in str(one)]:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGSTOP)
    kill(process)
    (place / "go").touch()
    assert resumed(place) == {"first": "kept", "second": "done", "third": "done"}
    assert runs(place).count("first") == 1
