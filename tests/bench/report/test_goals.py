from __future__ import annotations

from datetime import timedelta

import pytest

from bench.report.goals import GOALS, TIMES, GoalOutcome, answers
from bench.result import BenchResult, newest
from tests.support.benchmark import TAKEN, rates, result, run

STREAMS = "without packs, against Kafka Streams, per CPU s"
BROKER = "broker's CPU an event, against Kafka Streams"
START = "start to ready, empty state"
VISITORS = "an event at 1 million open visitors against 10,000, CPU"
P50 = "event to flag at 5,000 events a second, p50"


def _answer(what: str, *results: BenchResult) -> GoalOutcome:
    return next(one for one in answers(newest(results)) if one.goal.what == what)


def _said(what: str, *results: BenchResult) -> tuple[str, str]:
    found = _answer(what, *results)
    return found.measured.replace(TIMES, "x"), found.goal.verdict(found.found.median) if found.found else ""


def _pairs(*rates_of_both: tuple[float, float]) -> BenchResult:
    runs = [
        run(number, name, rate)
        for number, both in enumerate(rates_of_both, 1)
        for name, rate in zip(("weir-plain", "kafka-streams"), both, strict=True)
    ]
    return rates(*runs)


def test_without_results_no_goal_is_measured() -> None:
    assert {(one.measured, one.is_missed) for one in answers([])} == {("not measured", False)}
    assert len(GOALS) == 16


def test_a_ratio_is_of_pairs_with_its_spread() -> None:
    assert _said(STREAMS, _pairs((150, 100), (120, 60), (130, 100))) == ("1.50x (1.30x to 2.00x, 3)", "reached")


@pytest.mark.parametrize(
    ("ours", "verdict"), [(119.0, "**missed**"), (120.0, "reached"), (199.0, "reached"), (200.0, "reached, as hoped")]
)
def test_a_goal_is_missed_reached_or_reached_as_hoped(ours: float, verdict: str) -> None:
    assert _said(STREAMS, _pairs((ours, 100.0)))[1] == verdict


@pytest.mark.parametrize(
    ("cost", "verdict"), [(2.1, "**missed**"), (2.0, "reached"), (1.2, "reached, as hoped"), (0.5, "reached, as hoped")]
)
def test_a_goal_of_at_most_is_judged_the_other_way_round(cost: float, verdict: str) -> None:
    both = rates(run(1, "weir-plain", 1.0, broker_cpu_s=cost), run(1, "kafka-streams", 1.0))

    assert _said(BROKER, both)[1] == verdict


def test_whoever_was_wrong_in_one_run_gives_no_figure() -> None:
    both = [(number, name) for number in (1, 2) for name in ("weir-plain", "kafka-streams")]
    wrong = rates(*[run(number, name, 100.0, *(["lost one"] if number == 2 else [])) for number, name in both])

    assert _said(STREAMS, wrong) == ("no figure: the output of weir-plain was wrong", "")
    assert not _answer(STREAMS, wrong).is_missed


def test_a_newer_wrong_result_is_not_covered_up_by_an_older_right_one() -> None:
    wrong = rates(run(1, "weir-plain", 1.0), run(1, "kafka-streams", 1.0, "lost"), taken=TAKEN + timedelta(days=1))

    assert _said(STREAMS, wrong, _pairs((200.0, 100.0)))[0] == "no figure: the output of kafka-streams was wrong"


def test_whoever_could_not_be_run_is_told() -> None:
    alone = rates(run(1, "weir-plain", 1.0), absent={"quix": "it does not install"})

    assert _said("against Quix Streams, per CPU s", alone) == ("not measured: quix could not be run", "")


def test_pairs_count_only_where_both_ran() -> None:
    torn = rates(run(1, "weir-plain", 150.0), run(1, "kafka-streams", 100.0), run(2, "weir-plain", 900.0))

    assert _said(STREAMS, torn)[0] == "1.50x"


def test_of_two_results_the_older_is_left_out() -> None:
    old = result("start", {"seconds": {"sessionize": [1.0]}})
    new = result("start", {"seconds": {"sessionize": [4.0, 5.0, 6.0]}}, taken=TAKEN + timedelta(days=1))

    assert _said(START, new, old) == ("5.00 s (4.00 s to 6.00 s, 3)", "**missed**")


def test_a_latency_at_another_rate_is_not_that_of_the_goal() -> None:
    quantiles = {"one process": {"quantiles_ms": {"0.5": 20.0, "0.99": None}}}

    assert _said(P50, result("latency", {"rate": 5_000.0, **quantiles})) == ("20.0 ms", "reached")
    assert _said(P50, result("latency", {"rate": 500.0, **quantiles}))[0] == (
        "not measured: the newest is of 500 events a second"
    )
    assert _said(P50.replace("50", "99"), result("latency", {"rate": 5_000.0, **quantiles}))[0].startswith("no")


def test_growth_is_of_the_numbers_that_the_goal_names() -> None:
    rows = [{"visitors": 10_000, "cost_us": [10.0, 20.0]}, {"visitors": 1_000_000, "cost_us": [12.0, 22.0]}]

    assert _said(VISITORS, result("visitors", {"rows": rows})) == ("1.15x (1.10x to 1.20x, 2)", "reached")
    assert _said(VISITORS, result("visitors", {"rows": rows[:1]})) == ("not measured", "")


def test_the_pure_form_is_shown_without_a_goal() -> None:
    both = rates(run(1, "weir-plain", 150.0), run(1, "weir-pure", 100.0))

    assert _said("pure Python against the compiled form, per CPU s", both) == ("0.67x", "shown")
