from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.demo.results import ACTED_ON, Results
from streams.demo.visitor import Kind
from tests.support.sessions import make_session
from weir.contracts import Flag

TRUTH = {"shopper": Kind.SHOPPER, "scraper": Kind.SCRAPER, "stuffer": Kind.STUFFER, "other": Kind.SHOPPER}


def flag(visitor: str, verdict: str, session: str = "", **changed: object) -> Flag:
    plain: dict[str, object] = {
        "flag_id": "f",
        "session_id": session or f"session of {visitor}",
        "visitor_id": visitor,
        "revision": 1,
        "ts": 1.0,
        "verdict": verdict,
        "stage": "heuristics",
        "reasons": [{"id": "r", "version": "1", "text": "because"}],
        "score": None,
        "model": None,
        "features_hash": None,
        "latency_ms": 10.0,
        "shadow": [],
    }
    return Flag.model_validate(plain | changed)


def results(*flags: Flag) -> Results:
    made = Results()
    for each in flags:
        made.take_flag(each)
    return made


def test_precision_and_recall_are_by_visitor() -> None:
    quality = results(
        flag("scraper", "block", "1"), flag("scraper", "throttle", "2"), flag("shopper", "throttle")
    ).quality(TRUTH)
    assert quality.precision == pytest.approx(1 / 2)
    assert quality.recall == pytest.approx(1 / 2)
    assert (quality.kinds["scraper"].visitors, quality.kinds["scraper"].acted_on) == (1, 1)
    assert (quality.kinds["shopper"].visitors, quality.kinds["shopper"].acted_on) == (2, 1)


def test_the_newest_verdict_of_a_session_counts() -> None:
    taken_back = results(flag("shopper", "block"), flag("shopper", "allow"))
    assert taken_back.quality(TRUTH).precision is None
    assert taken_back.flags["heuristics", "block"] == 1


def test_a_question_for_a_person_holds_nobody_back() -> None:
    assert results(flag("scraper", "review")).quality(TRUTH).recall == 0


def test_visitors_that_the_truth_does_not_know_are_left_out() -> None:
    assert results(flag("stranger", "block")).quality(TRUTH).precision is None


def test_without_anybody_there_is_nothing_to_say() -> None:
    quality = Results().quality({})
    assert quality.precision is None
    assert quality.recall is None
    assert Results().latency_ms(0.5) is None


@given(st.lists(st.tuples(st.sampled_from(sorted(TRUTH)), st.sampled_from(["allow", "review", "throttle", "block"]))))
def test_figures_agree_with_the_counts_by_kind(said: list[tuple[str, str]]) -> None:
    quality = results(*(flag(visitor, verdict) for visitor, verdict in said)).quality(TRUTH)
    newest = dict(said)
    acted_on = {visitor for visitor, verdict in newest.items() if verdict in ACTED_ON}
    assert sum(result.acted_on for result in quality.kinds.values()) == len(acted_on)
    assert sum(result.visitors for result in quality.kinds.values()) == len(TRUTH)
    if acted_on:
        assert quality.precision == pytest.approx(len(acted_on & {"scraper", "stuffer"}) / len(acted_on))


def test_sessions_that_were_merged_away_are_not_counted_as_closed() -> None:
    made = Results()
    made.take_session(make_session(session_id="a", final=False))
    made.take_session(make_session(session_id="a", final=True, merged_into="b"))
    made.take_session(make_session(session_id="b", final=True))
    assert (len(made.opened), made.closed) == (2, 1)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_quantile_is_not_exceeded_by_its_share(latencies: list[float], share: float) -> None:
    quantile = results(*(flag("shopper", "block", latency_ms=each) for each in latencies)).latency_ms(share)
    assert quantile is not None
    assert sum(each <= quantile for each in latencies) >= share * len(latencies)


def test_closings_are_no_latency() -> None:
    made = results(flag("shopper", "block", "s", revision=3, latency_ms=20.0))
    made.take_flag(flag("shopper", "review", "s", revision=4, latency_ms=18_000.0))
    made.take_session(make_session(session_id="s", revision=4, final=True))
    assert made.latency_ms(1.0) == 20.0


def test_what_people_decided_says_nothing_of_how_right_weir_is() -> None:
    made = results(
        flag("scraper", "block"), flag("scraper", "allow", stage="people"), flag("shopper", "block", stage="people")
    )
    assert made.quality(TRUTH) == results(flag("scraper", "block")).quality(TRUTH)
    assert made.flags == {("heuristics", "block"): 1}
