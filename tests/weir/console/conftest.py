from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.console import ConsoleAtHand, console_at_hand


@pytest.fixture
def at_hand(tmp_path: Path) -> Iterator[ConsoleAtHand]:
    """A console on this machine, where nobody logs in."""
    with console_at_hand(tmp_path / "console") as made:
        yield made
