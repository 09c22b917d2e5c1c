"""Whatever is sent becomes part of a session or a dead letter with its reason; nothing is lost, and nothing ends."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from streams.stages import STAGE_INPUTS
from tests.end_to_end.conftest import Weir
from tests.end_to_end.observed import records
from weir.cluster import producer
from weir.settings import Settings
from weir.topics import DEAD_LETTER, EVENTS, MODELS, RULES, SESSIONS, Topic

pytestmark = pytest.mark.kafka
START_S = float(round(time.time()))
"""Now, since an event far ahead is taken back to now, and would make older ones late."""


def event(visitor: str = "ann", **changed: Any) -> dict[str, Any]:  # noqa: ANN401 -- any field
    return {"event_id": f"{time.monotonic_ns()}", "visitor_id": visitor, "type": "ping", "ts": START_S} | changed


def text(**changed: Any) -> bytes:  # noqa: ANN401 -- any field
    return json.dumps(event(**changed)).encode()


def without(field: str) -> bytes:
    return json.dumps({name: value for name, value in event().items() if name != field}).encode()


def written(ts: str) -> bytes:
    """An event whose time is written so."""
    return text(ts=0.5).replace(b"0.5", ts.encode())


BAD: list[tuple[str, bytes | None, str]] = [
    ("no value", None, "empty_value"),
    ("an empty value", b"", "empty_value"),
    ("not JSON", b"event=click&visitor=ann", "not_json"),
    ("cut off", text()[:-10], "not_json"),
    ("two values", text() + b"\n" + text(), "not_json"),
    ("not UTF-8", text(title="caf?").replace(b"?", b"\xe9"), "not_utf8"),
    ("a list", b"[" + text() + b"]", "not_an_object"),
    ("a number", b"7", "not_an_object"),
    ("no event_id", without("event_id"), "missing_field"),
    ("no visitor_id", without("visitor_id"), "missing_field"),
    ("no type", without("type"), "missing_field"),
    ("no ts", without("ts"), "missing_field"),
    ("visitor_id as a number", text(visitor_id=7), "wrong_type"),
    ("an empty visitor_id", text(visitor_id=""), "out_of_bounds"),
    ("ts as a list", text(ts=[1]), "wrong_type"),
    ("ts as a word", text(ts="yesterday"), "bad_ts"),
    ("ts before 1970", text(ts=-1.0), "bad_ts"),
    ("ts far beyond", text(ts=1e308), "bad_ts"),
    ("ts NaN", written("NaN"), "not_finite"),
    ("ts infinite", written("Infinity"), "not_finite"),
    ("ts overflowing", written("1e400"), "not_finite"),
    ("value NaN", text(value=0.25).replace(b"0.25", b"NaN"), "not_finite"),
    ("a url of 1 MB", text(url="/" + "a" * 1_000_000), "too_large"),
    ("10,000 levels", text(properties=0.5).replace(b"0.5", b'{"a":' * 10_000 + b"1" + b"}" * 10_000), "too_deep"),
]
GOOD: list[tuple[bytes | None, bytes]] = [
    (b"ann", text()),
    (b"ann", text(type="beamed_up")),
    (b"ann", text(type="beamed_down", an_unknown_field={"kept": ["as", "it", "is"]})),
    (b"ann", text(ts=START_S + 1e9)),
    (b"ann", text(url="/" + "é" * 5_000)),
]
AT_HOME_NOWHERE: list[tuple[bytes | None, bytes]] = [
    (None, text(visitor="bob")),
    (b"somebody else", text(visitor="bob")),
    (b"\xff\xfe", text(visitor="bob")),
]


def send(settings: Settings, topic: Topic, sent: Iterable[tuple[bytes | None, bytes | None]]) -> None:
    """Keys and values, in their order."""
    client = producer(settings)
    for key, value in sent:
        client.produce(settings.names.public(topic), value, key)
    assert client.flush(30) == 0


class Metrics:
    """The metrics of the only worker."""

    def __init__(self, weir: Weir) -> None:
        self._weir = weir

    def by(self, name: str, label: str) -> Mapping[str, float]:
        """A counter's values by one of its labels."""
        address = re.search(r"probes at (http://\S+)", self._weir.logs())
        if address is None:
            return {}
        found: Counter[str] = Counter()
        for family in text_string_to_metric_families(httpx.get(f"{address[1]}/metrics", timeout=5).text):
            for sample in family.samples:
                if sample.name == f"weir_{name}_total" and sample.value:
                    found[sample.labels[label]] += int(sample.value)
        return found


