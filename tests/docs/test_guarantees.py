"""The page of guarantees names tests that exist, and every guard that is taken out."""

from __future__ import annotations

import re
from pathlib import Path

from tests.controls.guards import GUARDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guarantees.md").read_text()


def test_every_test_that_shows_a_promise_exists() -> None:
    named = re.findall(r"`(tests/[^`:]+)::(\w+)`", PAGE)
    assert len(named) >= 8
    for file, name in named:
        assert f"def {name}(" in (ROOT / file).read_text(), (file, name)


def test_the_list_of_guards_is_as_long_as_the_table_of_guards() -> None:
    listed = PAGE.rpartition("sees its tests fail:")[2].split(";")
    assert len(listed) == len(GUARDS)
