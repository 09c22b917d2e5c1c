"""Kafka's jars are the ones that the lock names, or nothing runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from weir import jars
from weir.errors import WorkError
from weir.jars import KAFKA_VERSION, file_name, kafka_jars, locked, wrong

OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture
def maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one fetched jar, and a lock of two that are empty."""
    fetched = tmp_path / "maven"
    fetched.mkdir()
    (fetched / "a-1.jar").touch()
    monkeypatch.setattr(jars, "locked", lambda: {"g:a:1": OF_NOTHING, "g:b:2": OF_NOTHING})
    monkeypatch.setattr(jars, "_download", lambda _: sorted(fetched.iterdir()))
    return fetched


def test_the_lock_names_kafka_itself_in_the_version_that_is_run() -> None:
    lock = locked()
    assert f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}" in lock
    assert all(len(digest) == 64 for digest in lock.values())


def test_no_two_jars_share_a_file() -> None:
    assert len({file_name(coordinates) for coordinates in locked()}) == len(locked())


def test_jars_that_are_missing_or_changed_are_found(tmp_path: Path) -> None:
    (tmp_path / "fine-1.jar").touch()
    (tmp_path / "changed-1.jar").write_text("x")
    lock = dict.fromkeys(["g:fine:1", "g:changed:1", "g:missing:1"], OF_NOTHING)
    assert wrong(tmp_path, lock) == ["g:changed:1", "g:missing:1"]


@pytest.mark.parametrize("content", ["changed", None], ids=["changed", "missing"])
def test_what_is_not_as_the_lock_says_is_refused_and_not_kept(maven: Path, tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (maven / "b-2.jar").write_text(content)
    home = tmp_path / "home"
    with pytest.raises(WorkError, match="differs from the expected one: g:b:2"):
        kafka_jars(lambda _: None, home)
    assert list(home.glob("*.jar")) == []


def test_a_second_start_fetches_nothing(maven: Path, tmp_path: Path) -> None:
    (maven / "b-2.jar").touch()
    said: list[str] = []
    home = tmp_path / "home"
    expected = [home / "a-1.jar", home / "b-2.jar"]
    assert kafka_jars(said.append, home) == kafka_jars(said.append, home) == expected
    assert len(said) == 1


def test_no_connection_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jgo.maven import MavenContext  # noqa: PLC0415 -- of the extra `broker`

    def fail(*_: object) -> None:
        raise ConnectionError("no route to host\nand more")

    monkeypatch.setattr(MavenContext, "project", fail)
    with pytest.raises(WorkError, match=r"could not be fetched: no route to host\."):
        kafka_jars(lambda _: None, tmp_path)
