"""A feature store of its own for each check: Feast's registry and SQLite store in a temporary folder."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from feast import FeatureStore

HERE = Path(__file__).parents[1]


def load(path: Path) -> ModuleType:
    """The module of a file, under a name of its own."""
    spec = importlib.util.spec_from_file_location(f"checked_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def pusher() -> ModuleType:
    """The module `push`."""
    return load(HERE / "push.py")


@pytest.fixture(scope="session")
def replayed() -> Path:
    """The folder with `scores.jsonl` and `scores.parquet` of one replay."""
    folder = os.environ.get("WEIR_FEAST_REPLAY")
    if not folder:
        pytest.skip("WEIR_FEAST_REPLAY names no folder of a replay; `make feast` makes one")
    return Path(folder)


@pytest.fixture
def make_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], FeatureStore]:
    """Applies the repository with a history file of the check's choice."""

    def make(history: Path) -> FeatureStore:
        monkeypatch.setenv("WEIR_FEAST_HISTORY", str(history))
        repo = tmp_path / "repo"
        (repo / "data").mkdir(parents=True)
        for name in ("feature_store.yaml", "feature_repo.py", "features.json"):
            shutil.copy(HERE / name, repo / name)
        told = load(repo / "feature_repo.py")
        store = FeatureStore(repo_path=str(repo))
        store.apply([told.session, told.visitor, told.session_features, told.visitor_features])
        return store

    return make
