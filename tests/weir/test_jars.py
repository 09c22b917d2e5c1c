"""Kafka's jars are the ones that the lock names, or nothing runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from weir import jars
from weir.errors import WorkError
from weir.jars import KAFKA_VERSION, kafka_jars, locked, wrong


def test_the_lock_names_kafka_itself_in_the_version_that_is_run() -> None:
    lock = locked()
    assert f"kafka_2.13-{KAFKA_VERSION}.jar" in lock
    assert all(len(digest) == 64 for digest in lock.values())


def test_jars_that_are_missing_or_changed_are_found(tmp_path: Path) -> None:
    (tmp_path / "empty.jar").touch()
    of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    lock = {"empty.jar": of_nothing, "changed.jar": of_nothing, "missing.jar": of_nothing}
    (tmp_path / "changed.jar").write_text("x")
    assert wrong(tmp_path, lock) == ["changed.jar", "missing.jar"]


@pytest.mark.parametrize("what", ["changed", "missing", "more"])
def test_what_was_fetched_and_is_not_in_the_lock_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def fetch(scratch: Path) -> list[Path]:
        for name in ["a.jar", "b.jar"][: {"missing": 1}.get(what, 2)]:
            (scratch / name).write_text("changed" if what == "changed" else "")
        return sorted(scratch.glob("*.jar"))

    of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    names = ["a.jar"] if what == "more" else ["a.jar", "b.jar"]
    monkeypatch.setattr(jars, "locked", lambda: dict.fromkeys(names, of_nothing))
    monkeypatch.setattr(jars, "_resolve", fetch)
    with pytest.raises(WorkError, match="not the one that Weir names"):
        kafka_jars(lambda _: None, tmp_path)
    assert list(tmp_path.glob("*.jar")) == []


def test_a_second_start_fetches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    said: list[str] = []

    def fetch(scratch: Path) -> list[Path]:
        (scratch / "a.jar").touch()
        return [scratch / "a.jar"]

    monkeypatch.setattr(jars, "locked", lambda: {"a.jar": of_nothing})
    monkeypatch.setattr(jars, "_resolve", fetch)
    assert kafka_jars(said.append, tmp_path) == kafka_jars(said.append, tmp_path) == [tmp_path / "a.jar"]
    assert len(said) == 1


def test_no_connection_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import jgo  # noqa: PLC0415 -- of the extra `broker`

    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("no route to host\nand more")

    monkeypatch.setattr(jgo, "build", fail)
    with pytest.raises(WorkError, match=r"could not be fetched: no route to host\."):
        kafka_jars(lambda _: None, tmp_path)
