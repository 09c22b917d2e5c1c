from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.heuristics.patterns import load_packs
from rules.judgement import STRENGTH, StageVerdict
from rules.people import by_people, evidence_of, in_force, is_stronger, reason_of
from tests.support.sessions import make_session
from weir.contracts.flag import Stage, Verdict

PATTERNS = load_packs(())
INJECTION = next(
    i for i in sorted(PATTERNS.ids) if PATTERNS.info(i).pack == "injection" and PATTERNS.info(i).weight >= 0.9
)
VERDICTS: tuple[Verdict, ...] = ("allow", "review", "throttle", "block")
STAGES: tuple[Stage, ...] = ("rate_limit", "heuristics", "model")


@dataclass(frozen=True)
class Said:
    label: str = "bad"
    verdict: Verdict = "block"
    source: str = "ana"
    ts: float = 100.0
    until: float = 200.0
    session_ids: tuple[str, ...] = field(default=())


def test_an_answer_decides_sessions_that_end_while_it_holds() -> None:
    said = Said()
    ends = (99.0, 100.0, 199.0, 200.0)
    assert [in_force([said], "s1", end_s) is said for end_s in ends] == [False, True, True, False]


def test_an_answer_decides_the_session_that_it_names_whenever_that_ended() -> None:
    said = Said(session_ids=("s1",))
    assert in_force([said], "s1", 5.0) is said
    assert in_force([said], "s2", 5.0) is None


def test_an_answer_decides_an_earlier_session_whose_flag_held_when_it_came() -> None:
    assert in_force([Said()], "s1", 5.0, holds_until_s=100.0) is None
    assert in_force([Said()], "s1", 5.0, holds_until_s=100.1) is not None


def test_the_last_answer_that_holds_has_the_last_word() -> None:
    first, second = Said(until=1_000.0), Said(label="good", verdict="allow", ts=150.0)
    assert in_force([first, second], "s1", 160.0) is second
    assert in_force([first, second], "s1", 120.0) is first
    assert in_force([first, second], "s1", 300.0) is first


@pytest.mark.parametrize("stage", ["heuristics", "model"])
def test_a_good_answer_frees_from_heuristics_and_model(stage: Stage) -> None:
    good = Said(label="good", verdict="allow")
    said = by_people(StageVerdict(stage, "block"), good, yields=False)
    assert said is not None
    assert (said.stage, said.verdict, [one.id for one in said.reasons]) == ("people", "allow", ["answer-good"])
    assert by_people(StageVerdict(stage, "block"), good, yields=True) is None


def test_a_good_answer_lifts_no_rate_limit() -> None:
    assert by_people(StageVerdict("rate_limit", "throttle"), Said(label="good", verdict="allow"), yields=False) is None


@given(st.sampled_from(STAGES), st.sampled_from(VERDICTS), st.sampled_from(VERDICTS[1:]))
def test_a_bad_answer_never_makes_a_verdict_milder(stage: Stage, decided: Verdict, gives: Verdict) -> None:
    said = by_people(StageVerdict(stage, decided), Said(verdict=gives), yields=False)
    assert (said is None) == (STRENGTH[gives] < STRENGTH[decided])
    assert said is None or said.verdict == gives


def test_a_good_answer_yields_to_certain_evidence_of_a_named_pack_alone() -> None:
    attacking = make_session(heuristics={INJECTION: {"hits": 1, "version": "1"}})
    assert is_stronger(attacking, PATTERNS, {"injection": 0.9})
    assert not is_stronger(attacking, PATTERNS, {"spam": 0.5})
    assert not is_stronger(attacking, PATTERNS, {"injection": 1.0})
    assert not is_stronger(make_session(), PATTERNS, {"injection": 0.0001})


def test_the_setting_of_evidence_is_pack_and_number() -> None:
    assert evidence_of(("injection:0.9", "a:b:1")) == {"injection": 0.9, "a:b": 1.0}


def test_the_reason_says_who_answered_what_until_when_and_carries_the_answer() -> None:
    reason = reason_of(Said(ts=0.0, until=86_400.0))
    assert reason.text == "ana answered bad: block until 1970-01-02 00:00:00+00:00."
    assert reason.answer is not None
    assert (reason.answer.source, reason.answer.until, reason.version) == ("ana", 86_400.0, "0.000000")
    assert reason_of(Said(source="reports", verdict="review")).text.startswith("Visitors reported the visitor: review")


@given(st.floats(0.0, 1e300))
def test_no_time_is_too_far_ahead_for_the_reasons_text(until: float) -> None:
    assert "answered bad" in reason_of(Said(until=until)).text
