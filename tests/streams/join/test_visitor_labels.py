from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.join import visitor_labels
from streams.join.visitor_labels import HumanLabel, Powers, Report, VisitorLabels
from weir.contracts.answer import AnsweredSession, StandingAnswer
from weir.contracts.fast import fast
from weir.settings import Settings

HOLDS_S = 1_000.0
REPORT_HOLDS_S = 500.0
POWERS = replace(
    Powers.of(Settings()),
    human_sources=("ana",),
    verdict="block",
    holds_s=HOLDS_S,
    review_from=3.0,
    throttle_from=10.0,
    report_holds_s=REPORT_HOLDS_S,
)
NOTHING = VisitorLabels()


def answer(source: str = "ana", ts: float = 100.0, about: str | None = None, label: str = "bad") -> HumanLabel:
    said: Literal["good", "bad"] = "good" if label == "good" else "bad"
    return HumanLabel(source, about, said, ts, (about,) if about is not None else ())


def session(session_id: str = "s1") -> AnsweredSession:
    return fast(AnsweredSession)(
        session_id=session_id,
        revision=1,
        ts=90.0,
        score=0.5,
        model=None,
        features_hash=None,
        verdict="allow",
        stage="model",
    )


def after_answers(*answers: HumanLabel, before: VisitorLabels = NOTHING) -> VisitorLabels:
    for one in answers:
        before = visitor_labels.add_answer(before, one, HOLDS_S) or before
    return before


def after_reports(reports: Iterable[Report], before: VisitorLabels = NOTHING) -> VisitorLabels:
    for one in reports:
        before = visitor_labels.add_report(before, one) or before
    return before


def reports_by(number: int, first_ts: float = 0.0) -> list[Report]:
    """Reports of that many reporters, one a second."""
    return [Report(f"r{n}", first_ts + n) for n in range(number)]


def decided(
    labels: VisitorLabels, powers: Powers = POWERS, weight_of: Callable[[str], float] = lambda _: 1.0
) -> list[StandingAnswer]:
    return visitor_labels.decisions(labels, powers, weight_of)


class TestAnswers:
    @pytest.mark.parametrize("verdict", ["review", "throttle", "block"])
    def test_bad_gives_the_verdict_that_the_settings_name_and_good_allows(self, verdict: Any) -> None:  # noqa: ANN401
        powers = replace(POWERS, verdict=verdict)
        (bad,), (good,) = (decided(after_answers(answer(label=label)), powers) for label in ("bad", "good"))
        assert (bad.label, bad.verdict, good.label, good.verdict) == ("bad", verdict, "good", "allow")
        assert (bad.source, bad.ts, bad.until) == ("ana", 100.0, 100.0 + HOLDS_S)

    def test_where_nothing_was_said_nothing_decides(self) -> None:
        assert decided(NOTHING) == []

    def test_the_newest_is_last_whatever_the_order_of_arrival(self) -> None:
        found = after_answers(answer("ben", 300.0), answer("ana", 200.0), answer("cy", 250.0))
        assert [one.source for one in decided(found)] == ["ana", "cy", "ben"]

    def test_of_answers_of_one_time_the_one_that_came_last_is_last(self) -> None:
        found = after_answers(answer("zoe", label="bad"), answer("ana", label="good"))
        assert [one.source for one in decided(found)] == ["zoe", "ana"]
        assert [one.source for one in decided(after_answers(answer("ana"), answer("zoe")))] == ["ana", "zoe"]

    def test_a_source_that_changes_its_mind_has_one_answer(self) -> None:
        found = after_answers(answer(ts=100.0, label="bad"), answer(ts=101.0, label="good"))
        assert [(one.label, one.ts) for one in found.answers] == [("good", 101.0)]

    def test_of_one_time_the_later_answer_of_a_source_counts(self) -> None:
        found = after_answers(answer(label="bad"), answer(label="good"))
        assert [one.label for one in found.answers] == ["good"]

    def test_an_older_answer_of_a_source_changes_nothing(self) -> None:
        assert (
            visitor_labels.add_answer(after_answers(answer(ts=100.0)), answer(ts=99.0, label="good"), HOLDS_S) is None
        )

    @pytest.mark.parametrize(("later_s", "ts"), [(0.0, 100.0), (9.9, 100.0), (10.0, 110.0), (500.0, 600.0)])
    def test_a_repeated_answer_renews_the_first_after_a_hundredth_of_its_time(self, later_s: float, ts: float) -> None:
        found = after_answers(answer(ts=100.0), answer(ts=100.0 + later_s))
        assert [one.ts for one in found.answers] == [ts]

    def test_answers_about_two_sessions_stand_beside_each_other(self) -> None:
        found = after_answers(answer(about="s1"), answer(about="s2"), answer(about=None))
        assert [one.session_ids for one in decided(found)] == [["s1"], ["s2"], []]

    def test_answers_are_bounded_and_the_oldest_are_forgotten(self) -> None:
        found = after_answers(*(answer(f"p{n}", float(n)) for n in range(100)))
        assert [one.ts for one in found.answers] == [float(n) for n in range(100 - visitor_labels.MOST_ANSWERS, 100)]

    def test_a_found_session_is_named_beside_the_one_that_the_label_named(self) -> None:
        before = after_answers(answer(about="other"))
        after = visitor_labels.attach_session(before, answer(about="other"), session("first"))
        assert after is not None
        (one,) = decided(after)
        assert one.session_ids == ["other", "first"]
        assert one.session is not None
        assert one.session.session_id == "first"

    @pytest.mark.parametrize(
        "other",
        [answer("ben", about="s1"), answer(about="s2"), answer(about=None), answer(about="s1", ts=99.0)],
    )
    def test_a_session_found_for_another_answer_changes_nothing(self, other: HumanLabel) -> None:
        assert visitor_labels.attach_session(after_answers(answer(about="s1")), other, session()) is None

    def test_answers_hold_until_their_time_is_over(self) -> None:
        labels = after_answers(answer(ts=100.0))
        assert visitor_labels.ends_at(labels, POWERS) == 100.0 + HOLDS_S
        assert visitor_labels.in_force_at(labels, 99.9 + HOLDS_S, POWERS) == labels
        assert visitor_labels.in_force_at(labels, 100.0 + HOLDS_S, POWERS) == NOTHING


