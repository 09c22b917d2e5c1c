from __future__ import annotations

import math
import random
from fractions import Fraction

import msgspec
import pytest

from models.gate.bounds import Bounds, CandidateHistory, Judged
from models.gate.chance import chance_of_at_least
from models.gate.evaluation import evaluate_candidate

GOOD, FAIR, CHANCE = 2.5, 1.2, 0.0


def window(
    candidate: float, champion: float | None, *, examples: int = 300, people: bool = True, shift: float = 0.0
) -> list[Judged]:
    """Predictions of models that are so able (0 is chance); `shift` makes the candidate cry wolf."""
    chance = random.Random(5)
    made = []
    for _ in range(examples):
        bad = chance.random() < 0.3
        made.append(
            Judged(
                bad=bad,
                people=people,
                candidate=min(1.0, _score(candidate, chance, bad=bad) + shift),
                champion=None if champion is None else _score(champion, chance, bad=bad),
                baseline=0.3,
            )
        )
    return made


def _score(ability: float, chance: random.Random, *, bad: bool) -> float:
    noise = chance.gauss(0, 0.05)
    return min(0.99, max(0.01, (0.3 + (0.25 if bad else -0.1) * ability) + noise))


def test_a_better_candidate_is_promoted_and_told_why() -> None:
    meeting = evaluate_candidate(window(GOOD, FAIR), Bounds())
    assert meeting.passes, meeting.why
    assert "beats the baseline and the champion" in meeting.why
    assert meeting.figures["candidate_log_loss"] < meeting.figures["champion_log_loss"]


def test_a_first_candidate_need_only_beat_the_baseline() -> None:
    assert evaluate_candidate(window(GOOD, None), Bounds()).passes
    assert not evaluate_candidate(window(CHANCE, None), Bounds()).passes


@pytest.mark.parametrize("candidate", [CHANCE, FAIR])
def test_a_candidate_that_is_no_better_is_refused(candidate: float) -> None:
    meeting = evaluate_candidate(window(candidate, FAIR + 0.01), Bounds())
    assert not meeting.passes
    assert "champion" in meeting.why


def test_a_champion_against_itself_is_refused() -> None:
    same = [Judged(j.bad, j.people, j.candidate, j.candidate, j.baseline) for j in window(GOOD, None)]
    assert not evaluate_candidate(same, Bounds()).passes


def test_a_candidate_that_would_flag_too_many_is_refused() -> None:
    meeting = evaluate_candidate(window(GOOD, None, shift=0.6), Bounds())
    assert not meeting.passes
    assert "would flag" in meeting.why


def test_people_alone_judge_once_there_are_enough_of_them() -> None:
    weak = window(CHANCE, None, people=False, examples=300)
    people = window(GOOD, None, examples=60)
    assert evaluate_candidate([*weak, *people], Bounds(minimum_people=30)).passes
    assert not evaluate_candidate([*weak, *people], Bounds(minimum_people=61)).passes


@pytest.mark.parametrize("minimum_people", [0, 30])
def test_too_few_labels_decide_nothing(minimum_people: int) -> None:
    assert "too few" in evaluate_candidate([], Bounds(minimum_people=minimum_people)).why
    assert (
        "too few"
        in evaluate_candidate(window(GOOD, None, people=False, examples=20), Bounds(minimum_people=minimum_people)).why
    )


def test_one_sided_labels_decide_nothing() -> None:
    one_sided = [judged for judged in window(GOOD, None) if judged.bad]
    assert "too one-sided" in evaluate_candidate(one_sided, Bounds()).why


def test_without_evidence_beyond_chance_nobody_is_promoted() -> None:
    judges = window(GOOD, FAIR)
    assert evaluate_candidate(judges, Bounds(), CandidateHistory(e_values={True: 10.0, False: 0.1})).passes
    refused = evaluate_candidate(judges, Bounds(), CandidateHistory(e_values={True: 9.9, False: 1e6}))
    assert not refused.passes
    assert "may still be chance" in refused.why
    assert refused.figures["evidence"] == pytest.approx(9.9)


