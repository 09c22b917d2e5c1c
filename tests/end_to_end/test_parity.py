"""The same files through Kafka and through replay give the same records, whatever happens to the worker."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import HEURISTICS_ALONE, Weir
from tests.end_to_end.observed import Observed, of_topics, records
from tests.end_to_end.synthetic import events, write
from tests.end_to_end.test_bad_input import Metrics
from weir.topics import EVENTS

pytestmark = pytest.mark.kafka
STAGES = "sessionize,score"


def assert_parity(weir: Weir, file: Path, *arguments: str) -> Observed:
    """The file through Kafka, and, while the worker works, through replay: equal, record for record."""
    worker = weir.start_worker(STAGES, "--set", HEURISTICS_ALONE)
    weir.run("produce", file, *arguments, "--end-of-input")
    expected = weir.replay(file, *arguments, "--set", HEURISTICS_ALONE)
    weir.wait_until(lambda: of_topics(weir.settings).has_all_of(expected), str(expected.counts()))
    assert_accounts(weir, expected)
    assert weir.stop(worker) == 0, weir.logs()
    assert of_topics(weir.settings) == expected
    return expected


def assert_accounts(weir: Weir, expected: Observed) -> None:
    """The worker's counters, as sums: each record of the input has one outcome, and each outcome can be seen."""
    metrics = Metrics(weir)
    in_all = sum(1 for _ in records(weir.settings, EVENTS))
    # What is counted shows a moment after the records of the same flush.
    weir.wait_until(lambda: sum(metrics.by("events", "outcome").values()) >= in_all, "an outcome for each record")
    outcomes = metrics.by("events", "outcome")
    assert sum(outcomes.values()) == in_all
    assert outcomes.get("late", 0) == expected.counts()["late"]
    assert outcomes["folded"] == sum(metrics.by("events_by_type", "type").values())
    sessions = [json.loads(record) for records_of_one in expected.sessions.values() for record in records_of_one]
    finals = [session for session in sessions if session["final"] and not session["merged_into"]]
    assert outcomes["folded"] == sum(session["events"] for session in finals)
    changes = metrics.by("sessions", "change")
    assert changes["opened"] == sum(session["final"] for session in sessions)
    assert changes["opened"] == changes["closed"] + changes.get("merged", 0) + changes.get("split", 0)


def test_a_file_with_everything_in_it(weir: Weir, tmp_path: Path) -> None:
    found = assert_parity(weir, write(tmp_path / "events.jsonl", events(visitors=40, sessions=4)))
    assert all(found.counts().values()), f"the file lacks something to compare: {found.counts()}"


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "line_format"),
    [
        ("elastic-apache-logs/apache_logs", "access-log"),
        ("otto/train.jsonl", "otto"),
        ("snowplow-web/snowplow_web_events.csv", "snowplow"),
    ],
)
def test_real_files(weir: Weir, shared_data: Callable[[str], Path], name: str, line_format: str) -> None:
    assert assert_parity(weir, shared_data(name), "--format", line_format).sessions


def test_a_worker_that_is_killed_in_the_middle(weir: Weir, tmp_path: Path) -> None:
    file = write(tmp_path / "events.jsonl", events(visitors=60, sessions=5, seed=2))
    slow = {"WEIR_MAX_BATCH_RECORDS": "50", "WEIR_CHECKPOINT_INTERVAL_S": "0.5"}
    worker = weir.start_worker(STAGES, "--set", HEURISTICS_ALONE, **slow)
    weir.run("produce", file, "--end-of-input")
    weir.wait_until(lambda: of_topics(weir.settings).sessions, "first sessions")
    worker.kill()
    worker.wait()
    in_the_middle = of_topics(weir.settings)
    worker = weir.start_worker(STAGES, "--set", HEURISTICS_ALONE, **slow)
    expected = weir.replay(file, "--set", HEURISTICS_ALONE)
    assert in_the_middle.counts()["sessions"] < expected.counts()["sessions"], (
        "it had come to the end: nothing is shown"
    )
    weir.wait_until(lambda: of_topics(weir.settings).has_all_of(expected), str(expected.counts()))
    assert weir.stop(worker) == 0, weir.logs()
    assert of_topics(weir.settings) == expected
