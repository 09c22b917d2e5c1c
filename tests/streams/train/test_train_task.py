from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
from pydantic import SecretStr

from models.families.registry import FAMILIES
from models.serving.champion import ChampionHolder, Scorer
from models.serving.snapshot import AnyRecord, model_of, record_key, sign, verify
from streams.stages import Resources
from streams.task import Effects
from streams.train.task import TrainTask
from streams.worker import make_loaded_task
from tests.support.examples import easy_example, shuffled_example
from weir.contracts.fast import encode
from weir.contracts.model_record import Champion, Decision, Snapshot, Trial
from weir.contracts.score import ModelRef
from weir.contracts.training import TrainingExample
from weir.kafka.records import LogRecord, Output
from weir.settings import Settings

KEY = b"a key"
ROLLOUT = Settings(gate_window=200, gate_every=100, rollout_answers=10, refresh_every=0)
SETTINGS = Settings(gate_window=200, gate_every=100, rollout_answers=0, refresh_every=0)


def record(offset: int, example: TrainingExample) -> LogRecord:
    return LogRecord("training", 0, offset, 1_000 * offset, example.example_id.encode(), encode(example))


EASY = [record(offset, easy_example(offset)) for offset in range(230)]


def fold(task: TrainTask, records: Sequence[LogRecord]) -> Effects:
    effects = Effects()
    task.process(records, effects)
    return effects


def read(output: Output) -> AnyRecord:
    assert output.key is not None
    assert output.value is not None
    return verify(output.key, output.value, KEY)


def test_a_promotion_publishes_snapshot_decision_and_pointer_together() -> None:
    effects = fold(TrainTask(SETTINGS, KEY), EASY[:30])
    refusal, snapshot, decision, champion = map(read, effects.outputs)
    assert refusal.kind == "refusal"
    assert isinstance(snapshot, Snapshot)
    assert isinstance(decision, Decision)
    assert isinstance(champion, Champion)
    assert (decision.kind, decision.number, decision.version) == ("promotion", 1, "30")
    assert (champion.id, champion.version, champion.decision) == (snapshot.id, snapshot.version, 1)
    assert snapshot.trained_to_offset == snapshot.examples == 30
    assert 0 <= model_of(snapshot).predict_one(easy_example(1).features) <= 1
    assert effects.counts["model_decisions", ("promotion",)] == 1
    assert effects.counts["examples_learned", ("people", "bad")] > 0
    assert effects.gauges["model_auc", ("candidate",)] > 0.8


def test_what_it_publishes_is_scored_with() -> None:
    holder = ChampionHolder(KEY)
    for output in fold(TrainTask(SETTINGS, KEY), EASY[:100]).outputs:
        assert output.key is not None
        holder.offer(output.key, output.value)
    assert holder.scorer is not None
    assert holder.scorer.learned_from == "people"


def test_a_bad_candidate_is_refused_on_record() -> None:
    poisoned = [record(offset, shuffled_example(offset)) for offset in range(100)]
    effects = fold(TrainTask(SETTINGS, KEY), poisoned)
    decisions = list(map(read, effects.outputs))
    assert {decision.kind for decision in decisions} == {"refusal"}
    assert all(isinstance(decision, Decision) and decision.why for decision in decisions)
    assert effects.counts["model_decisions", ("refusal",)] == len(decisions) == 9


def test_without_a_key_nothing_is_learned() -> None:
    task = TrainTask(SETTINGS, None)
    effects = fold(task, EASY[:100])
    assert not effects.outputs
    assert not effects.counts
    assert not list(task.changes())


