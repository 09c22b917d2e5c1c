"""The shipped workflow, end to end, on a small table."""

from __future__ import annotations

import json
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.examples import easy_example
from tests.support.tables import write
from weir.cli.main import main
from weir.tables.catalogue import EXAMPLES_TABLE

pytest.importorskip("deltalake", reason="needs the extra table")
ROOT = Path(__file__).parents[3]
OWN = """
import argparse, json
import pyarrow as pa, pyarrow.parquet as pq
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

parser = argparse.ArgumentParser()
for name in ("training", "holdout", "model", "scores"):
    parser.add_argument(f"--{name}")
paths = parser.parse_args()
training, holdout = pq.read_table(paths.training).to_pylist(), pq.read_table(paths.holdout).to_pylist()
features = lambda rows: [dict(row["features"] + row["feature_texts"]) for row in rows]
model = make_pipeline(DictVectorizer(), MaxAbsScaler(), LogisticRegression())
model.fit(features(training), [row["bad"] for row in training])
scores = model.predict_proba(features(holdout))[:, 1]
pq.write_table(pa.table({"example_id": [row["example_id"] for row in holdout], "score": scores}), paths.scores)
json.dump({"program": "scikit-learn"}, open(paths.model, "w"))
"""


@pytest.fixture(autouse=True)
def _tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["workflow", *arguments])
    return int(ended.value.code or 0)


def states(text: str) -> dict[str, str]:
    return {one["step"]: one["state"] for one in map(json.loads, text.splitlines())}


def test_an_empty_table_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from weir.tables.writing import open_or_create  # noqa: PLC0415 -- needs the extra

    open_or_create(str(tmp_path / "tables"), EXAMPLES_TABLE)
    code = run("run", "retrain", "--table", str(tmp_path / "tables"), "--folder", str(tmp_path / "kept"))
    out, err = capsys.readouterr()
    assert code == 1
    assert f"weir: Step extract failed with exit code 2: The table examples in {tmp_path}/tables has no rows." in err
    assert "waits" in out


def test_a_table_that_is_not_there_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run("run", "retrain", "--table", str(tmp_path), "--folder", str(tmp_path / "kept"))
    assert (code, "There is no table examples in" in capsys.readouterr().err) == (2, True)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_run_makes_a_candidate_and_another_program_can_train(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if find_spec("sklearn") is None:
        pytest.skip("scikit-learn, of the group notebook, is not installed")
    tables = tmp_path / "tables"
    write(tables, EXAMPLES_TABLE, [easy_example(seed).model_dump() for seed in range(300)])
    common = ("run", "retrain", "--table", str(tables), "--folder", str(tmp_path / "kept"), "--json")
    assert run(*common) == 0
    out, err = capsys.readouterr()
    assert "The gate accepts the candidate." in err
    candidate = json.loads(Path(json.loads(out.splitlines()[-1])["outputs"]["candidate"]).read_text())
    assert candidate["passed"]
    assert candidate["snapshot"]["version"].startswith("retrain-210-")
    assert run(*common) == 0
    assert set(states(capsys.readouterr().out).values()) == {"kept"}

    program = tmp_path / "my_train.py"
    program.write_text(OWN)
    replaced = ("--replace", f"train={shlex.join([sys.executable, str(program)])}")
    assert run(*common, *replaced) == 0
    out, err = capsys.readouterr()
    told = states(out)
    assert [name for name, state in told.items() if state == "kept"] == ["extract", "features", "baseline"]
    candidate = json.loads(Path(json.loads(out.splitlines()[-1])["outputs"]["candidate"]).read_text())
    assert candidate["figures"]["candidate_auc"] > 0.9
    assert candidate["snapshot"] is None


def test_export_prints_the_committed_manifest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", "retrain", "--to", "argo") == 0
    assert capsys.readouterr().out == (ROOT / "deploy/workflows/retrain.argo.yaml").read_text()