def test_a_candidate_that_costs_too_much_is_refused() -> None:
    refused = evaluate_candidate(window(GOOD, FAIR), Bounds(maximum_cost_us=50.0), CandidateHistory(cost_us=51.0))
    assert not refused.passes
    assert "51 µs" in refused.why


def test_a_candidate_that_fails_one_segment_is_refused_though_better_on_the_whole() -> None:
    judges = [
        msgspec.structs.replace(judged, segment="curl", candidate=1.0 - judged.candidate) if at % 10 == 0 else judged
        for at, judged in enumerate(window(GOOD, FAIR))
    ]
    refused = evaluate_candidate(judges, Bounds())
    assert not refused.passes
    assert "among curl" in refused.why
    assert "among curl" not in evaluate_candidate(judges, Bounds(minimum_segment=31)).why


def test_a_candidate_that_misses_what_the_champion_finds_is_refused() -> None:
    seldom = [
        msgspec.structs.replace(judged, candidate=0.01) if judged.bad and at % 4 == 0 else judged
        for at, judged in enumerate(window(GOOD, GOOD - 0.2))
    ]
    assert "it misses" in evaluate_candidate(seldom, Bounds()).why


def test_while_answers_contradict_the_champion_both_ways_they_promote_nobody() -> None:
    chance = random.Random(3)
    judges = window(GOOD, 3.2)
    sure = [msgspec.structs.replace(judged, champion=0.95 if judged.bad else 0.05) for judged in judges]
    flipped = [msgspec.structs.replace(judged, bad=judged.bad != (chance.random() < 0.3)) for judged in sure]
    assert "new labels contradict" in evaluate_candidate(flipped, Bounds()).why
    new_abuse = [msgspec.structs.replace(judged, bad=judged.bad or chance.random() < 0.3) for judged in sure]
    assert "new labels contradict" not in evaluate_candidate(new_abuse, Bounds()).why


@pytest.mark.parametrize("size", [1_100, 10_000])
def test_a_window_of_any_size_that_settings_allow_is_judged(size: int) -> None:
    """Candidate and champion find other halves of the abuse: thousands of pairs differ."""
    judges = [
        Judged(
            bad=at % 2 == 0,
            people=True,
            candidate=0.9 if at % 4 == 0 else 0.1,
            champion=0.9 if at % 4 == 2 and at > size // 8 else 0.1,
            baseline=0.5,
        )
        for at in range(size)
    ]
    assert not evaluate_candidate(judges, Bounds(), CandidateHistory()).passes


@pytest.mark.parametrize(
    ("of", "share"), [(10, 0.5), (37, 0.05), (500, 0.12), (1_000, 0.5), (1_000, 0.05), (1_029, 0.5)]
)
def test_thechance_of_at_least_hits_is_the_sum_of_the_ways_bit_for_bit(of: int, share: float) -> None:
    """Decisions on record must come out the same when a version is built again."""
    for hits in (0, 1, of // 20, of // 2, of):
        ways = sum(math.comb(of, at) * share**at * (1.0 - share) ** (of - at) for at in range(hits, of + 1))
        assert chance_of_at_least(hits, of, share) == ways


@pytest.mark.parametrize("share", [0.5, 0.12])
def test_thechance_of_at_least_hits_has_no_step_where_the_way_to_compute_it_changes(share: float) -> None:
    for hits in (1, 100, 130, 515, 550):
        below, above = (chance_of_at_least(hits, of, share) for of in (1_029, 1_030))
        # One more try adds the chance that it is the hit that was missing.
        missing = Fraction(math.comb(1_029, hits - 1)) * Fraction(share) ** hits * Fraction(1 - share) ** (1_030 - hits)
        assert above == pytest.approx(below + float(missing), rel=1e-9, abs=1e-15)


def test_thechance_of_at_least_hits_is_known_where_the_ways_overflow_a_float() -> None:
    assert chance_of_at_least(6_000, 12_000, 0.5) == pytest.approx(0.5, abs=0.004)
    assert 0.0 < chance_of_at_least(5_200, 10_000, 0.5) < 1e-4
    assert chance_of_at_least(0, 0, 0.05) == 1.0
