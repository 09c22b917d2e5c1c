"""`weir topics`."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.support.command import weir
from tests.support.patience import give_up_after
from weir.broker import free_port
from weir.settings import Settings
from weir.topics import EVENTS


@pytest.mark.kafka
def test_made_once_and_then_as_the_catalogue_says(new_installation: Callable[..., Settings]) -> None:
    settings = new_installation(topics=False)
    assert weir("topics", "check", on=settings).code == 1
    made = weir("topics", "create", on=settings)
    assert f"made {settings.names.public(EVENTS)}" in made.out
    assert "0 topics made" in weir("topics", "create", on=settings).out
    checked = weir("topics", "check", on=settings)
    assert (checked.code, "as the catalogue declares" in checked.out) == (0, True)


@pytest.mark.kafka
def test_a_wrong_number_of_partitions_is_exit_code_1_with_advice(installation: Settings) -> None:
    other = installation.model_copy(update={"partitions": 3})
    checked = weir("topics", "check", "--json", on=other)
    events = next(row for row in map(json.loads, checked.out.splitlines()) if row["topic"].endswith(".events"))
    assert checked.code == 1
    assert (events["is"], events["should be"], events["stops workers"]) == ("2", "3", True)
    assert "WEIR_PARTITIONS" in events["what to do"]


@pytest.mark.parametrize("verb", ["create", "check"])
def test_an_absent_broker_is_a_sentence(monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    give_up_after(monkeypatch)
    ran = weir("topics", verb, "--bootstrap-servers", f"127.0.0.1:{free_port()}")
    assert ran.code == 1
    assert ran.err.startswith("weir: No Kafka broker answers at 127.0.0.1:")
    assert "weir broker start" in ran.err
