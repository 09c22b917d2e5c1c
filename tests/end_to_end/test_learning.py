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
from tests.support.crowd import SETTINGS, START_S, Crowd, crowd, newcomers
from weir.topics import FLAGS, MODELS, SCORES, Topic

pytestmark = pytest.mark.kafka
STAGES = "sessionize,score,join,train"
ENVIRONMENT = {f"WEIR_{name.upper()}": value for name, value in SETTINGS.items()}
ENOUGH_DECISIONS = 4
DAY_S = 86_400.0


def values(weir: Weir, topic: Topic) -> Iterator[dict[str, Any]]:
    return (json.loads(record.value or b"null") for record in records(weir.settings, topic))


def decisions(weir: Weir) -> list[str]:
    return [record["kind"] for record in values(weir, MODELS) if record and "decided_by" in record]


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
    assert all(score["model"] is None for score in values(weir, SCORES) if score["champion"])
    assert re.search(r'^weir_model_decisions_total\{decision="refusal"\} [1-9]', metrics(weir), re.MULTILINE)


ROLLOUT = ENVIRONMENT | {"WEIR_GATE_WINDOW": "60", "WEIR_ROLLOUT_ANSWERS": "8", "WEIR_ROLLOUT_SHARE": "0.5"}
GATE_ALONE = ROLLOUT | {"WEIR_REFRESH_EVERY": "0"}
"""Champions are replaced through the gate alone."""
AT_A_TIME = 4
STILL_OPEN = 45
"""Sessions that may be open when a crowd's last event has come."""


class Site:
    """A worker of all stages, traffic that comes day by day, and people who answer as long as the test wants."""

    def __init__(self, weir: Weir, folder: Path, environment: dict[str, str]) -> None:
        self.weir = weir
        self.folder = folder
        self.day = 0
        self.labels: list[dict[str, Any]] = []
        self.answered = 0
        weir.start_worker(STAGES, **environment)

    def visit(self, made: Crowd) -> set[str]:
        """Sends a crowd's events, waits until all of its visitors are scored, and gives them."""
        self.day += 1
        file, _ = made.write(self.folder)
        visitors = {label["visitor_id"] for label in made.labels}
        self.weir.run("produce", file)
        self.weir.wait_until(lambda: visitors <= self.scored(), "scores")
        self.labels = made.labels
        return visitors

    def scored(self) -> set[str]:
        ended = self.weir.running[0].poll()
        assert ended is None, f"the worker ended with {ended}"
        return {score["visitor_id"] for score in values(self.weir, SCORES)}

    @property
    def start_s(self) -> float:
        return START_S + self.day * DAY_S

    def answer_until(self, kind: str) -> dict[str, Any]:
        """Answers, a few at a time, until such a decision is made; gives it."""
        known = len(self.decisions())
        while not (found := [one for one in self.decisions()[known:] if one["kind"] == kind]):
            assert self.labels, f"no answers left to reach {kind}: {self.decisions()}"
            now, self.labels = self.labels[:AT_A_TIME], self.labels[AT_A_TIME:]
            file = self.folder / "answers.jsonl"
            file.write_text("".join(json.dumps(label) + "\n" for label in now))
            self.weir.run("labels", "add", "--file", file)
            self.answered += len(now)
            self.weir.wait_until(lambda: self.learned() == self.answered, "the answers to be learned")
        return found[0]

    def say_by(self, *sources: str) -> None:
        """Lets these give the answers, in turn."""
        self.labels = [label | {"source": sources[at % len(sources)]} for at, label in enumerate(self.labels)]

    def answer(self, count: int) -> None:
        """Gives so many answers; the last ones must stay, since their sessions are open until others come."""
        now, self.labels = self.labels[:count], self.labels[count:]
        assert len(self.labels) >= STILL_OPEN
        file = self.folder / "answers.jsonl"
        file.write_text("".join(json.dumps(label) + "\n" for label in now))
        self.weir.run("labels", "add", "--file", file)
        self.answered += len(now)
        self.weir.wait_until(lambda: self.learned() == self.answered, "the answers to be learned")

    def decisions(self) -> list[dict[str, Any]]:
        found = [one for one in values(self.weir, MODELS) if one and "decided_by" in one]
        return sorted(found, key=lambda one: int(one["number"]))

    def learned(self) -> int:
        ended = self.weir.running[0].poll()
        assert ended is None, f"the worker ended with {ended}"
        found = re.findall(r'^weir_examples_learned_total\{kind="people".*\} (\d+)', metrics(self.weir), re.MULTILINE)
        return sum(map(int, found))

    def scorers(self, visitors: set[str], *, acted_on: bool = True) -> set[str | None]:
        """The versions that scored these visitors' sessions."""
        scores = [one for one in values(self.weir, SCORES) if one["visitor_id"] in visitors]
        return {one["model"] and one["model"]["version"] for one in scores if one["champion"] is acted_on}