class TestWithdrawal:
    def test_the_answer_about_the_named_session_goes_and_the_others_stay(self) -> None:
        before = after_answers(answer(about="s1"), answer(about="s2"), answer("ben", about="s1"))
        after = visitor_labels.withdraw_answers(before, "ana", {"s1"}, 200.0)
        assert after is not None
        assert decided(after) == decided(after_answers(answer(about="s2"), answer("ben", about="s1")))

    def test_the_session_that_an_answer_was_found_to_be_about_may_be_named(self) -> None:
        before = visitor_labels.attach_session(after_answers(answer(about=None)), answer(about=None), session("s7"))
        assert before is not None
        after = visitor_labels.withdraw_answers(before, "ana", {"s7"}, 200.0)
        assert after is not None
        assert decided(after) == []

    def test_without_a_session_all_of_the_source_goes_until_then(self) -> None:
        before = after_answers(
            answer(about="s1", ts=100.0), answer(ts=200.0), answer(about="s2", ts=201.0), answer("ben", ts=50.0)
        )
        after = visitor_labels.withdraw_answers(before, "ana", (), 200.0)
        assert after is not None
        assert decided(after) == decided(after_answers(answer("ben", ts=50.0), answer(about="s2", ts=201.0)))

    def test_what_was_withdrawn_does_not_count_when_it_comes_again(self) -> None:
        after = visitor_labels.withdraw_answers(after_answers(answer()), "ana", (), 200.0)
        assert after is not None
        assert visitor_labels.add_answer(after, answer(), HOLDS_S) is None
        assert visitor_labels.add_answer(after, answer(ts=200.0), HOLDS_S) is None
        assert visitor_labels.add_answer(after, answer(ts=200.1), HOLDS_S) is not None

    @pytest.mark.parametrize(
        ("source", "about", "ts"),
        [("ben", None, 200.0), ("ana", "s2", 200.0), ("ana", None, 99.9), ("an", None, 200.0)],
    )
    def test_what_was_not_said_cannot_be_withdrawn(self, source: str, about: str | None, ts: float) -> None:
        assert (
            visitor_labels.withdraw_answers(after_answers(answer(about="s1")), source, {about} if about else (), ts)
            is None
        )

    def test_reports_stay(self) -> None:
        before = after_reports(reports_by(3), after_answers(answer()))
        after = visitor_labels.withdraw_answers(before, "ana", (), 200.0)
        assert after is not None
        assert [one.source for one in decided(after)] == ["reports"]


