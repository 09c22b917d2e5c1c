from __future__ import annotations

import pytest

from models.serving.champion import ChampionHolder
from models.serving.ledger import ROOM, Ledger
from models.serving.snapshot import record_key, sign
from tests.models.serving.test_snapshot import KEY, decision, pointer, snapshot
from weir.contracts.fast import encode
from weir.contracts.model_record import Champion, Decision, Snapshot
from weir.errors import UsageError


def ledger(*records: Snapshot | Decision | Champion) -> Ledger:
    made = Ledger(KEY)
    for record in records:
        made.offer(record_key(record).encode(), encode(record))
    return made


def two_versions() -> Ledger:
    later = sign(decision(1).model_copy(update={"version": "8", "previous_version": "7"}), KEY)
    return ledger(snapshot("7"), decision(0), pointer("7", 0), snapshot("8"), later, pointer("8", 1))


def test_it_knows_versions_decisions_and_the_champion() -> None:
    known = two_versions()
    assert list(known.snapshots) == ["7", "8"]
    assert list(known.decisions) == [0, 1]
    assert known.version("champion").version == "8"
    assert known.before() == "7"


def test_what_is_not_signed_is_passed_over_and_counted() -> None:
    known = two_versions()
    known.offer(b"champion", encode(pointer("7", 9)).replace(b"7", b"6"))
    assert known.refused == 1
    assert known.version("champion").version == "8"


def test_a_rollback_makes_every_worker_score_with_the_version_before() -> None:
    known = two_versions()
    holder = ChampionHolder(KEY)
    for record in (snapshot("8"), pointer("8", 1)):
        holder.offer(record_key(record).encode(), encode(record))
    back, why, champion = known.decide("rollback", known.before(), by="ana", why="too strict", at=5.0)
    assert (why.number, why.previous_version, why.decided_by) == (1 + ROOM, "8", "ana")
    for signed in (back, sign(why, KEY), sign(champion, KEY)):
        holder.offer(record_key(signed).encode(), encode(signed))
    assert holder.scorer is not None
    assert holder.scorer.ref.version == "7"
    assert holder.last_decision == 1 + ROOM


@pytest.mark.parametrize("version", ["9", "8", "champion"])
def test_what_is_not_there_or_champion_already_can_not_be_promoted(version: str) -> None:
    with pytest.raises(UsageError):
        two_versions().decide("promotion", version, by="ana", why="", at=5.0)


def test_without_a_version_before_there_is_no_way_back() -> None:
    with pytest.raises(UsageError, match="replaced no other"):
        ledger(snapshot("7"), decision(0), pointer("7", 0)).before()