@pytest.mark.timeout(900)
def test_the_whole_loop_from_a_label_to_the_way_back(
    weir: Weir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(weir, tmp_path, GATE_ALONE)
    site.visit(crowd(160, honest=True))
    first = site.answer_until("promotion")["version"]
    assert site.scorers(site.visit(crowd(12, honest=True, seed=8, start_s=site.start_s))) == {first}

    site.visit(newcomers(240, bad=True, seed=9, start_s=site.start_s))
    second = site.answer_until("shadow")
    labels = site.labels
    in_shadow = site.visit(crowd(60, honest=True, seed=6, start_s=site.start_s))
    assert site.scorers(in_shadow) == {first}
    assert site.scorers(in_shadow, acted_on=False) == {second["version"]}
    site.labels = labels
    site.answer_until("share")
    labels = site.labels
    assert site.scorers(site.visit(crowd(30, honest=True, seed=7, start_s=site.start_s))) == {first, second["version"]}
    site.labels = labels
    assert site.answer_until("promotion")["previous_version"] == first
    site.visit(newcomers(120, bad=False, seed=10, start_s=site.start_s))
    back = site.answer_until("rollback")
    assert (back["version"], back["previous_version"], back["decided_by"]) == (first, second["version"], "gate")
    assert site.scorers(site.visit(crowd(12, honest=True, seed=11, start_s=site.start_s))) == {first}

    for name, value in {"WEIR_MODEL_KEY": "a key for tests", **GATE_ALONE}.items():
        monkeypatch.setenv(name, value)
    flagged = [flag for flag in values(weir, FLAGS) if flag["model"] is not None]
    assert {flag["model"]["version"] for flag in flagged} >= {first, second["version"]}
    for flag in (flagged[0], flagged[-1]):
        assert json.loads(weir.run("models", "replay", flag["flag_id"], "--json"))["differences"] == []
    rebuilt = json.loads(weir.run("models", "evaluate", "--json"))
    assert rebuilt["different_versions"] == []
    assert {first, second["version"]} <= set(rebuilt["equal_versions"])
    assert [one["kind"] for one in rebuilt["meetings"]] == [one["kind"] for one in site.decisions()]


@pytest.mark.timeout(900)
def test_the_learner_serves_refuses_poison_and_is_taken_back(
    weir: Weir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(weir, tmp_path, ROLLOUT)
    site.visit(crowd(160, honest=True))
    first = site.answer_until("promotion")
    refreshed = site.answer_until("refresh")
    assert int(refreshed["version"]) > int(first["version"])
    assert "no worse" in refreshed["why"]
    site.answer(len(site.labels) - STILL_OPEN)
    served = site.decisions()[-1]["version"]
    assert site.scorers(site.visit(crowd(12, honest=True, seed=8, start_s=site.start_s))) == {served}

    # A coin's toss contradicts both kinds of what the champion is sure of.
    site.visit(crowd(110, honest=False, seed=12, start_s=site.start_s))
    refused = site.answer_until("refusal")
    assert "contradict" in refused["why"]

    for name, value in {"WEIR_MODEL_KEY": "a key for tests", **ROLLOUT}.items():
        monkeypatch.setenv(name, value)
    rebuilt = json.loads(weir.run("models", "evaluate", "--json"))
    assert rebuilt["different_versions"] == []
    assert len(rebuilt["equal_versions"]) >= 2
    listed = [json.loads(line) for line in weir.run("models", "list", "--decisions", "--json").splitlines()]
    assert {"promotion", "refresh", "refusal"} <= {one["kind"] for one in listed}


@pytest.mark.timeout(900)
def test_a_refresh_that_learned_lies_is_taken_back_when_the_truth_comes_back(weir: Weir, tmp_path: Path) -> None:
    # Who is gone back to stays for a hundred answers: longer than the lies take.
    site = Site(weir, tmp_path, ROLLOUT | {"WEIR_GATE_EVERY": "100", "WEIR_REFRESH_EVERY_S": "86400"})
    site.visit(newcomers(290, bad=True, seed=5, start_s=site.start_s))
    site.say_by("ana", "ben", "chi", "dan", "eva", "fay", "gus", "hal")
    site.answer(240)
    # Lies about one kind alone pass for news.
    site.visit(newcomers(100, bad=False, seed=9, start_s=site.start_s))
    site.say_by("mallory")
    site.answer(44)
    assert [one["kind"] for one in site.decisions()][-1] == "refresh"
    lied = site.decisions()[-1]["version"]
    site.visit(newcomers(200, bad=True, seed=10, start_s=site.start_s))
    # Several: one source alone that contradicts all before would be doubted.
    site.say_by("ana", "ben", "chi", "dan", "eva", "fay", "gus", "hal")
    back = site.answer_until("rollback")
    assert int(back["version"]) < int(lied)
    assert "erred less" in back["why"]
    assert back["decided_by"] == "gate"
    assert site.scorers(site.visit(crowd(12, honest=True, seed=11, start_s=site.start_s))) == {back["version"]}