class TestReports:
    @pytest.mark.parametrize(
        ("reporters", "verdicts"),
        [(0, []), (2, []), (3, ["review"]), (9, ["review"]), (10, ["review", "throttle"])],
    )
    def test_three_give_a_review_and_ten_a_throttle(self, reporters: int, verdicts: list[str]) -> None:
        found = decided(after_reports(reports_by(reporters)))
        assert [one.verdict for one in found] == verdicts
        assert all((one.label, one.source) == ("bad", "reports") for one in found)

    def test_those_are_the_defaults(self) -> None:
        powers = Powers.of(Settings())
        assert [one.verdict for one in decided(after_reports(reports_by(10)), powers)] == ["review", "throttle"]
        assert [one.verdict for one in decided(after_reports(reports_by(3)), powers)] == ["review"]
        assert decided(after_reports(reports_by(2)), powers) == []

    def test_a_verdict_holds_until_too_few_reports_are_left(self) -> None:
        review, throttle = decided(after_reports(reports_by(12)))
        # With two left of r0 ... r11 there are too few for a review; with nine for a throttle.
        assert review.until == 9.0 + REPORT_HOLDS_S
        assert throttle.until == 2.0 + REPORT_HOLDS_S
        assert review.ts == throttle.ts == 11.0

    def test_a_reporter_counts_once_by_the_newest_report(self) -> None:
        labels = after_reports([Report("r0", 1.0), Report("r0", 5.0), Report("r0", 3.0)])
        assert labels.reports == (Report("r0", 5.0),)
        assert decided(after_reports(Report("r0", float(n)) for n in range(20))) == []

    def test_reports_that_are_over_when_the_newest_is_made_do_not_count(self) -> None:
        assert decided(after_reports([Report("r0", 0.0), Report("r1", 1.0), Report("r2", REPORT_HOLDS_S)])) == []
        assert decided(after_reports([Report("r0", 1.0), Report("r1", 1.0), Report("r2", REPORT_HOLDS_S)])) != []

    def test_reports_are_bounded_and_the_oldest_are_forgotten(self) -> None:
        labels = after_reports(reports_by(1_000))
        assert [one.ts for one in labels.reports] == [
            float(n) for n in range(1_000 - visitor_labels.MOST_REPORTS, 1_000)
        ]

    def test_a_report_can_be_taken_back_until_then(self) -> None:
        labels = after_reports(reports_by(3))
        assert visitor_labels.withdraw_report(labels, "r2", 1.9) is None
        assert visitor_labels.withdraw_report(labels, "somebody", 5.0) is None
        after = visitor_labels.withdraw_report(labels, "r2", 2.0)
        assert after is not None
        assert decided(after) == decided(after_reports(reports_by(2)))

    def test_the_sessions_that_were_reported_are_named_once(self) -> None:
        sessions = [session("s1"), session("s2"), session("s1"), None]
        labels = after_reports(Report(f"r{n}", float(n), one) for n, one in enumerate(sessions))
        (review,) = decided(labels)
        assert review.session_ids == ["s1", "s2"]
        assert review.session is not None
        assert review.session.session_id == "s1"

    def test_a_reporter_who_was_wrong_counts_less(self) -> None:
        labels = after_reports(reports_by(3))
        weights = {"r1": visitor_labels.reporter_weight(agreed=0, disagreed=1)}
        assert decided(labels, weight_of=lambda reporter: weights.get(reporter, 1.0)) == []
        more = after_reports(reports_by(4))
        assert decided(more, weight_of=lambda reporter: weights.get(reporter, 1.0)) != []

    def test_reports_come_before_answers_so_that_an_answer_has_the_last_word(self) -> None:
        labels = after_reports(reports_by(3, first_ts=900.0), after_answers(answer(label="good")))
        assert [one.source for one in decided(labels)] == ["reports", "ana"]

    def test_a_report_is_part_of_its_reporters_record_once(self) -> None:
        labels = after_reports(reports_by(2))
        assert visitor_labels.unjudged_reporters(labels) == ["r0", "r1"]
        again = after_reports([Report("r0", 50.0), Report("r9", 51.0)], visitor_labels.mark_reports_judged(labels))
        assert visitor_labels.unjudged_reporters(again) == ["r9"]


class TestWeight:
    @given(st.integers(0, 1_000))
    def test_being_right_earns_nothing(self, agreed: int) -> None:
        assert visitor_labels.reporter_weight(agreed, 0) == 1.0

    @given(st.integers(0, 1_000), st.integers(0, 1_000))
    def test_being_wrong_costs_and_being_right_makes_up_for_it(self, agreed: int, disagreed: int) -> None:
        own = visitor_labels.reporter_weight(agreed, disagreed)
        assert 0.0 < visitor_labels.reporter_weight(agreed, disagreed + 1) < own <= 1.0
        assert visitor_labels.reporter_weight(agreed + 1, disagreed) >= own

    def test_one_mistake_silences_nobody(self) -> None:
        assert visitor_labels.reporter_weight(0, 1) == pytest.approx(2 / 3)


