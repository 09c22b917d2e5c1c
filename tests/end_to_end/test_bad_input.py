"""Whatever is sent becomes part of a session or a dead letter with its reason; nothing is lost, and nothing ends.

And whatever is asked for by mistake is answered in a sentence, with the exit code that says whose mistake it was.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from streams.stages import STAGE_INPUTS
from tests.end_to_end.conftest import WEIR, Weir
from tests.end_to_end.observed import of_topics, records
from tests.support import command
from tests.support.patience import give_up_after
from tests.support.polling import PATIENCE_S
from weir import __version__
from weir.kafka.sender import producer
from weir.settings import Settings
from weir.topics import ANSWERS, DEAD_LETTER, EVENTS, LABELS, LATE, MODELS, RULES, SESSIONS, Topic

GONE = ("--bootstrap-servers", "127.0.0.1:1")
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
    ("bytes as a string", text(bytes="7"), "wrong_type"),
    ("status below 0", text(status=-1), "out_of_bounds"),
    ("an ip beyond its bound", text(ip="a" * 129), "out_of_bounds"),
    ("a number of 5,000 digits", text(value=0.25).replace(b"0.25", b"9" * 5_000), "not_finite"),
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
    (b"ann", text(title="a" * 200_000)),
]
LATE_EVENT = text(ts=START_S - 10_000)
AT_HOME_NOWHERE: list[tuple[bytes | None, bytes]] = [
    (None, text(visitor="bob")),
    (b"somebody else", text(visitor="bob")),
    (b"\xff\xfe", text(visitor="bob")),
]
NO_WATERMARKS: list[tuple[bytes | None, bytes | None]] = [
    (None, b'{"watermark": "soon", "kind": "idle"}'),
    (None, b'{"watermark": 1e999, "kind": "idle"}'),
    (None, b"[" * 10_000),
]
REASONS = Counter(reason for _, _, reason in BAD) + Counter({"bad_watermark": len(NO_WATERMARKS)})


def send(settings: Settings, topic: Topic, sent: Iterable[tuple[bytes | None, bytes | None]], **headers: bytes) -> None:
    """Keys and values, in their order; `headers` have dashes for underscores."""
    client = producer(settings)
    named: list[tuple[str, str | bytes | None]] = [(name.replace("_", "-"), text) for name, text in headers.items()]
    for key, value in sent:
        client.produce(settings.names.public(topic), value, key, headers=named)
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


@pytest.mark.parametrize("topic", [EVENTS, LABELS, DEAD_LETTER])
def test_a_header_whose_name_is_no_text_ends_no_worker_and_no_command(weir: Weir, topic: Topic) -> None:
    name = weir.settings.names.public(topic)
    odd = [sys.executable, "-m", "tests.support.odd_headers", weir.settings.bootstrap_servers, name, "ann"]
    subprocess.run([*odd, text().decode()], check=True, cwd=Path(__file__).parents[2])
    send(weir.settings, EVENTS, [GOOD[0], GOOD[1]])
    worker = weir.start_worker("sessionize,score,join")
    metrics = Metrics(weir)
    expected = 3 if topic is EVENTS else 2
    weir.wait_until(lambda: metrics.by("events", "outcome").get("folded", 0) >= expected)
    worker.kill()
    worker.wait()
    # What was read once is read again by a recovery, and by those who look on.
    weir.start_worker("sessionize,score,join")
    send(weir.settings, EVENTS, [(b"zoe", text(visitor_id="zoe"))])
    weir.wait_until(lambda: any(record.key == b"zoe" for record in records(weir.settings, SESSIONS)))
    weir.run("dead-letters", "list")
    weir.run("tail", "dead-letter", "--from-beginning", "--until-end")


def test_every_event_is_folded_or_dead_lettered_with_its_reason_and_the_accounts_add_up(weir: Weir) -> None:
    sent = [(b"ann", value) for _, value, _ in BAD] + GOOD + [GOOD[0], (b"ann", LATE_EVENT)] + AT_HOME_NOWHERE
    send(weir.settings, EVENTS, sent)
    send(weir.settings, EVENTS, NO_WATERMARKS, weir_watermark=b"idle")
    # So that the end of the input may close what is of today.
    worker = weir.start_worker("sessionize", WEIR_MAX_AHEAD_S="10000")
    metrics = Metrics(weir)
    weir.wait_until(lambda: metrics.by("events", "outcome").get("folded", 0) >= len(GOOD) + len(AT_HOME_NOWHERE))
    weir.run("produce", write_last(weir), "--end-of-input")
    weir.wait_until(lambda: metrics.by("events", "outcome").get("watermark", 0) >= weir.settings.partitions)

    assert_letters(weir.settings)
    assert metrics.by("dead_letters", "reason") == REASONS

    outcomes = metrics.by("events", "outcome")
    on_topic = sum(1 for _ in records(weir.settings, EVENTS))
    assert sum(outcomes.values()) == on_topic
    assert outcomes["folded"] == len(GOOD) + len(AT_HOME_NOWHERE) + 1
    assert outcomes["dead_letter"] == len(BAD) + len(NO_WATERMARKS)
    assert outcomes["duplicate"] == 1
    assert [record.value for record in records(weir.settings, LATE)] == [LATE_EVENT] * int(outcomes["late"])
    assert outcomes["rekeyed"] == on_topic - len(sent) - len(NO_WATERMARKS) - 1 - outcomes["watermark"]
    assert metrics.by("events_by_type", "type") == {"ping": outcomes["folded"] - 2, "other": 2}

    finals = [session for session in map(read, records(weir.settings, SESSIONS)) if session["final"]]
    assert sum(session["events"] for session in finals) == outcomes["folded"]
    assert all(session["end"] < time.time() + 400 for session in finals)
    assert weir.stop(worker) == 0, weir.logs()
    assert "Traceback" not in weir.logs()


def assert_letters(settings: Settings) -> None:
    """One for each bad record, whole: its bytes, its key, its reason, and where it can be found."""
    letters = list(records(settings, DEAD_LETTER))
    reason_of = {value: reason for _, value, reason in BAD} | {value: "bad_watermark" for _, value in NO_WATERMARKS}
    assert Counter(letter.value for letter in letters) == Counter(list(reason_of))
    received = {(record.topic, record.partition, record.offset): record for record in records(settings, EVENTS)}
    for letter in letters:
        headers = {name: text.decode() for name, text in letter.headers}
        assert headers["reason"] == reason_of[letter.value], headers
        assert headers["detail"].endswith("."), headers
        assert headers["weir-version"] == __version__
        record = received[headers["topic"], int(headers["partition"]), int(headers["offset"])]
        assert (letter.key, letter.value) == (record.key, record.value)
        assert headers["timestamp"] == str(record.timestamp)


GARBAGE: list[bytes | None] = [
    None,
    b"",
    b"not json",
    b"\xff\xfe\x00",
    b"[]",
    b'{"session_id": {}}',
    b"[" * 10_000,
    b'{"final": true, "revision": 1e999}',
    b'{"pack": "\xff"}',
    b'{"unknown": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_001,
]


def test_garbage_on_any_other_topic_ends_nothing_and_is_kept(weir: Weir) -> None:
    inputs = {topic for topics in STAGE_INPUTS.values() for topic in topics} - {EVENTS}
    for topic in inputs | {MODELS, RULES}:
        # A compacted topic takes no record without a key; one of these keys is what a sum's would be.
        keys = (b"sums/0/x", b"\xff" if topic in {MODELS, RULES, ANSWERS} else None)
        send(weir.settings, topic, [(key, value) for value in GARBAGE for key in keys])
    worker = weir.start_worker("sessionize,score,join,train")
    weir.wait_until(lambda: sum(1 for _ in records(weir.settings, DEAD_LETTER)) >= 2 * len(inputs) * len(GARBAGE))
    weir.run("produce", write_last(weir), "--end-of-input")
    weir.wait_until(
        lambda: any(record.key == b"last" for record in records(weir.settings, SESSIONS)),
        "work going on behind the garbage",
    )
    refused = sum(Metrics(weir).by("model_refused", "reason").values())
    assert refused == 2 * sum(value is not None for value in GARBAGE)
    letters = Counter(
        (dict(letter.headers)["topic"].decode(), letter.value) for letter in records(weir.settings, DEAD_LETTER)
    )
    assert letters == Counter(
        (weir.settings.names.public(topic), value) for topic in inputs for value in GARBAGE for _ in range(2)
    )
    assert weir.stop(worker) == 0, weir.logs()
    assert "Traceback" not in weir.logs()


def test_a_line_beyond_the_bound_is_the_same_dead_letter_for_produce_and_replay(weir: Weir) -> None:
    file = weir.folder / "long.jsonl"
    file.write_bytes(b"\n".join([text(), text(title="a" * 1_500), text()]) + b"\n")
    bound = ("--set", "max_record_bytes=1024")
    expected = weir.replay(file, *bound)
    weir.run("produce", file, *bound)
    found = of_topics(weir.settings)
    assert len(found.dead_letters) == 1
    assert "too_large" in found.dead_letters[0]
    assert found.dead_letters == expected.dead_letters


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with one file of each kind in it."""
    (tmp_path / "good").write_bytes(text() + b"\n")
    (tmp_path / "empty").touch()
    (tmp_path / "directory").mkdir()
    (tmp_path / "cut.gz").write_bytes(gzip.compress(text() * 50)[:-20])
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "cut.log").write_bytes(b'192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /shop HT')
    monkeypatch.chdir(tmp_path)
    give_up_after(monkeypatch)
    return tmp_path


