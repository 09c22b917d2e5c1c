"""Steps called in one process, on a small table."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from streams.workflow.steps import baseline, evaluate, extract, features, gate, publish, train
from streams.workflow.steps.files import read_json, read_rows, write_json, write_rows
from streams.workflow.steps.train import SCORES
from tests.support.examples import easy_example, shuffled_example
from tests.support.tables import write
from weir.cli.main import main
from weir.contracts.training import TrainingExample
from weir.errors import UsageError, WeirError
from weir.kafka.records import Output
from weir.tables.catalogue import EXAMPLES_TABLE

STEPS: Mapping[str, tuple[Callable[[Mapping[str, str]], None], tuple[str, ...]]] = {
    "extract": (extract.main, ("table", "examples")),
    "features": (features.main, ("examples", "training", "holdout", "answers")),
    "train": (train.main, ("training", "holdout", "model", "scores", "family")),
    "baseline": (baseline.main, ("training", "holdout", "baseline-scores")),
    "evaluate": (evaluate.main, ("answers", "scores", "baseline-scores", "judged", "figures")),
    "gate": (gate.main, ("judged", "model", "holdout", "decision")),
    "publish": (publish.main, ("model", "decision", "judged", "candidate")),
}


def run(folder: Path, examples: list[TrainingExample], to: str = "publish") -> dict[str, str]:
    """Paths by name, after the steps up to one of them."""
    write(folder, EXAMPLES_TABLE, [one.model_dump() for one in examples])
    paths = {name: str(folder / name) for _, names in STEPS.values() for name in names}
    paths |= {"table": str(folder), "examples": str(folder / "examples.parquet"), "family": "blended-logistic"}
    for name, (step, names) in STEPS.items():
        step({one: paths[one] for one in names})
        if name == to:
            break
    return paths


def changed(example: TrainingExample, **values: object) -> TrainingExample:
    return example.model_copy(update=values)


def test_the_newest_examples_measure_and_their_sessions_are_not_learned(tmp_path: Path) -> None:
    # In the topic's order the newest answer comes first, and a session is answered about early and late.
    examples = [changed(easy_example(seed), labelled_at=100.0 - seed) for seed in range(20)]
    examples[0] = changed(examples[0], session_id="twice")
    examples[19] = changed(examples[19], session_id="twice")
    paths = run(tmp_path, examples, to="features")
    learned = [row["example_id"] for row in read_rows(paths["training"], ["example_id"])]
    assert learned == [f"e{seed}" for seed in range(18, 5, -1)]
    assert [row["example_id"] for row in read_rows(paths["answers"], ["example_id"])] == [
        f"e{seed}" for seed in range(5, -1, -1)
    ]
    with pytest.raises(UsageError, match="can't be read as a step's input"):
        read_rows(paths["holdout"], ["bad"])


def test_features_of_another_version_are_passed_over(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="0 have features of version"):
        run(tmp_path, [changed(easy_example(seed), features_version="0") for seed in range(20)], to="features")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "must have one score for each"),
        ([("e14", 0.5)] * 6, "must have one score for each"),
        ([(f"e{seed}", 1.5) for seed in range(14, 20)], "a score of 1.5 for e14"),
        ([(f"e{seed}", None) for seed in range(14, 20)], "a score of None for e14"),
        ([(f"e{seed}", float("nan")) for seed in range(14, 20)], "a score of nan for e14"),
    ],
)
def test_scores_of_a_program_that_are_none_are_refused(
    tmp_path: Path, rows: list[tuple[str, float | None]], told: str
) -> None:
    paths = run(tmp_path, [easy_example(seed) for seed in range(20)], to="baseline")
    write_rows(paths["scores"], [dict(zip(SCORES.names, row, strict=True)) for row in rows], SCORES)
    with pytest.raises(UsageError, match=told):
        evaluate.main({name: paths[name] for name in STEPS["evaluate"][1]})


def test_the_gate_refuses_a_model_of_answers_that_say_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = run(tmp_path, [shuffled_example(seed) for seed in range(200)])
    candidate = read_json(paths["candidate"])
    assert not candidate["passed"]
    with pytest.raises(SystemExit) as ended:
        main(["workflow", "publish", paths["candidate"]])
    assert ended.value.code == 1
    assert "weir: The gate refuses the candidate: " in capsys.readouterr().err


def test_the_gate_refuses_a_model_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = run(tmp_path, [easy_example(seed) for seed in range(300)])
    assert read_json(paths["decision"])["passed"]
    ticks = itertools.count(0.0, 1.0)  # every pass takes a second
    monkeypatch.setattr("streams.workflow.steps.gate.time.perf_counter", lambda: next(ticks))
    gate.main({name: paths[name] for name in STEPS["gate"][1]})
    decision = read_json(paths["decision"])
    assert not decision["passed"]
    assert "a prediction takes 11111 µs" in decision["why"]


@pytest.mark.parametrize("broken", [{"payload": "no base64"}, {"payload": None}, {"hyper_parameters": {"none": 1}}])
def test_the_gate_says_what_a_model_of_a_family_lacks(tmp_path: Path, broken: dict[str, object]) -> None:
    paths = run(tmp_path, [easy_example(seed) for seed in range(20)], to="evaluate")
    write_json(paths["model"], read_json(paths["model"]) | broken)
    with pytest.raises(WeirError):
        gate.main({name: paths[name] for name in STEPS["gate"][1]})


def test_a_candidate_that_passed_is_sent_as_one_signed_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = run(tmp_path, [easy_example(seed) for seed in range(300)])
    sent: list[Output] = []
    monkeypatch.setattr("weir.kafka.sender.send", lambda _, outputs, *__: sent.extend(outputs))
    monkeypatch.setenv("WEIR_MODEL_KEY", "a key of the tests that is long enough")
    with pytest.raises(SystemExit) as ended:
        main(["workflow", "publish", paths["candidate"]])
    assert not ended.value.code
    assert [(one.key or b"").startswith(b"sessions/retrain-210-") for one in sent] == [True]


def test_the_same_examples_give_the_same_candidate(tmp_path: Path) -> None:
    examples = [easy_example(seed) for seed in range(100)]
    one, other = (Path(run(tmp_path / name, examples)["candidate"]).read_bytes() for name in ("one", "other"))
    assert one == other
