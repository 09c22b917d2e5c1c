from __future__ import annotations

import json
import time

import pytest

from tests.support.command import weir
from weir.kafka.bulk_sender import BulkSender
from weir.kafka.reader import read_all
from weir.kafka.records import Output
from weir.settings import Settings
from weir.topics import EVENTS, LATE, SESSIONS, Topic

DAY_1 = 1_700_000_000.0
HOURS = (3, 0, 5)
"""When anna's events happened, in the order in which they came: the second is late by the time that it comes."""


@pytest.fixture
def filled(installation: Settings) -> Settings:
    sender = BulkSender(installation)
    for hour in HOURS:
        event = {"event_id": f"e{hour}", "visitor_id": "anna", "type": "click", "ts": DAY_1 + 3_600 * hour}
        sender.send(Output(EVENTS, b"anna", json.dumps(event).encode()))
    sender.flush()
    return installation


def values(settings: Settings, topic: Topic) -> list[dict[str, object]]:
    return [json.loads(record.value or b"null") for record in read_all(settings, topic)]


@pytest.mark.kafka
def test_a_stretch_is_folded_again_in_the_order_of_time(filled: Settings) -> None:
    into = f"{filled.topic_prefix}.again"
    called = weir("backfill", "--from", "0", "--into", into, "--json", on=filled)
    assert called.code == 0, called.err
    *stretches, outcome = called.rows()
    assert sum(row["to_offset"] - row["from_offset"] for row in stretches) == len(HOURS)
    assert (outcome["records"], outcome["still late"]) == (3, 0)
    target = filled.model_copy(update={"topic_prefix": into})
    finals = [record for record in values(target, SESSIONS) if record["final"]]
    assert [record["start"] for record in finals] == [DAY_1 + 3_600 * hour for hour in sorted(HOURS)]
    assert values(target, LATE) == []
    assert values(filled, SESSIONS) == []


@pytest.mark.kafka
def test_a_rate_is_kept_and_changes_no_result(filled: Settings) -> None:
    into = f"{filled.topic_prefix}.slowly"
    begun = time.monotonic()
    called = weir("backfill", "--from", "0", "--into", into, "--rate", "2", "--json", on=filled)
    assert called.code == 0, called.err
    assert time.monotonic() - begun >= 1.0
    assert called.rows()[-1]["records"] == len(HOURS)


@pytest.mark.kafka
def test_a_dry_run_names_the_stretches_and_makes_nothing(filled: Settings) -> None:
    called = weir("backfill", "--from", "0", "--dry-run", "--json", on=filled)
    assert called.code == 0, called.err
    assert sum(row["to_offset"] - row["from_offset"] for row in called.rows()) == len(HOURS)


@pytest.mark.kafka
def test_without_late_events_there_is_nothing_to_choose(filled: Settings) -> None:
    called = weir("backfill", on=filled)
    assert called.code == 0, called.err
    assert "There is nothing to backfill." in called.out


@pytest.mark.parametrize("time", ["soon", "nan", "1e300", "-5", "\N{SUPERSCRIPT TWO}"])
def test_what_is_no_time_is_the_callers_mistake(time: str) -> None:
    called = weir("backfill", "--from", time)
    assert called.code == 2
    assert f"--from {time} is not a time" in called.err


@pytest.mark.kafka
@pytest.mark.parametrize("prefix", ["a b", "a/b", "\udcff", "a" * 300])
def test_a_prefix_that_no_topic_can_have_is_the_callers_mistake(filled: Settings, prefix: str) -> None:
    called = weir("backfill", "--from", "0", "--into", prefix, on=filled)
    assert called.code == 2
    assert "--into is not a prefix" in called.err


@pytest.mark.kafka
def test_it_never_writes_into_the_topics_that_it_reads(filled: Settings) -> None:
    called = weir("backfill", "--from", "0", "--into", filled.topic_prefix, on=filled)
    assert called.code == 2
    assert "is the prefix of the live topics" in called.err
