"""The same files through Kafka and through replay give the same records, whatever happens to the worker."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import HEURISTICS_ALONE, Weir
from tests.end_to_end.observed import Observed, of_topics
from tests.end_to_end.synthetic import events, write

pytestmark = pytest.mark.kafka
STAGES = "sessionize,score"


def wait_for(weir: Weir, expected: Observed) -> None:
    weir.wait_until(lambda: of_topics(weir.settings).has_all_of(expected), str(expected.counts()))


def through_kafka(weir: Weir, expected: Observed, file: Path, *arguments: str) -> Observed:
    worker = weir.start_worker(STAGES, "--set", HEURISTICS_ALONE)
    weir.run("produce", file, *arguments, "--end-of-input")
    wait_for(weir, expected)
    assert weir.stop(worker) == 0, weir.logs()
    return of_topics(weir.settings)


def test_a_file_with_everything_in_it(weir: Weir, tmp_path: Path) -> None:
    file = write(tmp_path / "events.jsonl", events(visitors=40, sessions=4))
    expected = weir.replay(file, "--set", HEURISTICS_ALONE)
    assert all(expected.counts().values()), f"the file lacks something to compare: {expected.counts()}"
    assert through_kafka(weir, expected, file) == expected


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
    file = shared_data(name)
    expected = weir.replay(file, "--format", line_format, "--set", HEURISTICS_ALONE)
    assert expected.sessions
    assert through_kafka(weir, expected, file, "--format", line_format) == expected


def test_a_worker_that_is_killed_in_the_middle(weir: Weir, tmp_path: Path) -> None:
    file = write(tmp_path / "events.jsonl", events(visitors=60, sessions=5, seed=2))
    expected = weir.replay(file, "--set", HEURISTICS_ALONE)
    slow = {"WEIR_MAX_BATCH_RECORDS": "50", "WEIR_CHECKPOINT_INTERVAL_S": "0.5"}
    worker = weir.start_worker(STAGES, "--set", HEURISTICS_ALONE, **slow)
    weir.run("produce", file, "--end-of-input")
    for share in (0.2, 0.5):
        enough = share * expected.counts()["sessions"]
        weir.wait_until(lambda least=enough: of_topics(weir.settings).counts()["sessions"] >= least)
        worker.kill()
        worker.wait()
        worker = weir.start_worker(STAGES, "--set", HEURISTICS_ALONE, **slow)
    wait_for(weir, expected)
    assert weir.stop(worker) == 0, weir.logs()
    assert of_topics(weir.settings) == expected
