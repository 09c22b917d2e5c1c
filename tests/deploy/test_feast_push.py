"""Feast's online store, filled from a real broker by processes that are killed and that share their work."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition

from tests.support.polling import eventually
from weir.kafka.admin import admin
from weir.settings import Settings
from weir.topics import SCORES

ROOT = Path(__file__).parents[2]
REPO = ROOT / "deploy" / "feast"
PYTHON = ROOT / ".venv-feast" / "bin" / "python"
TOLD = json.loads((REPO / "features.json").read_text())
NAMES = [told["name"] for told in (*TOLD["provenance"], *TOLD["features"])]
FLOATS = [told["name"] for told in TOLD["features"] if told["type"] == "float"]
TEXTS = [told["name"] for told in TOLD["features"] if told["type"] == "string"]
KEYS = {"session_features": "session_id", "visitor_features": "visitor_id"}
PARTITIONS = 4
READ = """
import json, sys
from feast import FeatureStore
asked = json.load(sys.stdin)
store = FeatureStore(repo_path=asked["repo"])
found = {}
for view, (key, names, features) in asked["views"].items():
    refs = [f"{view}:{feature}" for feature in features]
    columns = store.get_online_features(refs, [{key: name} for name in names]).to_dict()
    rows = [dict(zip(features, row)) for row in zip(*(columns[feature] for feature in features))]
    found[view] = dict(zip(columns[key], rows))
