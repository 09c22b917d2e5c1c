from __future__ import annotations

import time
from pathlib import Path

import pytest

from streams.workflow.declaration import Workflow
from streams.workflow.picture import as_dot, as_text
from streams.workflow.run import Run, StepResult
from streams.workflow.store import Store
from tests.support.workflows import runs, step, workflow
from weir.errors import UsageError, WorkError


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(of: Workflow, place: Path, **given: str) -> dict[str, StepResult]:
    return {one.name: one for one in Run(of, given, Store(place / "kept")).run()}


def states(results: dict[str, StepResult]) -> dict[str, str]:
    return {name: one.state for name, one in results.items()}


def parts(place: Path) -> list[Path]:
    return [one for one in (place / "kept").glob("*/.part-*") if any(one.iterdir())]


def diamond(place: Path) -> Workflow:
    return workflow(
        [
            step(place, "first", ["left", "right"], outputs=["a", "b"]),
            step(place, "one", ["a", "left"]),
            step(place, "other", ["right"]),
            step(place, "last", ["of-one", "of-other"]),
        ],
        ("left", "right"),
    )


def test_steps_read_what_steps_before_them_wrote(place: Path) -> None:
    results = run(diamond(place), place, left="L", right="R")
    assert results["last"].paths["of-last"].read_text() == "LRfirstLoneRotherlast"


def test_nothing_runs_again_without_a_change(place: Path) -> None:
    run(diamond(place), place, left="L", right="R")
    assert set(states(run(diamond(place), place, left="L", right="R")).values()) == {"kept"}
    assert len(runs(place)) == 4


def test_a_changed_input_runs_only_what_depends_on_it(place: Path) -> None:
    steps = [step(place, "one", ["left"]), step(place, "other", ["right"]), step(place, "last", ["of-one"])]
    of = workflow(steps, ("left", "right"))
    run(of, place, left="L", right="R")
    assert states(run(of, place, left="L", right="new")) == {"one": "kept", "other": "done", "last": "kept"}
    assert states(run(of, place, left="new", right="new")) == {"one": "done", "other": "kept", "last": "done"}
    assert set(states(run(of, place, left="L", right="R")).values()) == {"kept"}


def test_a_step_that_makes_the_same_again_runs_nothing_after_it(place: Path) -> None:
    of = workflow([step(place, "one", ["left"], work="text = ''"), step(place, "last", ["of-one"])], ("left",))
    run(of, place, left="L")
    assert states(run(of, place, left="new")) == {"one": "done", "last": "kept"}


def test_an_edited_program_runs_again(place: Path) -> None:
    of = workflow([step(place, "one", []), step(place, "last", ["of-one"])])
    run(of, place)
    step(place, "last", ["of-one"], work="text += 'edited'")
    assert states(run(of, place)) == {"one": "kept", "last": "done"}


def test_a_result_that_was_changed_by_hand_is_made_again(place: Path) -> None:
    of = workflow([step(place, "one", [])])
    path = run(of, place)["one"].paths["of-one"]
    path.write_text("changed")
    assert states(run(of, place)) == {"one": "done"}
    assert path.read_text() == "one"


def test_the_results_that_were_used_last_stay(place: Path) -> None:
    of = workflow([step(place, "one", ["left"])], ("left",))
    store = Store(place / "kept")
    told: list[str] = []
    for left in ("a", "b", "a", "c"):
        Run(of, {"left": left}, store, keep=2, report=told.append).run()
    assert [line for line in told if "Removed" in line] == ["Removed 1 results of earlier runs; 2 of each step stay."]
    assert [states(run(of, place, left=left))["one"] for left in ("a", "c", "b")] == ["kept", "kept", "done"]


def test_what_is_no_result_is_never_removed(place: Path) -> None:
    of = workflow([step(place, "one", ["left"])], ("left",))
    store = Store(place / "kept")
    (place / "kept" / "one" / "notes").mkdir(parents=True)
    for left in ("a", "b"):
        Run(of, {"left": left}, store, keep=1).run()
    assert sorted(one.name for one in (place / "kept" / "one").iterdir() if len(one.name) != 32) == ["log", "notes"]


def test_independent_steps_run_at_once(place: Path) -> None:
    # Each waits until the other has begun: one after the other, they would never end.
    wait = "while len(open('runs').read().split()) < 2: time.sleep(0.02)"
    of = workflow([step(place, "one", [], work=wait), step(place, "other", [], work=wait)])
    assert set(states(run(of, place)).values()) == {"done"}