def test_every_event_is_folded_or_dead_lettered_with_its_reason_and_the_accounts_add_up(weir: Weir) -> None:
    sent = [(b"ann", value) for _, value, _ in BAD] + GOOD + AT_HOME_NOWHERE
    send(weir.settings, EVENTS, sent)
    # So that the end of the input may close what is of today.
    worker = weir.start_worker("sessionize,score,join,train", WEIR_MAX_AHEAD_S="10000")
    metrics = Metrics(weir)
    weir.wait_until(lambda: metrics.by("events", "outcome").get("folded", 0) >= len(GOOD) + len(AT_HOME_NOWHERE))
    weir.run("produce", write_last(weir), "--end-of-input")
    weir.wait_until(lambda: metrics.by("events", "outcome").get("watermark", 0) >= weir.settings.partitions)

    letters = list(records(weir.settings, DEAD_LETTER))
    assert Counter(letter.value for letter in letters) == Counter(value for _, value, _ in BAD)
    reason_of = {value: reason for _, value, reason in BAD}
    for letter in letters:
        headers = dict(letter.headers)
        assert headers["reason"].decode() == reason_of[letter.value], headers
        assert headers["topic"].decode() == weir.settings.names.public(EVENTS)
        assert letter.key == b"ann"
    assert metrics.by("dead_letters", "reason") == Counter(reason for _, _, reason in BAD)

    outcomes = metrics.by("events", "outcome")
    on_topic = sum(1 for _ in records(weir.settings, EVENTS))
    assert sum(outcomes.values()) == on_topic
    assert outcomes["dead_letter"] == len(BAD)
    assert outcomes["folded"] == len(GOOD) + len(AT_HOME_NOWHERE) + 1
    assert outcomes.get("rekeyed", 0) == on_topic - len(sent) - 1 - outcomes["watermark"]
    assert metrics.by("events_by_type", "type") == {"ping": outcomes["folded"] - 2, "other": 2}

    finals = [session for session in map(read, records(weir.settings, SESSIONS)) if session["final"]]
    assert sum(session["events"] for session in finals) == outcomes["folded"]
    assert all(session["end"] < time.time() + 400 for session in finals)
    assert weir.stop(worker) == 0, weir.logs()
    assert "Traceback" not in weir.logs()


GARBAGE: list[bytes | None] = [
    None,
    b"",
    b"not json",
    b"\xff\xfe\x00",
    b"[]",
    b'{"session_id": {}}',
    b"[" * 10_000,
    b'{"final": true, "revision": 1e999}',
]


def test_garbage_on_any_other_topic_ends_nothing_and_is_kept(weir: Weir) -> None:
    inputs = {topic for topics in STAGE_INPUTS.values() for topic in topics} - {EVENTS}
    for topic in inputs | {MODELS, RULES}:
        # A compacted topic takes no record without a key; one of these keys is what a sum's would be.
        keys = (b"sums/0/x", b"\xff" if topic in {MODELS, RULES} else None)
        send(weir.settings, topic, [(key, value) for value in GARBAGE for key in keys])
    worker = weir.start_worker("sessionize,score,join,train")
    weir.wait_until(lambda: sum(1 for _ in records(weir.settings, DEAD_LETTER)) >= 2 * len(inputs) * len(GARBAGE))
    weir.run("produce", write_last(weir), "--end-of-input")
    weir.wait_until(lambda: any(True for _ in records(weir.settings, SESSIONS)), "work going on behind the garbage")
    letters = Counter(
        (dict(letter.headers)["topic"].decode(), letter.value) for letter in records(weir.settings, DEAD_LETTER)
    )
    assert letters == Counter(
        (weir.settings.names.public(topic), value) for topic in inputs for value in GARBAGE for _ in range(2)
    )
    assert weir.stop(worker) == 0, weir.logs()
    assert "Traceback" not in weir.logs()


def write_last(weir: Weir) -> object:
    """A file of one event."""
    file = weir.folder / "last.jsonl"
    file.write_bytes(text(visitor="last"))
    return file


def read(record: Any) -> dict[str, Any]:  # noqa: ANN401 -- whatever has a value
    session: dict[str, Any] = json.loads(record.value)
    return session
