"""The same files through Kafka and through replay give the same records, whatever happens to the worker."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import HEURISTICS_ALONE, Weir
from tests.end_to_end.observed import Observed, of_topics
from tests.end_to_end.synthetic import events, write

pytestmark = pytest.mark.kafka
STAGES = "sessionize,score"


def assert_parity(weir: Weir, file: Path, *arguments: str) -> Observed:
    """The file through Kafka, and, while the worker works, through replay: equal, record for record."""
    worker = weir.start_worker(STAGES, "--set", HEURISTICS_ALONE)
    weir.run("produce", file, *arguments, "--end-of-input")
    expected = weir.replay(file, *arguments, "--set", HEURISTICS_ALONE)
    weir.wait_until(lambda: of_topics(weir.settings).has_all_of(expected), str(expected.counts()))
    assert weir.stop(worker) == 0, weir.logs()
    assert of_topics(weir.settings) == expected
    return expected


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