@pytest.mark.parametrize("settings", [SETTINGS, ROLLOUT, Settings(gate_window=200)])
@pytest.mark.parametrize("cuts", [(0,), (12, 28), (30, 31), (40, 70), (100, 101), (99, 150, 200), (108, 115, 125)])
def test_a_restart_continues_exactly(settings: Settings, cuts: tuple[int, ...]) -> None:
    straight = fold(TrainTask(settings, KEY), EASY).outputs
    state: dict[bytes, bytes] = {}
    outputs: list[Output] = []
    for start, end in zip((0, *cuts), (*cuts, len(EASY)), strict=True):
        task = TrainTask(settings, KEY)
        for key, value in state.items():
            task.load(key, value)
        task.loaded()
        task.recovered()
        assert task.progress() == str(start).encode()
        middle = (start + end) // 2
        for stretch in (EASY[start:middle], EASY[middle:end]):
            outputs += fold(task, stretch).outputs
            for key, new in task.changes():
                if new is None:
                    del state[key]
                else:
                    state[key] = new
    assert outputs == straight


def test_a_flush_between_meetings_writes_examples_alone() -> None:
    task = TrainTask(SETTINGS, KEY)
    fold(task, EASY[:10])
    assert {key[:1] for key, _ in task.changes()} == {b"x"}
    assert not list(task.changes())
    fold(task, EASY[10:30])
    written = dict(task.changes())
    assert sum(value is None for value in written.values()) == 10
    assert {key for key, value in written.items() if value} == {
        b"tbaseline",
        b"tcandidate",
        b"tcounts",
        b"theld",
    }


def test_a_model_comes_by_stages_each_with_its_decision_and_pointer() -> None:
    holder = ChampionHolder(KEY)
    holder.scorer = Scorer(ModelRef(id="sessions", version="by-hand"), "people", 0, FAMILIES["hashed-logistic"]())
    effects = fold(TrainTask(ROLLOUT, KEY, holder), EASY[:140])
    records = [read(output) for output in effects.outputs]
    assert [type(found).__name__ for found in records] == [
        "Snapshot",
        "Decision",
        "Trial",
        "Decision",
        "Trial",
        "Decision",
        "Champion",
    ]
    assert [found.kind for found in records if isinstance(found, Decision)] == ["shadow", "share", "promotion"]
    assert [found.share for found in records if isinstance(found, Trial)] == [0.0, ROLLOUT.rollout_share]
    assert {found.version for found in records} == {"100"}
    assert effects.counts["model_decisions", ("promotion",)] == 1


REFRESHED = Settings(gate_window=200, gate_every=100, rollout_answers=10)


def test_the_champion_is_refreshed_every_few_examples_while_it_is_young() -> None:
    records = [read(output) for output in fold(TrainTask(REFRESHED, KEY), EASY).outputs if output.value is not None]
    champions = [int(found.version) for found in records if isinstance(found, Champion)]
    assert champions[0] == 30
    assert max(after - before for before, after in itertools.pairwise(champions)) <= 25
    assert [found.kind for found in records if isinstance(found, Decision)][-1] == "refresh"


def test_the_learner_is_published_as_a_draft_until_there_is_a_champion() -> None:
    outputs = fold(TrainTask(REFRESHED, KEY), EASY[:30]).outputs
    drafts = [found for output in outputs if isinstance(found := read(output), Snapshot) and found.draft]
    assert [found.version for found in drafts] == ["10", "15", "21", "26"]
    assert {output.key for output in outputs if b"draft" in (output.key or b"")} == {b"sessions/draft"}
    holder = ChampionHolder(KEY)
    for output in outputs[:3]:
        holder.offer(output.key or b"", output.value)
    assert holder.scorer is None
    learner = holder.opinion()
    assert learner is not None
    assert 0 <= learner.score(easy_example(1).features) <= 1


def test_a_draft_is_forgotten_once_a_version_that_was_decided_on_knows_as_much() -> None:
    holder = ChampionHolder(KEY)
    for output in fold(TrainTask(REFRESHED, KEY), EASY).outputs:
        holder.offer(output.key or b"", output.value)
    assert holder.scorer is not None
    assert holder.opinion() is None


def test_five_minutes_of_the_examples_time_are_enough_for_a_refresh() -> None:
    slow = [replace(one, timestamp=400_000 * one.offset) for one in EASY]
    records = [read(output) for output in fold(TrainTask(REFRESHED, KEY), slow).outputs if output.value is not None]
    champions = [found for found in records if isinstance(found, Champion)]
    assert len(champions) > 150


