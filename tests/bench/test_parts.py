from __future__ import annotations

import pytest

from bench.contestants.everybody import contestants
from bench.order import PART_S
from bench.parts import PAIRS, PARTS, BenchPart, chosen
from bench.plan import PlanOptions, whole
from bench.take import taking

HALF_AN_HOUR_S = 1_800.0


def test_no_part_takes_longer_than_ten_minutes_and_none_has_to_be_cut_by_default() -> None:
    assert {part.kind: part.takes_s for part in PARTS if part.takes_s > PART_S or part.cut() != part} == {}


def test_the_short_list_ends_within_half_an_hour_and_has_five_pairs_with_kafka_streams() -> None:
    short = chosen([], [], everything=False)

    assert sum(part.takes_s for part in short) < HALF_AN_HOUR_S
    assert [part.runs for part in short if part.measure == "throughput"] == [PAIRS, PAIRS]
    assert {part.measure for part in short} == {"throughput", "latency", "memory", "start"}


def test_all_parts_are_of_different_kinds_and_can_be_measured() -> None:
    assert len({part.kind for part in PARTS}) == len(PARTS)
    assert {name for part in PARTS for name in part.contestants} <= set(contestants())
    assert all(taking(part, whole(part, PlanOptions())).parameters for part in PARTS)
    assert chosen([], [], everything=True) == list(PARTS)


def test_a_part_that_would_take_too_long_has_fewer_events() -> None:
    part = BenchPart("throughput", ("weir", "kafka-streams"), 50_000_000, 5)
    cut = part.cut()

    assert part.takes_s > PART_S
    assert 0 < cut.events < part.events
    assert 0.9 * PART_S < cut.takes_s <= PART_S


def test_more_runs_than_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="throughput-weir: 100 runs of each take longer than 600 s; ask for fewer"):
        BenchPart("throughput", ("weir",), 1_000_000, 100).cut()


def test_events_that_are_asked_for_are_cut_too_whatever_the_measure() -> None:
    assert BenchPart("scale", events=700_000, fixed_s=240).asked(9_000_000, 0).events == 700_000
    assert BenchPart("scale", events=700_000, fixed_s=240).asked(1_000, 7) == BenchPart("scale", (), 1_000, 7, 240)
    assert BenchPart("throughput", ("weir",), 1_000).asked(99_000_000, 0).takes_s <= PART_S


def test_contestants_make_a_part_of_their_own() -> None:
    [known] = chosen(["throughput"], ["weir-plain", "kafka-streams"], everything=False)
    [made] = chosen([], ["weir", "flink"], everything=False)
    with_latency = chosen(["throughput", "latency"], ["weir"], everything=False)

    assert known in PARTS
    assert (made.kind, made.takes_s <= PART_S) == ("throughput-weir+flink", True)
    assert [part.kind for part in with_latency] == ["throughput-weir", "latency"]


def test_a_measure_without_contestants_takes_all_of_its_parts() -> None:
    assert len(chosen(["throughput"], [], everything=False)) > 5
    assert [part.kind for part in chosen(["start"], [], everything=False)] == ["start"]
