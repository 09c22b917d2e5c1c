"""Keeps Feast's online store up to date with the topic `weir.scores`.

Reads the topic in a consumer group, hands each batch to Feast's push API, and commits the group's offsets afterwards.
A crash in between repeats the batch. A repeated or an older score never replaces a newer one of the same key.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from confluent_kafka import Consumer, KafkaError, KafkaException, Message
from feast import FeatureStore
from feast.data_source import PushMode
from feast.errors import FeastError

HERE = Path(__file__).parent
TOLD = json.loads((HERE / "features.json").read_text(encoding="utf-8"))
KEYS = {told["name"]: told["key"] for told in TOLD["entities"]}
VIEWS = {told["name"]: KEYS[told["entity"]] for told in TOLD["views"]}
"""Feature view to the column that is its key."""
TYPES = {told["name"]: told["type"] for told in TOLD["features"]}
_REASSIGNED = {
    KafkaError._NO_OFFSET,  # noqa: SLF001 -- its public name
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.UNKNOWN_MEMBER_ID,
}
"""Answers to a commit whose partitions went to another process, or are going, while the batch was pushed."""
_log = logging.getLogger("weir.feast")


def row_of(value: bytes | None, offset: int) -> dict[str, Any] | None:
    """The row of one record of `weir.scores`; None for a candidate's score and for a session that was taken over.

    Raises:
        ValueError: the record is no score.
    """
    if value is None:
        return None
    try:
        score = json.loads(value)
        if not score["champion"] or score.get("merged_into") is not None:
            return None
        event_us = round(score["ts"] * 1_000_000)
        found = score["features"]
        return {
            "session_id": str(score["session_id"]),
            "visitor_id": str(score["visitor_id"]),
            "ts": pd.Timestamp(event_us, unit="us", tz="UTC"),
            "appended_order": pd.Timestamp(offset, unit="us", tz="UTC"),
            "event_us": event_us,
            "revision": int(score["revision"]),
            "features_version": str(score["features_version"]),
            "kafka_offset": offset,
        } | {name: _typed(kind, found.get(name)) for name, kind in TYPES.items()}
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"no score: {error!r}") from error


def push(store: FeatureStore, rows: Iterable[dict[str, Any]]) -> int:
    """Pushes the newest row of each key, of those newer than the store's own; returns how many rows were written.

    Of two rows the one with the later event time is newer, at the same time the one with the greater offset. All
    scores of a visitor are in one partition, so their offsets can be compared.
    """
    every = list(rows)
    written = 0
    for view, key in VIEWS.items():
        newest: dict[str, dict[str, Any]] = {}
        for row in every:
            there = newest.get(row[key])
            if there is None or _order(row) > _order(there):
                newest[row[key]] = row
        held = _held(store, view, key, list(newest))
        fresh = [row for name, row in newest.items() if name not in held or _order(row) > held[name]]
        if fresh:
            frame = pd.DataFrame(fresh).astype({name: "float64" for name, kind in TYPES.items() if kind == "float"})
            store.push(f"{view}_push", frame, to=PushMode.ONLINE)
            written += len(fresh)
    return written


def run(
    consumer: Consumer, store: FeatureStore, is_stopped: Callable[[], bool], batch: int = 5_000, *, once: bool = False
) -> None:
    """Consumes, pushes and commits until `is_stopped`; a record that is no score is logged and passed over.

    Args:
        consumer: subscribed; it commits nothing by itself.
        store: the applied repository.
        is_stopped: asked before each batch.
        batch: records of a batch, at most; of many records of one key in a batch only the newest is written.
        once: also stop when every partition of the consumer was read to its end.

    Raises:
        KafkaException: the broker refused.
    """
    ended: set[tuple[str | None, int | None]] = set()
    while not is_stopped():
        messages = _records(consumer.consume(batch, timeout=1.0), ended)
        rows = []
        for message in messages:
            try:
                row = row_of(message.value(), message.offset())
            except ValueError as error:
                _log.warning(
                    "Unreadable score partition=%s offset=%s: %s", message.partition(), message.offset(), error
                )
                continue
            if row is not None:
                rows.append(row)
        if messages:
            written = push(store, rows)
            _commit(consumer)
            _log.info("Pushed records=%s rows=%s", len(messages), written)
        if once:
            owned = {(one.topic, one.partition) for one in consumer.assignment()}
            if owned and owned <= ended:
                return


def _records(messages: Sequence[Message], ended: set[tuple[str | None, int | None]]) -> list[Message]:
    """The messages that are records; partitions whose end is reached are added to `ended`."""
    records = []
    for message in messages:
        error = message.error()
        if error is None:
            records.append(message)
        elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 -- its public name
            ended.add((message.topic(), message.partition()))
        else:
            raise KafkaException(error)
    return records


def _commit(consumer: Consumer) -> None:
    """Commits what was consumed of the partitions that the consumer still owns."""
    try:
        consumer.commit(asynchronous=False)
    except KafkaException as error:
        if error.args[0].code() not in _REASSIGNED:
            raise
        _log.info("Not committed, so the partitions' next owner repeats the batch: %s", error.args[0].str())


def _typed(kind: str, value: object) -> float | str | None:
    if value is None:
        return None
    return float(value) if kind == "float" else str(value)  # type: ignore[arg-type]  # JSON's number or text


def _order(row: dict[str, Any]) -> tuple[int, int]:
    return row["event_us"], row["kafka_offset"]


def _held(store: FeatureStore, view: str, key: str, names: list[str]) -> dict[str, tuple[int, int]]:
    """Event time and offset of what the online store has, by key."""
    if not names:
        return {}
    found = store.get_online_features(
        [f"{view}:event_us", f"{view}:kafka_offset"], [{key: name} for name in names]
    ).to_dict()
    rows = zip(found[key], found["event_us"], found["kafka_offset"], strict=True)
    return {name: (event_us, offset) for name, event_us, offset in rows if event_us is not None}


def _properties(file: Path) -> dict[str, str]:
    """Properties of librdkafka, `key=value` on a line; lines that begin with # are comments."""
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def main() -> None:
    """Runs until SIGTERM or SIGINT, or with --once until the end of the topic."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap-servers", default="localhost:9092")
    parser.add_argument("--topic", default="weir.scores")
    parser.add_argument("--group", default="weir-feast")
    parser.add_argument("--properties", type=Path, help="file of librdkafka properties, such as those of TLS and SASL")
    parser.add_argument("--once", action="store_true", help="end when every partition was read to its end")
    parser.add_argument("--repo", type=Path, default=HERE, help="folder of feature_store.yaml")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _frame: stopped.append(got))
    fixed = {
        "bootstrap.servers": chosen.bootstrap_servers,
        "group.id": chosen.group,
        "enable.auto.commit": "false",
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",
    }
    if chosen.once:
        fixed["enable.partition.eof"] = "true"
    consumer = Consumer((_properties(chosen.properties) if chosen.properties else {}) | fixed)
    try:
        store = FeatureStore(repo_path=str(chosen.repo))
        # Found missing before the first record, and not after it.
        for view in VIEWS:
            store.get_feature_view(view)
        consumer.subscribe([chosen.topic])
        run(consumer, store, lambda: bool(stopped), once=chosen.once)
    except FeastError as error:
        sys.exit(f"push: Feast refused: {error}. `feast apply` in {chosen.repo} registers the views.")
    except KafkaException as error:
        sys.exit(f"push: Kafka refused: {error.args[0].str()}.")
    finally:
        consumer.close()


if __name__ == "__main__":
    main()
