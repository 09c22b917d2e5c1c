"""Each guard taken out in turn: the tests that it has must go red, and for that reason alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.controls.guards import GUARDS

ROOT = Path(__file__).parents[2]
FAILED = 1
"""pytest's exit code when tests ran, and some of them failed."""


@pytest.mark.controls
@pytest.mark.kafka
@pytest.mark.timeout(900)
@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_that_is_taken_out_is_missed(guard: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--without", guard, *GUARDS[guard].tests],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == FAILED, f"without {guard}, {GUARDS[guard].tests} still pass:\n{ran.stdout[-3_000:]}"
    assert " error" not in ran.stdout.splitlines()[-1], ran.stdout[-3_000:]


def test_every_guard_says_what_it_holds_back_and_names_tests_that_exist() -> None:
    for guard in GUARDS.values():
        assert guard.holds_back.endswith(".")
        for test in guard.tests:
            file, _, name = test.partition("::")
            assert f"def {name}(" in (ROOT / file).read_text()
