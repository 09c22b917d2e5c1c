from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.business.rules import BusinessRules, load_business_rules
from rules.cascade import by_model, judge
from rules.heuristics.patterns import load_packs
from rules.judgement import STRENGTH, Judgement
from rules.limits.budgets import load_budgets
from rules.limits.verdicts import SubjectVerdict
from tests.rules.business.writing import business_rules
from tests.support.sessions import make_session
from weir.contracts.flag import Stage
from weir.contracts.score import ModelRef

PATTERNS = load_packs(())
BUDGETS = load_budgets(None)
ADDRESS = SubjectVerdict(
    "address", "192.0.2.1", "address-requests", "1", "Too busy.", 900.0, 60.0, 2_000.0, 10.0, 1_000.0
)
BY_WEIGHT = {PATTERNS.info(pattern).weight: pattern for pattern in reversed(PATTERNS.ids)}
STAGES: tuple[Stage, ...] = ("rate_limit", "heuristics", "model", "business_rule")
SAYS_NOTHING = business_rules()
SAVES_BUYERS = business_rules({"id": "buyers", "when": {"at_least": {"purchases": 1}}, "then": "allow"})


@dataclass(frozen=True)
class Model:
    """What is known of a champion."""

    ref: ModelRef = field(default_factory=lambda: ModelRef(id="sessions", version="7"))
    learned_from: str = "people"
    block_from: float | None = 0.95
    review_from: float = 0.8


def hits(pattern: str) -> dict[str, Any]:
    return {"heuristics": {pattern: {"hits": 1, "version": "1"}}}


CERTAIN = hits(next(pattern for weight, pattern in BY_WEIGHT.items() if weight >= 0.9))


def judged(
    *,
    address: SubjectVerdict | None = None,
    score: float | None = None,
    business: BusinessRules = SAYS_NOTHING,
    shadow: set[Stage] | None = None,
    **session: Any,  # noqa: ANN401 -- any field
) -> Judgement:
    return judge(
        make_session(**session),
        patterns=PATTERNS,
        budgets=BUDGETS,
        over=() if address is None else (address,),
        score=score,
        model=Model() if score is not None else None,
        business=business,
        shadow=shadow or set(),
        now_s=1_700_000_000.0,
    )


def test_nothing_to_say_is_an_allow_of_the_last_stage_that_could_speak() -> None:
    assert (judged().verdict, judged().stage, judged().reasons) == ("allow", "heuristics", ())
    assert (judged(score=0.1).verdict, judged(score=0.1).stage) == ("allow", "model")


def test_the_cheapest_stage_that_objects_settles_it_and_later_ones_are_not_asked() -> None:
    found = judged(rate_limited=3, score=0.99, **CERTAIN)
    assert (found.verdict, found.stage) == ("throttle", "rate_limit")
    assert [said.stage for said in found.stages] == ["rate_limit"]
    assert [reason.id for reason in found.reasons] == ["visitor-budget"]


def test_a_visitor_over_a_limit_is_told_the_limit_and_what_it_allows() -> None:
    budgets = BUDGETS
    (first, second, *_) = budgets.visitor
    found = judged(rate_limited=300, limits_over={first.id: 290, second.id: 10, "gone": 1})
    assert [reason.id for reason in found.reasons] == [first.id, second.id, "gone"]
    assert {reason.version for reason in found.reasons} == {budgets.version}
    assert found.reasons[0].text == (
        f"Over the visitor's limit {first.id}: {first.capacity:g} at once, {first.refill_per_s:g} a second. "
        f"{first.reason}"
    )
    assert found.reasons[2].text == "Over the visitor's limit gone."


def test_what_a_flag_says_of_a_visitors_limit_does_not_age() -> None:
    """A flag goes out at the first event over a limit, and no other while its reasons stay the same."""
    name = BUDGETS.visitor[0].id
    early, late = (judged(rate_limited=n, limits_over={name: n}).reasons for n in (1, 500))
    assert early == late