json.dump(found, sys.stdout)
"""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.exists(), reason="there is no .venv-feast: `make feast` makes it and runs this"),
]


class Scores:
    """Sends scores of few visitors with few event times, and knows which of each key is the newest."""

    def __init__(self, settings: Settings) -> None:
        self.topic = settings.names.public(SCORES)
        self.producer = Producer({"bootstrap.servers": settings.bootstrap_servers})
        self.chance = random.Random(7)
        self.sent: list[tuple[dict[str, Any], int]] = []

    def send(self, count: int, **fixed: Any) -> None:  # noqa: ANN401 -- JSON
        """Sends so many and waits until the broker has them; some are of no interest to the online store."""
        for _ in range(count):
            visitor = f"v{self.chance.randrange(300)}"
            score = {
                "session_id": f"{visitor}-{self.chance.randrange(2)}",
                "visitor_id": visitor,
                "revision": self.chance.randrange(1_000),
                "ts": 1_000.0 + self.chance.randrange(40) / 4,
                "features": {name: self.chance.random() for name in self.chance.sample(FLOATS, 9)}
                | {name: f"text {self.chance.randrange(9)}" for name in TEXTS},
                "features_version": "3",
                "champion": self.chance.random() > 0.05,
                "merged_into": "other" if self.chance.random() < 0.05 else None,
            } | fixed
            self.producer.produce(self.topic, json.dumps(score), visitor, on_delivery=self._keep(score))
            self.producer.poll(0)
        assert self.producer.flush(60) == 0

    def _keep(self, score: dict[str, Any]) -> Callable[[Any, Message], None]:
        def keep(error: object, message: Message) -> None:
            assert error is None
            offset = message.offset()
            assert offset is not None
            self.sent.append((score, offset))

        return keep

    def newest(self) -> dict[str, dict[str, dict[str, Any]]]:
        """By view and key the row that the online store should have."""
        found: dict[str, dict[str, dict[str, Any]]] = {view: {} for view in KEYS}
        for score, offset in sorted(self.sent, key=lambda one: (one[0]["ts"], one[1])):
            if score["champion"] and score["merged_into"] is None:
                told = score["features"] | {
                    "event_us": round(score["ts"] * 1_000_000),
                    "revision": score["revision"],
                    "features_version": score["features_version"],
                    "kafka_offset": offset,
                }
                for view, key in KEYS.items():
                    found[view][score[key]] = {name: told.get(name) for name in NAMES}
        return found


class Pushes:
    """Processes of push.py in one group, on one repository with its SQLite store."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.group = f"{settings.application_id}-feast"
        self.topic = settings.names.public(SCORES)
        self.folder = folder
        self.repo = folder / "repo"
        self.environment = os.environ | {"FEAST_USAGE": "False", "WEIR_FEAST_HISTORY": str(folder / "none.parquet")}
        self.client = admin(settings)
        self.processes: list[subprocess.Popen[bytes]] = []
        (self.repo / "data").mkdir(parents=True)
        for file in ("feature_store.yaml", "feature_repo.py", "features.json", "push.py"):
            shutil.copy(REPO / file, self.repo / file)
        # A killed member holds its partitions until its session is over.
        (folder / "properties").write_text("session.timeout.ms=2000\nheartbeat.interval.ms=300\n")
        subprocess.run(
            [PYTHON, "-m", "feast.cli.cli", "apply"],
            cwd=self.repo, env=self.environment, check=True, capture_output=True, timeout=120,
        )  # fmt: skip

    def start(self) -> subprocess.Popen[bytes]:
        """One more process."""
        log = (self.folder / f"push-{len(self.processes)}.log").open("wb")
        with log:
            process = subprocess.Popen(
                [PYTHON, self.repo / "push.py", "--bootstrap-servers", self.settings.bootstrap_servers,
                 "--topic", self.topic, "--group", self.group, "--properties", self.folder / "properties"],
                cwd=self.repo, env=self.environment, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def logs(self) -> str:
        """What the processes said."""
        return "\n".join(f"{file.name}:\n{file.read_text()}" for file in sorted(self.folder.glob("push-*.log")))

    def rows(self, view: str) -> int:
        """How many keys the online store has, as other processes see it."""
        with contextlib.closing(sqlite3.connect(f"file:{self.repo}/data/online.db?mode=ro", uri=True)) as store:
            (count,) = store.execute(f"SELECT count(DISTINCT entity_key) FROM weir_{view}").fetchone()
        return int(count)

    def behind(self) -> int:
        """Records after the offsets that the group has committed."""
        reader = Consumer({"bootstrap.servers": self.settings.bootstrap_servers, "group.id": self.group})
        partitions = [TopicPartition(self.topic, number) for number in range(PARTITIONS)]
        try:
            committed = [max(0, one.offset) for one in reader.committed(partitions, timeout=30)]
            ends = [reader.get_watermark_offsets(one, timeout=30)[1] for one in partitions]
        finally:
            reader.close()
        return sum(ends) - sum(committed)

    def owners(self) -> list[int]:
        """How many partitions each member of the group owns."""
        found = self.client.describe_consumer_groups([self.group])[self.group].result()
        return [len(member.assignment.topic_partitions) for member in found.members if member.assignment]

    def held(self, keys: dict[str, list[str]]) -> dict[str, dict[str, dict[str, Any]]]:
        """What Feast serves for these keys of each view."""
        asked = {"repo": str(self.repo), "views": {view: (KEYS[view], names, NAMES) for view, names in keys.items()}}
        done = subprocess.run(
            [PYTHON, "-c", READ], input=json.dumps(asked), env=self.environment,
            capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
        found: dict[str, dict[str, dict[str, Any]]] = json.loads(done.stdout)
        return found

    def all_run(self) -> bool:
        """Whether no process has ended, other than by SIGKILL."""
        return all(process.poll() in (None, -signal.SIGKILL) for process in self.processes)


@pytest.fixture
def pushes(new_installation: Callable[..., Settings], tmp_path: Path) -> Iterator[Pushes]:
    made = Pushes(new_installation(partitions=PARTITIONS), tmp_path)
    yield made
    for process in made.processes:
        process.kill()
        process.wait()


def _until_read(pushes: Pushes) -> None:
    eventually(lambda: pushes.behind() == 0 or not pushes.all_run(), what=lambda: f"the end:\n{pushes.logs()}")
    assert pushes.all_run(), pushes.logs()


def test_after_a_kill_and_a_rebalance_the_online_store_has_exactly_the_newest_score_of_each_key(
    pushes: Pushes,
) -> None:
    scores = Scores(pushes.settings)
    scores.send(2_000)
    killed = pushes.start()
    eventually(lambda: pushes.rows("session_features"), what=pushes.logs)
    killed.kill()
    killed.wait()
    # Between the first view's rows and the commit.
    assert pushes.behind() > 0

    pushes.start()
    eventually(lambda: pushes.owners() == [PARTITIONS], what=pushes.logs)
    pushes.start()

    def is_shared() -> bool:
        scores.send(30)
        return not pushes.all_run() or sorted(pushes.owners()) == [PARTITIONS // 2, PARTITIONS // 2]

    eventually(is_shared, what=pushes.logs)
    scores.send(1_500)
    _until_read(pushes)
    expected = scores.newest()
    keys = {view: list(rows) for view, rows in expected.items()}
    assert pushes.held(keys) == expected
    assert {view: pushes.rows(view) for view in KEYS} == {view: len(rows) for view, rows in expected.items()}

    scores.send(300, ts=999.0, champion=True, merged_into=None)
    _until_read(pushes)
    known = {view: set(names) for view, names in keys.items()}
    assert pushes.held(keys) == {
        view: {key: row for key, row in rows.items() if key in known[view]} for view, rows in scores.newest().items()
    }
    for process in pushes.processes[1:]:
        process.terminate()
    assert [process.wait(60) for process in pushes.processes[1:]] == [0, 0]
