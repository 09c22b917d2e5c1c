"""The protocol of flush, fencing and recovery keeps its promises in every order of events, and none without its guards.

The models are `protocol/Partition.tla` and, of who fences, `protocol/Group.tla`; the bounds are in their configurations
and below.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.protocol.tlc import GROUP, HOLDS, MODULE, NOT_LIVE, NOT_SAFE, Checked, check, configuration, promising
from weir.errors import WorkError

pytestmark = [pytest.mark.timeout(600)]

GUARDS = {
    "fencing": "EachOutputOnce",
    "position in the transaction": "EachOutputOnce",
    "own marker": "EachOutputOnce",
    "read committed": "EachOutputOnce",
    "position from the state": "EachOutputOnce",
    "seek stamp": "NothingSeemsLost",
    "memory dropped": "EachOutputOnce",
    "tail folded again": "StateIsTheFold",
}
"""What no longer holds without each."""


GROUP_GUARDS = {"fence as current", "revocation waits"}
"""Without either, workers that start together fence each other, and go on doing so."""


def checked(text: str, module: Path = MODULE) -> Checked:
    try:
        return check(text, module)
    except WorkError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no model checker: {error}")


@pytest.mark.controls
def test_whatever_crashes_pauses_or_is_refused_each_output_is_there_once() -> None:
    done = checked(configuration())
    assert done.code == HOLDS, done.said
    assert done.states > 400_000


@pytest.mark.controls
def test_a_third_owner_changes_nothing() -> None:
    done = checked(configuration(Owners="{a, b, c}", Records=2, MaxFaults=2))
    assert done.code == HOLDS, done.said


@pytest.mark.controls
def test_when_faults_end_all_input_is_worked_on() -> None:
    done = checked(configuration("Liveness"))
    assert done.code == HOLDS, done.said


@pytest.mark.controls
@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_that_is_taken_out_has_a_counterexample(guard: str) -> None:
    text = configuration(Records=2, MaxFaults=2, Without=f'"{guard}"')
    done = checked(promising(text, GUARDS[guard]))
    assert (done.code, done.broken) == (NOT_SAFE, GUARDS[guard]), done.said


@pytest.mark.controls
def test_a_request_for_a_commit_that_comes_late_ends_the_next_transaction_half_written() -> None:
    done = checked(configuration(Records=2, MaxFaults=1, AsksTwice="TRUE"))
    assert (done.code, done.broken) == (NOT_SAFE, "EachOutputOnce"), done.said


@pytest.mark.controls
def test_such_a_request_does_no_harm_where_an_owner_in_doubt_ends() -> None:
    done = checked(configuration(Records=2, MaxFaults=2, AsksTwice="TRUE", EndsInDoubt="TRUE"))
    assert done.code == HOLDS, done.said


@pytest.mark.controls
def test_workers_that_start_together_leave_each_other_alone_and_after_pauses_one_works() -> None:
    done = checked(configuration("Group"), GROUP)
    assert done.code == HOLDS, done.said
    assert done.states > 3_000


@pytest.mark.controls
@pytest.mark.parametrize("guard", sorted(GROUP_GUARDS))
def test_without_a_guard_of_the_group_a_late_fence_harms_who_works(guard: str) -> None:
    text = configuration("Group", MaxPauses=0, Without=f'"{guard}"')
    done = checked(text, GROUP)
    assert (done.code, done.broken) == (NOT_SAFE, "NobodyIsHarmed"), done.said
    unsettled = checked(re.sub(r"INVARIANTS\n +\w+\n", "", text), GROUP)
    assert unsettled.code == NOT_LIVE, unsettled.said


def test_every_guard_of_the_models_is_taken_out() -> None:
    for module, guards in ((MODULE, GUARDS), (GROUP, GROUP_GUARDS)):
        assert set(re.findall(r'Has\("([^"]+)"\)', module.read_text())) == set(guards)
