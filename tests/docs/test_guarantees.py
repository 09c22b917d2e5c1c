"""The page of guarantees names tests that exist, and every guard that is taken out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.controls.guards import GUARDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guarantees.md").read_text()
TEST = re.compile(r"`(tests/[^`:]+)::(\w+)`")
NAMED = TEST.findall(PAGE)


def collected(*options: str) -> set[str]:
    """What pytest would run of the files that the page names."""
    files = sorted({file for file, _ in NAMED})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:randomly", *options, *files]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {line.partition("[")[0] for line in found.splitlines() if "::" in line}


@pytest.mark.slow
def test_every_promise_is_shown_by_a_test_of_the_usual_run() -> None:
    promises = re.findall(r"^\| .* \| (`tests/.*) \|$", PAGE, re.MULTILINE)
    assert len(promises) >= 10
    usual, everything = collected("-m", "not controls"), collected()
    assert [name for name in map("::".join, NAMED) if name not in everything] == []
    for shown_by in promises:
        assert {"::".join(one) for one in TEST.findall(shown_by)} & usual, shown_by


def test_the_list_of_guards_is_as_long_as_the_table_of_guards() -> None:
    listed = PAGE.rpartition("sees its tests fail:")[2].split(";")
    assert len(listed) == len(GUARDS)