def test_superseded_refreshes_and_their_decisions_are_taken_out_of_the_topic() -> None:
    outputs = fold(TrainTask(REFRESHED, KEY), EASY).outputs
    live: dict[bytes, bytes] = {}
    for output in outputs:
        assert output.key is not None
        if output.value is None:
            del live[output.key]
        else:
            live[output.key] = output.value
    snapshots = [key for key in live if key.startswith(b"sessions/") and key != b"sessions/draft"]
    # All within one hour: the champion, who is gone back to, and the first champion, which is no refresh.
    assert len(snapshots) <= 3
    assert {key for key, value in live.items() if b"refresh" in value and key.startswith(b"decision/")}


def test_errors_that_rise_are_told() -> None:
    task = TrainTask(SETTINGS, KEY)
    calm = fold(task, EASY[:100] + [record(offset, easy_example(offset)) for offset in range(230, 400)])
    assert not calm.counts["drift_detected", ("error", "champion")]
    lies = [record(offset, easy_example(offset, flip=offset % 2 == 0)) for offset in range(400, 800)]
    assert fold(task, lies).counts["drift_detected", ("error", "champion")] >= 1


def test_a_live_worker_has_the_candidate_before_the_first_record() -> None:
    """River takes seconds to import: a worker imports it while it starts, and its figures are there at once."""
    resources = Resources.from_settings(SETTINGS.model_copy(update={"model_key": SecretStr("a key")}))
    task = make_loaded_task("train", 0, resources)
    assert isinstance(task, TrainTask)
    task.loaded()
    weak = easy_example(1, source="weak:heuristics")
    assert ("model_auc", ("candidate",)) in fold(task, [record(0, weak)]).gauges


def test_what_waits_is_learned_again_after_a_restart() -> None:
    weak = [record(offset, easy_example(offset, source="weak:heuristics")) for offset in range(60)]
    bad = [one for one in weak if b'"label":"bad"' in (one.value or b"")]
    first, whole = TrainTask(SETTINGS, KEY), TrainTask(SETTINGS, KEY)
    fold(first, bad)
    restarted = TrainTask(SETTINGS, KEY)
    for key, value in first.changes():
        assert value is not None
        restarted.load(key, value)
    restarted.loaded()
    fold(whole, bad)
    assert restarted.progress() == whole.progress()
    found, expected = fold(restarted, EASY[60:160]), fold(whole, EASY[60:160])
    assert found.outputs == expected.outputs
    assert found.gauges == expected.gauges
    assert dict(restarted.changes())[b"tcandidate"] == dict(whole.changes())[b"tcandidate"]


def test_a_version_that_a_workflow_published_goes_into_shadow_once() -> None:
    # Another stream of examples, so that the worker's own learner has not seen them.
    trained = [record(offset, easy_example(1_000 + offset)) for offset in range(40)]
    own = fold(TrainTask(SETTINGS, KEY), trained)
    snapshot = next(one for one in map(read, own.outputs) if isinstance(one, Snapshot))
    published = sign(snapshot.model_copy(update={"version": "retrain-40-abc"}), KEY)
    holder = ChampionHolder(KEY)
    holder.offer(record_key(published).encode(), encode(published))
    task = TrainTask(ROLLOUT, KEY, holder)
    effects = fold(task, EASY[:5])
    again, decision, trial = map(read, effects.outputs[:3])
    assert again == published
    assert isinstance(decision, Decision)
    assert isinstance(trial, Trial)
    assert (decision.kind, trial.version, trial.share) == ("shadow", "retrain-40-abc", 0.0)
    restarted = TrainTask(ROLLOUT, KEY, holder)
    for key, value in task.changes():
        restarted.load(key, value or b"")
    restarted.loaded()
    assert fold(restarted, EASY[5:6]).outputs == []
