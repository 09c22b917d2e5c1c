"""What older versions stored is read by this one, field for field.

Stored structs are JSON by field name or arrays by position: a renamed field would come back empty without an error.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr

from models.features.registry import FEATURES_VERSION
from models.serving.champion import ChampionHolder
from rules.business.brake import BrakeState
from streams.join.records import PendingLabel, SourceLabel, keep, read_scored
from streams.join.store import GIVEN, SCORED, WAITING
from streams.score.flags import PublishedVerdict
from streams.sessionize.end_of_input import EndOfInput
from streams.sessionize.open_session import decode_visitor, encode_visitor
from streams.sessionize.state import decode_meta, encode_meta
from streams.sessionize.task import META
from streams.sessionize.visitors import PREFIX
from streams.stages import Resources, make_task
from streams.task import Effects, Task
from tests.streams.stored.write import KEY, NOW_S
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import EVENTS, SESSIONS

FILES = sorted((Path(__file__).parent / "stored").glob("*.json.gz"))
Entries = Mapping[bytes, bytes]
Again = Callable[[bytes], bytes]


def by_json(struct: object) -> Again:
    return lambda value: msgspec.json.encode(msgspec.json.decode(value, type=struct))


def as_json(again: Again) -> Callable[[bytes], tuple[Any, Any]]:
    return lambda value: (json.loads(value), json.loads(again(value)))


def visitor_as_values(value: bytes) -> tuple[Any, Any]:
    return msgspec.msgpack.decode(value, strict=False), msgspec.msgpack.decode(encode_visitor(decode_visitor(value)))


READ_AGAIN: Mapping[tuple[str, bytes], Callable[[bytes], tuple[Any, Any]]] = {
    ("sessionize", PREFIX): visitor_as_values,
    ("sessionize", META): as_json(lambda value: encode_meta(decode_meta(value))),
    ("score", b"s"): as_json(by_json(PublishedVerdict)),
    ("score", b"b"): as_json(by_json(BrakeState)),
    ("join", SCORED): as_json(lambda value: keep(read_scored(value))),
    ("join", GIVEN): as_json(by_json(dict[str, SourceLabel])),
    ("join", WAITING): as_json(by_json(PendingLabel)),
}
"""What is stored and what is left of it after reading, by stage and type of the entry."""


def whole(meta: bytes, entries: Entries) -> bytes:
    """The partition's own entry, counting the sessions that are there.

    The replay that wrote the files had forgotten some visitors' changes by then; of a worker that would be a loss, and
    is refused.
    """
    read = decode_meta(meta)
    there = sum(len(decode_visitor(value).sessions) for key, value in entries.items() if key[:1] == PREFIX)
    accounts = read.accounts
    closed = accounts.closed + accounts.open - there
    return encode_meta(msgspec.structs.replace(read, accounts=msgspec.structs.replace(accounts, closed=closed)))


@pytest.fixture(params=FILES, ids=lambda file: file.name, scope="module")
def stored(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(json.loads(gzip.decompress(request.param.read_bytes())))


@pytest.fixture(scope="module")
def states(stored: dict[str, Any]) -> dict[tuple[str, int], Entries]:
    decode = base64.b64decode
    return {
        (name.split("/")[0], int(name.split("/")[1])): {decode(key): decode(value) for key, value in kept}
        for name, kept in stored["states"].items()
    }


@pytest.fixture(scope="module")
def tasks(states: dict[tuple[str, int], Entries]) -> dict[tuple[str, int], Task]:
    """A new worker's tasks, after a recovery from what was stored."""
    settings = Settings(partitions=2, model_key=SecretStr(KEY))
    make = partial(make_task, resources=Resources.from_settings(settings, now=lambda: NOW_S))
    made = {}
    for (stage, partition), entries in states.items():
        task = made[stage, partition] = make(stage, partition)
        for key, value in entries.items():
            task.load(key, whole(value, entries) if (stage, key) == ("sessionize", META) else value)
        task.loaded()
        task.recovered()
    return made