TIMES = st.integers(0, 2_000).map(float)
REPORTERS = st.sampled_from([f"r{n}" for n in range(16)])
REPORTS = st.lists(st.builds(Report, REPORTERS, TIMES), max_size=40, unique_by=lambda one: one.ts)
ANSWERS = st.lists(
    st.builds(
        answer,
        st.sampled_from(["ana", "ben", "cy"]),
        TIMES,
        st.sampled_from(["s1", "s2", None]),
        st.sampled_from(["good", "bad"]),
    ),
    max_size=12,
)
WEIGHTS = st.dictionaries(REPORTERS, st.builds(visitor_labels.reporter_weight, st.integers(0, 3), st.integers(0, 9)))


@given(REPORTS, WEIGHTS, st.data())
def test_the_order_in_which_reports_come_decides_nothing(
    reports: list[Report], weights: dict[str, float], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(reports))
    one, other = (
        decided(after_reports(given), weight_of=lambda reporter: weights.get(reporter, 1.0))
        for given in (reports, shuffled)
    )
    assert one == other


@given(st.lists(st.builds(Report, st.integers(0, 200).map(str), TIMES), max_size=150, unique_by=lambda one: one.ts))
def test_the_order_of_reports_does_not_matter_where_the_oldest_are_forgotten(reports: list[Report]) -> None:
    assert after_reports(reports) == after_reports(reversed(reports))


@given(REPORTS, WEIGHTS)
def test_what_reports_come_to_ends_while_a_report_still_counts(
    reports: list[Report], weights: dict[str, float]
) -> None:
    labels = after_reports(reports)
    found = decided(labels, weight_of=lambda reporter: weights.get(reporter, 1.0))
    ends = {one.ts + REPORT_HOLDS_S for one in labels.reports}
    for one in found:
        assert one.ts < one.until <= max(ends)
        assert one.until in ends
    # A throttle needs more than a review: it never outlasts it.
    assert [one.verdict for one in found] in ([], ["review"], ["review", "throttle"])
    assert len({one.until for one in found}) < 2 or found[1].until <= found[0].until


@given(REPORTS, WEIGHTS, st.integers(0, 600).map(float))
def test_until_says_what_counting_the_reports_again_would_say(
    reports: list[Report], weights: dict[str, float], later_s: float
) -> None:
    def weight_of(reporter: str) -> float:
        return weights.get(reporter, 1.0)

    labels = after_reports(reports)
    at_s = max((one.ts for one in labels.reports), default=0.0) + later_s
    left = sum(weight_of(one.reporter) for one in visitor_labels.in_force_at(labels, at_s, POWERS).reports)
    held = {one.verdict for one in decided(labels, weight_of=weight_of) if one.until > at_s}
    assert held == {
        verdict
        for verdict, least in (("review", POWERS.review_from), ("throttle", POWERS.throttle_from))
        if left >= least - 1e-9
    }


@given(ANSWERS, REPORTS, TIMES, st.sampled_from(["s1", "s3", None]))
def test_a_withdrawn_answer_leaves_what_would_be_without_it(
    answers: list[HumanLabel], reports: list[Report], ts: float, about: str | None
) -> None:
    before = after_reports(reports, after_answers(*answers))
    said = answer("dee", ts, about)
    with_it = visitor_labels.add_answer(before, said, HOLDS_S)
    assert with_it is not None
    named = {about} if about is not None else set()
    for after in (
        visitor_labels.withdraw_answers(with_it, "dee", named, ts),
        visitor_labels.withdraw_answers(with_it, "dee", (), ts + 1.0),
    ):
        assert after is not None
        assert decided(after) == decided(before)
    assert visitor_labels.withdraw_answers(before, "dee", named, ts) is None


@given(ANSWERS)
def test_answers_stand_in_the_order_of_their_time_one_for_each_source_and_session(answers: list[HumanLabel]) -> None:
    labels = after_answers(*answers)
    times = [one.ts for one in decided(labels)]
    assert times == sorted(times)
    keys = {(one.source, one.about) for one in answers}
    assert {(one.source, one.about) for one in labels.answers} == keys
    assert len(labels.answers) == len(keys)


@given(REPORTS, st.sampled_from([f"r{n}" for n in range(16)]))
def test_a_report_taken_back_leaves_what_would_be_without_its_reporter(reports: list[Report], reporter: str) -> None:
    after = after_reports(reports)
    after = visitor_labels.withdraw_report(after, reporter, 5_000.0) or after
    assert decided(after) == decided(after_reports(one for one in reports if one.reporter != reporter))


@given(ANSWERS, REPORTS, TIMES)
def test_nothing_is_left_when_all_is_over(answers: list[HumanLabel], reports: list[Report], at_s: float) -> None:
    labels = after_reports(reports, after_answers(*answers))
    assert (visitor_labels.in_force_at(labels, at_s, POWERS) == NOTHING) == (
        visitor_labels.ends_at(labels, POWERS) <= at_s
    )