def assert_told(called: command.Called, code: int, said: str) -> None:
    """One sentence and what to do, each on a line of its own."""
    assert called.code == code, called.err
    assert said in called.err
    assert "Traceback" not in called.err
    assert called.err.splitlines()[-2].startswith("weir: "), called.err
    assert called.out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("empty", "The input has no lines"),
        ("directory", "directory is a directory"),
        ("missing", "no file missing"),
        ("cut.gz", "damaged gzip"),
        ("good --format csv", "no format csv"),
        ("good --labels directory", "Can't read the labels in directory"),
        ("good --labels binary", "Line 1 of binary is not a valid label"),
        ("good --sessions directory", "Can't write directory"),
        ("good --flags missing/file", "Can't write missing/file"),
        ("good --report directory", "Can't write directory"),
        ("good --report missing/file", "Can't write missing/file"),
        ("good --set gap_s=soon", "setting gap_s is wrong"),
        ("good --set gap_s=nan", "setting gap_s is wrong"),
        ("good --gap -1", "setting gap_s is wrong"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_replay_of_what_cannot_be_read_or_written_is_a_wrong_call(arguments: str, said: str) -> None:
    assert_told(command.weir("replay", *arguments.split()), 2, said)


def test_a_cut_log_line_is_a_dead_letter_of_a_replay_that_does_well(folder: Path) -> None:
    whole = b'192.0.2.1 - - [17/May/2015:10:05:02 +0000] "GET / HTTP/1.1" 200 5 "-" "Mozilla/5.0"\n' * 2
    cut = (folder / "cut.log").read_bytes() + b"\n" + b"x" * 100
    (folder / "cut.log").write_bytes(whole + cut)
    called = command.weir("replay", "cut.log", "--format", "access-log", "--dead-letters", "letters", "--json")
    assert called.code == 0, called.err
    assert (called.rows()[0]["lines"], called.rows()[0]["unreadable"]) == (4, 2)
    letters = [json.loads(line) for line in (folder / "letters").read_bytes().splitlines()]
    assert {letter["headers"]["reason"] for letter in letters} == {"unreadable_line"}
    assert "\n".join(letter["value"] for letter in letters).encode() == cut


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("cut.log", "Column 5, the request line, has no end"),
        ("cut.log --format combined", "No line fits the requested layout"),
        ("good --format snowplow", "None of the 1 lines of good is an event"),
        ("good --format otto", "None of the 1 lines of good is an event"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_file_of_which_nothing_can_be_read_is_work_that_failed(arguments: str, said: str) -> None:
    called = command.weir("replay", *arguments.split())
    assert called.code == 1
    assert said in called.err
    assert "Traceback" not in called.err
    assert command.weir("replay", "good", "--format", "otto", "--allow-unreadable", "1").code == 0


@pytest.mark.parametrize("setting", ["pack_files", "limits_file", "business_rules_file"])
@pytest.mark.parametrize("name", ["missing", "directory", "binary"])
@pytest.mark.usefixtures("folder")
def test_rules_that_cannot_be_read_are_a_wrong_call(setting: str, name: str) -> None:
    called = command.weir("replay", "good", "--set", f"{setting}={name}")
    assert (called.code, called.out) == (2, "")
    assert name in called.err
    assert "Traceback" not in called.err


def test_a_settings_file_that_is_a_directory_is_a_wrong_call(folder: Path) -> None:
    (folder / "weir.toml").mkdir()
    assert_told(command.weir("settings"), 2, "weir.toml is a directory")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.usefixtures("folder")
def test_a_full_disk_is_told_in_a_sentence() -> None:
    assert_told(command.weir("replay", "good", "--sessions", "/dev/full"), 1, "No space left on device")


@pytest.mark.parametrize("arguments", ["replay good", "settings --json"])
@pytest.mark.usefixtures("folder")
def test_whoever_stops_reading_gets_no_stack_trace(arguments: str) -> None:
    reading, writing = os.pipe()
    # Before the command starts: on a busy machine it may have written everything before a reader closes its end.
    os.close(reading)
    called = subprocess.Popen([WEIR, *arguments.split()], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    _, told = called.communicate(timeout=PATIENCE_S)
    assert called.returncode == 1
    assert b"Traceback" not in told
    assert b"Exception" not in told


@pytest.mark.parametrize(
    "arguments",
    [
        "tail flags",
        "topics check",
        "dead-letters list",
        "labels add --visitor ann --label bad",
        "models list --set model_key=secret",
        "backfill --into second",
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_broker_that_is_not_there_is_one_sentence_of_every_command(arguments: str) -> None:
    assert_told(command.weir(*arguments.split(), *GONE), 1, "No Kafka broker answers at 127.0.0.1:1.")


@pytest.mark.parametrize("arguments", ["worker", "produce good", "labels add --visitor ann --label bad"])
def test_topics_with_another_number_of_partitions_are_told_before_anything_is_done(
    installation: Settings, folder: Path, arguments: str
) -> None:
    other = installation.model_copy(update={"partitions": 3})
    called = command.weir(*arguments.split(), on=other)
    assert (called.code, called.out) == (1, "")
    assert "number of partitions is 2, should be 3" in called.err
    assert "Traceback" not in called.err
    assert not list(records(installation, EVENTS)), folder


def write_last(weir: Weir) -> object:
    """A file of one event."""
    file = weir.folder / "last.jsonl"
    file.write_bytes(text(visitor="last"))
    return file


def read(record: Any) -> dict[str, Any]:  # noqa: ANN401 -- whatever has a value
    session: dict[str, Any] = json.loads(record.value)
    return session