def test_an_address_over_its_budget_throttles_with_the_budgets_own_words() -> None:
    found = judged(address=ADDRESS)
    (reason,) = found.reasons
    assert (found.verdict, reason.id, reason.version) == ("throttle", "address-requests", "1")
    assert reason.text == "The address spent 900 in 60 s. Too busy."


@pytest.mark.parametrize(("score", "verdict"), [(0.79, "allow"), (0.8, "review"), (0.94, "review"), (0.95, "block")])
def test_the_model_decides_by_its_probability(score: float, verdict: str) -> None:
    assert judged(score=score).verdict == verdict


def test_a_model_whose_benign_answers_are_too_few_asks_and_blocks_nobody() -> None:
    assert by_model(0.999, Model(block_from=None, review_from=0.7)).verdict == "review"
    assert by_model(0.69, Model(block_from=None, review_from=0.7)).verdict == "allow"


def test_a_pattern_that_is_no_longer_known_is_no_evidence() -> None:
    assert judged(**hits("gone/pattern")).verdict == "allow"


def test_a_business_rule_has_the_last_word_and_tells_what_it_overrode() -> None:
    found = judged(business=SAVES_BUYERS, purchases=1, **CERTAIN)
    assert (found.verdict, found.stage) == ("allow", "business_rule")
    assert found.reasons[0].id == "buyers"
    assert len(found.reasons) > 1


def test_a_business_rule_in_shadow_is_told_and_decides_nothing() -> None:
    found = judged(business=SAVES_BUYERS, shadow={"business_rule"}, purchases=1, **CERTAIN)
    assert (found.verdict, found.stage) == ("block", "heuristics")
    assert found.stages[-1].stage == "business_rule"


def test_a_stage_in_shadow_is_told_and_leaves_the_decision_to_the_next() -> None:
    found = judged(shadow={"rate_limit"}, rate_limited=2, **CERTAIN)
    assert (found.verdict, found.stage) == ("block", "heuristics")
    (shadowed,) = found.shadow
    assert (shadowed.stage, shadowed.verdict) == ("rate_limit", "throttle")


@given(
    rate_limited=st.integers(0, 2),
    pattern=st.sampled_from([None, *BY_WEIGHT.values()]),
    score=st.none() | st.floats(0, 1),
    purchases=st.integers(0, 1),
    shadow=st.sets(st.sampled_from(STAGES)),
)
def test_a_stage_in_shadow_never_changes_what_would_be_without_it(
    rate_limited: int, pattern: str | None, score: float | None, purchases: int, shadow: set[Stage]
) -> None:
    found = judged(
        rate_limited=0 if "rate_limit" in shadow else rate_limited,
        score=score if "model" not in shadow else 0.0 if score is not None else None,
        business=SAYS_NOTHING if "business_rule" in shadow else SAVES_BUYERS,
        purchases=purchases,
        **(hits(pattern) if pattern and "heuristics" not in shadow else {}),
    )
    shadowed = judged(
        rate_limited=rate_limited,
        score=score,
        business=SAVES_BUYERS,
        shadow=shadow,
        purchases=purchases,
        **(hits(pattern) if pattern else {}),
    )
    assert shadowed.verdict == found.verdict
    assert all(said.stage in shadow and STRENGTH[said.verdict] > 0 for said in shadowed.shadow)


def test_the_clock_that_is_given_measures_every_stage_that_spoke() -> None:
    ticks = iter(range(100))
    found = judge(
        make_session(),
        patterns=PATTERNS,
        budgets=BUDGETS,
        over=(),
        score=0.2,
        model=Model(),
        business=load_business_rules(None),
        shadow=(),
        now_s=0.0,
        clock=lambda: float(next(ticks)),
    )
    assert found.seconds == dict.fromkeys(STAGES, 1.0)