def lost(stored: object, now: object, where: str = "") -> list[str]:
    """What was stored and is not there any more; fields that were added are nothing."""
    if isinstance(stored, dict) and isinstance(now, dict):
        return [one for key, value in stored.items() for one in lost(value, now.get(key), f"{where}.{key}")]
    if isinstance(stored, list) and isinstance(now, list):
        padded = [*now, *[None] * (len(stored) - len(now))]
        return [one for n, value in enumerate(stored) for one in lost(value, padded[n], f"{where}[{n}]")]
    return [] if stored == now else [f"{where}: {stored!r} became {now!r}"]


def test_every_file_has_entries_of_every_kind(states: dict[tuple[str, int], Entries]) -> None:
    kinds = Counter((stage, key[:1]) for (stage, _), entries in states.items() for key in entries)
    assert kinds.keys() >= READ_AGAIN.keys() - {("score", b"b")}
    assert {stage for stage, _ in kinds} == {"sessionize", "score", "join", "train"}


def test_no_field_of_a_stored_entry_is_lost(states: dict[tuple[str, int], Entries]) -> None:
    for (stage, _), entries in states.items():
        for key, value in entries.items():
            read_again = READ_AGAIN.get((stage, key[:1]))
            if read_again is not None:
                assert not lost(*read_again(value)), (stage, key)


def test_a_field_that_came_back_empty_would_be_told() -> None:
    assert lost({"old": 1, "kept": [1, 2]}, {"new": 1, "kept": [1]}) == [
        ".old: 1 became None",
        ".kept[1]: 2 became None",
    ]
    assert not lost({"kept": [1]}, {"kept": [1, "added"], "added": None})


def test_the_trainer_stands_where_it_stood(
    states: dict[tuple[str, int], Entries], tasks: dict[tuple[str, int], Task]
) -> None:
    trainer = tasks["train", 0]._trainer  # type: ignore[attr-defined]
    before = {key[1:].decode(): value for key, value in states["train", 0].items() if key[:1] == b"t"}
    now = trainer.entries()
    assert before.keys() <= now.keys()
    assert not lost(json.loads(before["counts"]), json.loads(now["counts"]))
    assert trainer.examples > 0


def test_open_sessions_close_with_the_events_that_they_had(
    states: dict[tuple[str, int], Entries], tasks: dict[tuple[str, int], Task]
) -> None:
    for partition in (0, 1):
        entries = states["sessionize", partition]
        events = {
            session.identity.hex(): session.events
            for key, value in entries.items()
            if key[:1] == PREFIX
            for session in decode_visitor(value).sessions
        }
        end = EndOfInput(gap_s=1_800.0, grace_s=300.0)
        end.observe(partition, decode_meta(entries[META]).watermark)
        (output,) = end.records()
        effects = Effects()
        record = LogRecord(
            f"weir.{EVENTS.name}", partition, 10**6, round(NOW_S * 1_000), None, output.value, output.headers
        )
        tasks["sessionize", partition].process([record], effects)
        closed = [json.loads(one.value or b"") for one in effects.outputs if one.topic == SESSIONS]
        assert {one["session_id"]: one["events"] for one in closed if one["final"]} == events
        assert events


def test_a_stored_snapshot_is_verified_and_scores(stored: dict[str, Any]) -> None:
    holder = ChampionHolder(KEY.encode())
    for record in stored["models"]:
        holder.offer(record["key"].encode(), record["value"].encode())
    snapshots = [json.loads(record["value"]) for record in stored["models"] if '"payload"' in record["value"]]
    if any(snapshot["features_version"] != FEATURES_VERSION for snapshot in snapshots):
        # Verified, but of other features: nobody scores until new labels have made a model.
        assert set(holder.refusals) == {"features_version"}
        assert holder.scorer is None
        return
    assert not holder.refusals
    assert holder.scorer is not None
    assert 0.0 <= holder.scorer.score({}) <= 1.0
