from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.business.brake import PARTS, Brake, BrakeState
from rules.business.entries import CeilingEntry
from rules.judgement import Judgement
from weir.contracts.flag import Reason, Stage, Verdict

CEILING = CeilingEntry(
    id="brake", owner="ops", reason="More than we ever block.", at_most=0.2, release_at=0.1, sessions=100
)


def judgement(verdict: Verdict = "block", stage: Stage = "model") -> Judgement:
    return Judgement(verdict, stage, (Reason(id="m", version="1", text="why"),), (), ())


def run(brake: Brake, *flagged: bool) -> list[str | None]:
    return [brake.count(is_new=True, is_flagged=each) for each in flagged]


def test_without_a_ceiling_nothing_is_counted_or_held_back() -> None:
    brake = Brake(None)
    assert run(brake, *[True] * 500) == [None] * 500
    assert brake.hold(judgement()) == judgement()
    assert brake.may_ask_about("s")
    assert not brake.is_on


def test_the_brake_trips_above_the_ceiling_and_lets_go_once_the_share_has_fallen() -> None:
    brake = Brake(CEILING, "7")
    changes = run(brake, *[number % 4 == 0 for number in range(100)])
    assert [change for change in changes if change] == ["tripped"]
    assert brake.is_on
    held = brake.hold(judgement())
    assert (held.verdict, held.stage) == ("review", "business_rule")
    assert [(reason.id, reason.version) for reason in held.reasons] == [("brake", "7"), ("m", "1")]
    assert held.reasons[0].text == "More than we ever block. Held back: block by model. (ops)"
    assert [change for change in run(brake, *[False] * 200) if change] == ["released"]
    assert brake.hold(judgement()) == judgement()


def test_a_share_of_few_sessions_trips_nothing() -> None:
    brake = Brake(CEILING)
    run(brake, *[True] * 49)
    assert not brake.is_on
    run(brake, True)
    assert brake.is_on


def test_only_verdicts_of_the_stages_under_the_ceiling_are_held_back() -> None:
    brake = Brake(CEILING, state=BrakeState([(100, 50)], is_on=True))
    for kept in (judgement("review"), judgement("allow"), judgement("throttle", "rate_limit")):
        assert brake.hold(kept) == kept
    denied = judgement("block", "business_rule")
    assert brake.hold(denied) == denied


def test_what_was_held_back_is_counted_once() -> None:
    brake = Brake(CEILING)
    assert brake.has_counted("review", "business_rule", ("brake", "m"))
    assert brake.has_counted("block", "model", ("m",))
    assert not brake.has_counted("throttle", "rate_limit", ("visitor-budget",))
    assert not brake.has_counted("review", "business_rule", ("other",))


def test_people_are_asked_about_a_share_of_what_is_held_back() -> None:
    brake = Brake(CEILING)
    asked = sum(brake.may_ask_about(f"s{number}") for number in range(2_000))
    assert asked == pytest.approx(2_000 * CEILING.ask_share, rel=0.4)


@given(st.lists(st.booleans(), max_size=400), st.integers(0, 400))
def test_a_brake_goes_on_from_its_state(flagged: list[bool], cut: int) -> None:
    straight, first = Brake(CEILING), Brake(CEILING)
    changes = run(straight, *flagged)
    before = run(first, *flagged[:cut])
    state = msgspec.json.decode(msgspec.json.encode(first.state), type=BrakeState)
    again = Brake(CEILING, state=state)
    assert before + run(again, *flagged[cut:]) == changes
    assert again.state == straight.state


@given(st.lists(st.booleans(), max_size=400))
def test_the_share_is_of_the_newest_sessions(flagged: list[bool]) -> None:
    brake = Brake(CEILING)
    run(brake, *flagged)
    counted = sum(count for count, _ in brake.state.parts)
    assert len(brake.state.parts) <= PARTS
    assert counted <= CEILING.sessions
    if counted:
        assert brake.share == pytest.approx(sum(flagged[-counted:]) / counted)
