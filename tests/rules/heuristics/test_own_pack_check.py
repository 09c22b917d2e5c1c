from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from rules.heuristics import counterexamples, own_pack_check
from rules.heuristics.counterexamples import excess_matches
from rules.heuristics.entries import PatternEntry
from rules.heuristics.own_pack_check import check_own_pack
from rules.heuristics.pack import read_pack
from rules.heuristics.patterns import load_packs
from rules.problems import RulesError
from streams.worker import run_worker
from tests.support.command import weir
from tests.support.packs import pack_text
from weir.settings import Settings

SLEEP = {"field": "query", "regex": r"\bsleep\b", "weight": 0.9, "match": ["/?q=sleep(5)"], "no_match": ["/?q=asleep"]}
EVENT = '{"event_id": "e", "visitor_id": "v", "type": "page_view", "ts": 1750000000, "url": "/shoes"}\n'


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of kept outcomes."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "weir" / "counterexamples"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the patterns that were run over the corpora."""
    found: list[str] = []

    def counted(entries: Sequence[PatternEntry]) -> dict[str, str]:
        found.extend(entry.id for entry in entries)
        return excess_matches(entries)

    monkeypatch.setattr(own_pack_check, "excess_matches", counted)
    return found


def written(folder: Path, **changed: object) -> Path:
    file = folder / "mine.yaml"
    file.write_text(pack_text(dict(changed)))
    return file


def check(file: Path) -> None:
    check_own_pack(file, read_pack(file))


def test_replay_refuses_a_pack_that_matches_ordinary_searches_and_names_them(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(EVENT)
    file, flags = written(tmp_path, **SLEEP), tmp_path / "flags.jsonl"
    replay = ("replay", str(tmp_path / "events.jsonl"), "--flags", str(flags), "--set", f"pack_files={file}")
    called = weir(*replay)
    assert (called.code, called.out) == (2, "")
    said = " ".join(called.err.split())
    assert f"{file}:" in said
    assert "mine/export matches " in said
    assert "%, where its weight and level allow 0.0%), such as '" in said
    assert "sleep" in said.partition("such as")[2]
    assert "give it a weight below 0.5" in said
    assert not flags.exists()
    written(tmp_path, **SLEEP | {"weight": 0.4})
    assert weir(*replay).code == 0


def test_a_worker_refuses_it_before_it_needs_a_broker(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(bootstrap_servers="127.0.0.1:1", pack_files=(written(tmp_path, **SLEEP),))
    assert run_worker(settings) == 2
    assert "mine/export matches " in capsys.readouterr().err


@pytest.mark.parametrize("is_refused", [False, True])
def test_a_second_start_reads_the_outcome_and_runs_no_corpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_refused: bool
) -> None:
    file = written(tmp_path, **(SLEEP if is_refused else {}))
    first = _outcome(file)
    assert bool(first) is is_refused

    def forbidden(*_: object) -> None:
        pytest.fail("a corpus was run")

    monkeypatch.setattr(own_pack_check, "excess_matches", forbidden)
    monkeypatch.setattr(counterexamples, "_corpus", forbidden)
    assert _outcome(file) == first


def test_a_changed_file_is_checked_anew_and_one_of_which_only_a_comment_changed_is_not(
    tmp_path: Path, runs: list[str]
) -> None:
    file = written(tmp_path)
    check(file)
    file.write_text(f"# Ours.\n{file.read_text()}")
    check(file)
    assert runs == ["mine/export"]
    with pytest.raises(RulesError, match="mine/export matches"):
        check(written(tmp_path, **SLEEP))
    assert runs == ["mine/export"] * 2


def test_other_code_or_corpora_make_it_checked_anew(
    tmp_path: Path, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path)
    check(file)
    monkeypatch.setattr(own_pack_check, "_code_hash", lambda: b"another")
    check(file)
    assert runs == ["mine/export"] * 2


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, runs: list[str]) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    file = written(tmp_path)
    check(file)
    check(file)
    assert runs == ["mine/export"] * 2


def test_a_user_without_a_home_has_no_cache(tmp_path: Path, runs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", no_home)
    check(written(tmp_path))
    assert runs == ["mine/export"]


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"a": 1}', b'{"a": "\xff"}'])
def test_a_kept_outcome_that_cannot_be_read_is_made_again(
    tmp_path: Path, kept: Path, runs: list[str], content: bytes
) -> None:
    file = written(tmp_path)
    check(file)
    (outcome,) = kept.iterdir()
    outcome.write_bytes(content)
    check(file)
    assert runs == ["mine/export"] * 2
    assert outcome.read_bytes() == b"{}"


def test_only_the_files_that_are_named_are_checked(tmp_path: Path) -> None:
    seen: list[tuple[Path, str]] = []
    file = written(tmp_path)
    load_packs([file], check_own=lambda file, pack: seen.append((file, pack.name)))
    assert seen == [(file, "mine")]


def test_a_slow_check_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(own_pack_check, "SLOW_S", -1.0)
    with caplog.at_level(logging.WARNING, "weir.rules"):
        check(written(tmp_path))
        check(written(tmp_path))
    (record,) = caplog.records
    assert record.getMessage().startswith("slow check against ordinary texts: pack=mine seconds=")


def _outcome(file: Path) -> str:
    try:
        check(file)
    except RulesError as error:
        return str(error)
    return ""
