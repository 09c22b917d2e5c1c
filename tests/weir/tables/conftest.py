from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.tables import write_shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small shop's tables."""
    pytest.importorskip("deltalake")
    root = tmp_path_factory.mktemp("tables")
    write_shop(root)
    return root
