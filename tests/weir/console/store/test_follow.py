from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.console import flag, session
from tests.support.polling import PATIENCE_S, eventually
from weir.console.store.bounds import StoreBounds, enforce
from weir.console.store.follow import StoreFollower
from weir.console.store.reading import StoreMissingError, StoreReader
from weir.console.store.schema import FILE, open_to_write
from weir.contracts.fast import encode
from weir.kafka.records import Output
from weir.kafka.sender import send
from weir.settings import Settings
from weir.topics import FLAGS, SESSIONS

ALL = "SELECT session_id, verdict, revision, state FROM sessions ORDER BY session_id"


def produce(settings: Settings, first: int, number: int) -> None:
    outputs = []
    for n in range(first, first + number):
        outputs.append(Output(SESSIONS, b"v", encode(session(f"s{n:03}", f"v{n}"))))
        outputs.append(Output(FLAGS, b"v", encode(flag(f"s{n:03}", f"v{n}"))))
    send(settings, outputs, "sessions")


def rows(folder: Path) -> list[tuple[object, ...]]:
    try:
        return [tuple(row) for row in StoreReader(folder).rows(ALL)]
    except StoreMissingError:
        return []


@pytest.mark.kafka
def test_the_store_goes_on_where_it_was_and_is_the_same_when_made_anew(
    new_installation: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = new_installation()
    produce(settings, 0, 10)
    with StoreFollower(settings, tmp_path / "one", StoreBounds()) as follower:
        assert follower.wait_until_current(PATIENCE_S)
    produce(settings, 10, 10)
    with StoreFollower(settings, tmp_path / "one", StoreBounds()) as follower:
        eventually(lambda: len(rows(tmp_path / "one")) == 20, what="all sessions")
        assert follower.progress.total == 20 * 2 - 10 * 2
    with StoreFollower(settings, tmp_path / "two", StoreBounds()) as follower:
        assert follower.wait_until_current(PATIENCE_S)
    assert rows(tmp_path / "one") == rows(tmp_path / "two")


@pytest.mark.kafka
def test_a_store_that_is_deleted_while_it_is_in_use_is_made_anew(
    new_installation: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = new_installation()
    produce(settings, 0, 10)
    with StoreFollower(settings, tmp_path, StoreBounds()) as follower:
        assert follower.wait_until_current(PATIENCE_S)
        for path in tmp_path.glob(f"{FILE}*"):
            path.unlink()
        produce(settings, 10, 1)
        eventually(lambda: len(rows(tmp_path)) == 11, what="the store, made anew")


@pytest.mark.kafka
@pytest.mark.parametrize("content", [b"no database at all" * 100, b""])
def test_a_file_that_is_no_store_is_replaced(
    new_installation: Callable[..., Settings], tmp_path: Path, content: bytes
) -> None:
    settings = new_installation()
    produce(settings, 0, 3)
    (tmp_path / FILE).write_bytes(content)
    with StoreFollower(settings, tmp_path, StoreBounds()) as follower:
        assert follower.wait_until_current(PATIENCE_S), follower.progress
        assert len(rows(tmp_path)) == 3


@pytest.mark.kafka
def test_a_store_of_other_topics_is_not_mixed_with_these(
    new_installation: Callable[..., Settings], tmp_path: Path
) -> None:
    before, now = new_installation(), new_installation()
    produce(before, 0, 5)
    produce(now, 50, 2)
    for settings, expected in ((before, 5), (now, 2)):
        with StoreFollower(settings, tmp_path, StoreBounds()) as follower:
            assert follower.wait_until_current(PATIENCE_S)
            assert len(rows(tmp_path)) == expected


def test_without_topics_the_progress_says_what_to_do(kafka: str, tmp_path: Path) -> None:
    settings = Settings(bootstrap_servers=kafka, topic_prefix="nobody-made-these")
    with StoreFollower(settings, tmp_path, StoreBounds()) as follower:
        error = eventually(lambda: follower.progress.error, what="an error")
    assert error is not None
    assert "weir topics create" in error.hint


def aged(folder: Path, number: int, seen_s: float) -> sqlite3.Connection:
    db = open_to_write(folder)
    db.executemany(
        "INSERT INTO sessions (session_id, visitor, start_s, end_s, seen_s, body) VALUES (?, 'v', 0, 0, ?, ?)",
        [(f"s{n}", seen_s + n, b"x" * 2_000) for n in range(number)],
    )
    db.execute("INSERT INTO facets VALUES ('state', 'open', ?)", (number,))
    return db


def test_sessions_that_are_old_enough_are_forgotten_with_their_counts(tmp_path: Path) -> None:
    db = aged(tmp_path, 100, 1_000.0)
    assert enforce(db, StoreBounds(days=1.0), 1_000.0 + 86_400 + 50) == 50
    assert db.execute("SELECT count(*) FROM sessions").fetchone() == (50,)
    assert db.execute("SELECT number FROM facets WHERE kind = 'state'").fetchone() == (50,)


def test_a_store_that_is_too_large_forgets_the_oldest_first(tmp_path: Path) -> None:
    db = aged(tmp_path, 3_000, time.time() - 3_600)
    assert enforce(db, StoreBounds(most_bytes=100_000), time.time()) == 2_000
    assert db.execute("SELECT min(session_id), count(*) FROM sessions").fetchone()[1] == 1_000
    assert db.execute("SELECT 1 FROM sessions WHERE session_id = 's2999'").fetchone() == (1,)
