"""The product's stages, driven in memory by the load of a run, against the oracle: answers, examples and flags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest

from rules.heuristics.patterns import load_packs
from streams.stages import STAGE_INPUTS, Resources, make_task
from tests.chaos.answers import TRUSTED, People
from tests.chaos.oracle.compare_values import parsed
from tests.chaos.oracle.expected import Expected
from tests.chaos.oracle.judging import compare, expect, watched
from tests.chaos.oracle.records import Record
from tests.chaos.oracle.test_agreement import BEGIN_S, PARTITIONS, Run
from tests.chaos.rule_book import rule_book
from tests.chaos.traffic import Bounds, traffic
from tests.chaos.verdict import oracle_settings
from weir.kafka.records import Output
from weir.settings import Settings
from weir.topics import EVENTS, LABELS

EVENTS_SENT, EVENTS_A_LABEL, RATE = 2_500, 3, 300.0
SETTINGS = Settings(
    partitions=PARTITIONS,
    gap_s=2.0,
    grace_s=1.0,
    max_ahead_s=1.0,
    max_record_bytes=20_000,
    shadow=frozenset({"rate_limit", "model", "business_rule"}),
    human_sources=TRUSTED,
)


@cache
def run(seed: int) -> Run:
    """Events and labels, worked on in batches."""
    now_s = BEGIN_S
    resources = Resources.from_settings(SETTINGS, now=lambda: now_s)
    inputs = {stage: STAGE_INPUTS[stage] for stage in ("sessionize", "score", "join")}
    made = Run(inputs, lambda stage, partition: make_task(stage, partition, resources), PARTITIONS)
    people = People(seed)
    sent = traffic(seed, Bounds(SETTINGS.gap_s, SETTINGS.grace_s, SETTINGS.max_record_bytes))
    for number in range(EVENTS_SENT):
        now_s = BEGIN_S + number / RATE
        event = next(sent)
        made.append(Output(EVENTS, event.key, event.at(now_s)), now_s)
        if event.key is not None and not event.kinds:
            people.saw(event.key.decode())
        if number % EVENTS_A_LABEL == 0:
            for key, value in people.say(now_s):
                made.keep(LABELS, made.memory.append(Output(LABELS, key, value), round(now_s * 1_000)))
        if number % 50 == 0:
            made.flow.settle()
    made.flow.settle()
    return made


@cache
def expected_of(seed: int) -> Expected:
    own = oracle_settings(SETTINGS)
    return expect(run(seed).in_order, own, watch=watched(run(seed).outputs, own))


def differences(outputs: list[Record], seed: int) -> Iterator[str]:
    scores = [record for record in outputs if record.topic == "weir.scores"]
    return compare(expected_of(seed), outputs, book=rule_book(load_packs(())), scores=scores)


@pytest.mark.parametrize("seed", range(2))
def test_labels_come_to_what_the_oracle_says(seed: int) -> None:
    outputs = run(seed).outputs
    assert list(differences(outputs, seed)) == []
    topics = Counter(record.topic for record in outputs)
    assert topics["weir.answers"] > 20
    assert topics["weir.training"] > 5
    stages = Counter((parsed(record) or {})["stage"] for record in outputs if record.topic == "weir.flags")
    assert stages["people"] > 5


@pytest.mark.parametrize("name", ["answers", "training"])
def test_each_record_that_comes_twice_is_noticed(name: str) -> None:
    outputs = run(0).outputs
    for at in [at for at, record in enumerate(outputs) if record.topic == f"weir.{name}"][5:50:20]:
        again = [*outputs[: at + 1], outputs[at]._replace(offset=1_000_000), *outputs[at + 1 :]]
        assert any("Twice" in difference for difference in differences(again, 0)), outputs[at]