def test_a_failed_step_ends_what_depends_on_it_and_a_second_run_goes_on(place: Path) -> None:
    failing = "sys.exit('weir: It is broken.') if not os.path.exists('mended') else None"
    of = workflow(
        [step(place, "one", []), step(place, "fails", ["of-one"], work=failing),
         step(place, "last", ["of-fails"]), step(place, "other", [])]
    )  # fmt: skip
    results = run(of, place)
    assert states(results) == {"one": "done", "fails": "failed", "last": "waits", "other": "done"}
    assert results["fails"].why == "Step fails failed with exit code 1: It is broken."
    assert sorted(runs(place)) == ["fails", "one", "other"]
    (place / "mended").touch()
    assert states(run(of, place)) == {"one": "kept", "fails": "done", "last": "done", "other": "kept"}


def test_a_failing_step_is_tried_again_as_often_as_declared(place: Path) -> None:
    of = workflow(
        [step(place, "one", [], work="sys.exit(1) if len(open('runs').read().split()) < 3 else 0", retries=2)]
    )
    assert run(of, place)["one"].attempts == 3


def test_a_wrong_call_is_not_tried_again(place: Path) -> None:
    of = workflow([step(place, "one", [], work="sys.exit(2)", retries=2)])
    assert (run(of, place)["one"].state, len(runs(place))) == ("failed", 1)


def test_a_hanging_step_ends_with_its_children(place: Path) -> None:
    work = """
import subprocess
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(2); open('survived', 'w')"])
time.sleep(60)
"""
    began = time.monotonic()
    result = run(workflow([step(place, "one", [], work=work, time_limit_s=1)]), place)["one"]
    assert (result.state, result.why) == ("failed", "Step one exceeded its time limit of 1 s and was killed.")
    assert time.monotonic() - began < 30
    time.sleep(2.5)
    assert not (place / "survived").exists()


@pytest.mark.parametrize(
    ("file", "content", "fault"),
    [
        ("b.txt", None, "its output b is missing (b.txt)"),
        ("b.txt", b"", "its output b is empty (b.txt)"),
        ("b.json", b'{"half": ', "its output b is not complete JSON (b.json)"),
        ("b.parquet", b"PAR1 and then it was cut off", "its output b is not a complete Parquet file (b.parquet)"),
    ],
)
def test_half_an_output_is_a_failure_and_is_never_seen(
    place: Path, file: str, content: bytes | None, fault: str
) -> None:
    ends = "" if content is None else f"pathlib.Path(names['b']).write_bytes({content!r})"
    work = f"pathlib.Path(names['a']).write_text('a'); {ends}; sys.exit(0)" if ends else (
        "pathlib.Path(names['a']).write_text('a'); sys.exit(0)")  # fmt: skip
    of = workflow([step(place, "one", [], work=work, outputs=["a", "b"]) | {"outputs": {"a": "a.txt", "b": file}}])
    result = run(of, place)["one"]
    assert result.state == "failed"
    assert fault in result.why
    assert not [one for one in (place / "kept/one").iterdir() if one.is_dir() and not one.name.startswith(".part-")]
    run(workflow([step(place, "one", [])]), place)
    assert not parts(place)


def test_a_program_that_is_not_there_is_one_sentence(place: Path) -> None:
    of = workflow([step(place, "one", []) | {"command": ["no-such-program"]}])
    assert "no-such-program can't be started: No such file" in run(of, place)["one"].why


def test_two_runs_do_not_share_a_folder(place: Path) -> None:
    of = workflow([step(place, "one", [])])
    with Store(place / "kept").locked(), pytest.raises(WorkError, match="Another run uses the folder"):
        run(of, place)


def test_a_given_value_that_is_missing_is_named(place: Path) -> None:
    with pytest.raises(UsageError, match="needs left"):
        run(workflow([step(place, "one", ["left"])], ("left",)), place)


def test_the_picture_has_a_line_for_each_step_with_its_state(place: Path) -> None:
    of = workflow([step(place, "fails", [], work="sys.exit(1)"), step(place, "last", ["of-fails"])])
    results = run(of, place)
    first, second = as_text(of, results).splitlines()
    assert first.split()[:2] == ["fails", "failed"]
    assert second.split()[:2] == ["last", "waits"]
    assert second.startswith("  last")
    assert '"fails" -> "last" [label="of-fails"];' in as_dot(of, results)
