from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from streams.demo.visitor import Kind
from tests.support.command import weir
from tests.support.demo import running_demo
from tests.support.polling import PATIENCE_S, eventually
from weir.cli.main import build, main
from weir.kafka.admin import admin
from weir.settings import Settings


def test_help_says_what_it_does_without_loading_kafka() -> None:
    shown = CliRunner().invoke(build(), ["demo", "--help"])
    assert shown.exit_code == 0
    assert "--seconds" in shown.output


@pytest.mark.parametrize("arguments", [["--seconds", "0"], ["--rate", "0"], ["--seconds", "soon"], ["--set", "gap=1"]])
def test_a_wrong_call_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["demo", *arguments])
    assert ended.value.code == 2


@pytest.mark.kafka
def test_a_short_demo_writes_the_truth_and_whole_tables_and_leaves_no_topics_and_no_key_behind(
    kafka: str, tmp_path: Path
) -> None:
    folder, tables = tmp_path / "kept", tmp_path / "tables"
    with running_demo(
        tmp_path,
        *("--seconds", "8", "--rate", "100", "--bootstrap-servers", kafka),
        *("--folder", str(folder), "--table", str(tables)),
    ) as demo:
        page = demo.wait_for(r"Console: (http://\S+)")[1]
        demo.wait_for(r"[1-9]\d* events")
        worker = demo.worker()
        assert worker is not None
        key = worker.environ()["WEIR_MODEL_KEY"]
        assert not [argument for argument in worker.cmdline() if key in argument]
        assert "Newest flags" in httpx.get(page, follow_redirects=True).text
        reached = tomllib.loads((tables / "weir.toml").read_text())
        scores = admin(Settings(bootstrap_servers=reached["bootstrap_servers"])).list_topics(timeout=10).topics
        assert f"{reached['topic_prefix']}.scores" in scores
        assert demo.process.wait(PATIENCE_S) == 0, demo.said
    assert reached["table_uri"] == str(tables)
    counted = weir("query", "SELECT count(*) AS rows FROM flags", "--table", str(tables), "--json")
    flags = json.loads(demo.json.read_text())["flags"]
    assert counted.rows()[0]["rows"] >= sum(sum(verdicts.values()) for verdicts in flags.values()) > 0
    assert_nowhere(key, tmp_path)
    summary = json.loads(demo.json.read_text())
    prefix = re.search(r"Creating topics (\S+)\.\*", demo.said)
    assert prefix is not None
    there = admin(Settings(bootstrap_servers=kafka)).list_topics(timeout=10).topics
    assert not [name for name in there if name.startswith(prefix[1])]
    lines = {kind: (folder / "truth" / f"{kind}.jsonl").read_text().splitlines() for kind in Kind}
    assert {kind: len(each) for kind, each in lines.items()} == {
        Kind(kind): result["visitors"] for kind, result in summary["quality"]["kinds"].items()
    }


def test_tables_without_their_packages_are_a_wrong_call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("weir.tables.extra.PACKAGES", ("no_such_package",))
    called = weir("demo", "--table", str(tmp_path / "tables"))
    assert called.code == 2
    assert called.err.startswith("weir: weir demo --table needs pyarrow and deltalake.\n")
    assert not (tmp_path / "tables").exists()


def test_tables_are_not_added_to_those_of_an_earlier_demo(tmp_path: Path) -> None:
    (tmp_path / "weir.toml").write_text("")
    called = weir("demo", "--table", str(tmp_path))
    assert called.code == 2
    assert "already has weir.toml" in called.err


@pytest.mark.kafka
def test_a_demo_that_is_ended_while_it_starts_leaves_nothing_running(kafka: str, tmp_path: Path) -> None:
    with running_demo(tmp_path, "--bootstrap-servers", kafka) as demo:
        demo.wait_for(r"Starting a worker")
        worker = eventually(demo.worker, what="a worker")
        assert worker is not None
        demo.process.terminate()
        assert demo.process.wait(PATIENCE_S) != 0
        assert not worker.is_running()


@pytest.mark.kafka
def test_a_worker_that_dies_fails_the_demo(kafka: str, tmp_path: Path) -> None:
    with running_demo(tmp_path, "--bootstrap-servers", kafka) as demo:
        demo.wait_for(r"Sending about")
        worker = demo.worker()
        assert worker is not None
        worker.kill()
        assert demo.process.wait(PATIENCE_S) == 1
    assert "The worker ended with exit code -9" in demo.said


def assert_nowhere(key: str, folder: Path) -> None:
    """A key that whoever reads the terminal or the folder does not get."""
    assert len(key) >= 32
    for path in folder.rglob("*"):
        if path.is_file():
            assert key.encode() not in path.read_bytes(), path
