"""People's answers reach the trainer; a good candidate is scored with, a bad one is not."""

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import Weir
from tests.end_to_end.observed import records
from tests.support.crowd import SETTINGS, START_S, crowd
from weir.topics import MODELS, SCORES, Topic

pytestmark = pytest.mark.kafka
STAGES = "sessionize,score,join,train"
ENVIRONMENT = {f"WEIR_{name.upper()}": value for name, value in SETTINGS.items()}
ENOUGH_DECISIONS = 4
DAY_S = 86_400.0


def values(weir: Weir, topic: Topic) -> Iterator[dict[str, Any]]:
    return (json.loads(record.value or b"null") for record in records(weir.settings, topic))


def decisions(weir: Weir) -> list[str]:
    return [record["kind"] for record in values(weir, MODELS) if record["kind"] not in {"snapshot", "champion"}]


def metrics(weir: Weir) -> str:
    found = re.search(r"metrics and probes at (http://\S+)", weir.logs())
    assert found, weir.logs()
    with urllib.request.urlopen(f"{found[1]}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def learn(weir: Weir, folder: Path, *, honest: bool) -> None:
    """Events first, then what people say of them, until the gate has met often enough."""
    file, labels = crowd(200, honest=honest).write(folder)
    weir.start_worker(STAGES, **ENVIRONMENT)
    weir.run("produce", file)
    weir.wait_until(lambda: len({score["session_id"] for score in values(weir, SCORES)}) == 200, "scores")
    weir.run("labels", "add", "--file", labels)
    weir.wait_until(lambda: len(decisions(weir)) >= ENOUGH_DECISIONS, "decisions of the gate")


def test_with_enough_answers_a_candidate_passes_the_gate_and_is_scored_with(weir: Weir, tmp_path: Path) -> None:
    learn(weir, tmp_path, honest=True)
    assert "promotion" in decisions(weir)
    later, _ = crowd(20, honest=True, seed=6, start_s=START_S + DAY_S).write(tmp_path)
    weir.run("produce", later)
    weir.wait_until(lambda: any(score["model"] for score in values(weir, SCORES)), "a score of the champion's")
    shown = metrics(weir)
    assert re.search(r'^weir_model_version_info\{id="[^"]+",version="[^"]+"\} 1\.0$', shown, re.MULTILINE)
    assert re.search(r'^weir_model_decisions_total\{decision="promotion"\} [1-9]', shown, re.MULTILINE)


def test_a_candidate_that_learned_nothing_is_refused(weir: Weir, tmp_path: Path) -> None:
    learn(weir, tmp_path, honest=False)
    assert set(decisions(weir)) == {"refusal"}
    assert all(score["model"] is None for score in values(weir, SCORES))
    assert re.search(r'^weir_model_decisions_total\{decision="refusal"\} [1-9]', metrics(weir), re.MULTILINE)
