from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.command import weir
from tests.support.crowd import SETTINGS, crowd

pytest.importorskip("deltalake")

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-feast" / "bin" / "python"
CHOSEN = [argument for name, value in SETTINGS.items() for argument in ("--set", f"{name}={value}")]


@pytest.mark.slow
@pytest.mark.skipif(not PYTHON.exists(), reason="there is no .venv-feast: `make feast` makes it and runs this")
def test_feast_serves_online_and_offline_what_a_replay_scored(tmp_path: Path) -> None:
    events, labels = crowd(60, honest=True).write(tmp_path)
    tables, scores = tmp_path / "tables", tmp_path / "scores.jsonl"
    paths = ("--labels", str(labels), "--table", str(tables), "--scores", str(scores))
    assert weir("replay", str(events), *paths, *CHOSEN).code == 0
    written = weir("feast", "history", "--table", str(tables), "--out", str(tmp_path / "scores.parquet"), "--json")
    assert written.code == 0, written.err
    checks = subprocess.run(
        [str(PYTHON), "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(ROOT),
         str(ROOT / "deploy" / "feast" / "checks")],
        env=os.environ | {"WEIR_FEAST_REPLAY": str(tmp_path), "FEAST_USAGE": "False"},
        capture_output=True, text=True, timeout=540, check=False,
    )  # fmt: skip
    assert checks.returncode == 0, checks.stdout + checks.stderr
    assert "skipped" not in checks.stdout
