from __future__ import annotations

from itertools import permutations

import pytest

from models.serving.champion import ChampionHolder
from models.serving.snapshot import AnyRecord, record_key, sign
from tests.models.serving.test_snapshot import KEY, decision, pointer, snapshot
from tests.support.examples import easy_example
from weir.contracts.fast import encode
from weir.contracts.model_record import Champion, Trial


def offer(holder: ChampionHolder, *records: AnyRecord) -> None:
    for record in records:
        holder.offer(record_key(record).encode(), encode(record))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_champion_scores_whatever_the_order_of_its_records(order: tuple[int, ...]) -> None:
    holder = ChampionHolder(KEY)
    records = (snapshot(), decision(), pointer())
    offer(holder, *(records[at] for at in order))
    assert holder.scorer is not None
    assert holder.scorer.ref.version == "7"
    assert 0 <= holder.scorer.score(easy_example(1).features) <= 1
    assert holder.last_decision == 0
    assert not holder.refusals


def test_without_a_key_nothing_scores() -> None:
    holder = ChampionHolder(None)
    offer(holder, snapshot(), pointer())
    assert holder.scorer is None
    assert holder.refusals == holder.take_refusals() == {"unverified": 2}
    assert not holder.take_refusals()


def test_a_snapshot_that_is_refused_leaves_the_last_good_champion() -> None:
    holder = ChampionHolder(KEY)
    offer(holder, snapshot("7"), pointer("7", 0))
    good = holder.scorer
    holder.offer(b"sessions/8", encode(snapshot("8").model_copy(update={"payload": "AAAA"})))
    offer(holder, pointer("8", 1))
    assert holder.scorer is good
    assert holder.refusals == {"unverified": 1}


def test_a_model_that_knows_other_features_is_refused() -> None:
    holder = ChampionHolder(KEY)
    offer(holder, snapshot("7"), pointer("7", 0), snapshot("8", features_version="other"), pointer("8", 1))
    assert holder.scorer is not None
    assert holder.scorer.ref.version == "7"
    assert holder.refusals == {"features_version": 1}


def test_an_older_pointer_that_comes_again_changes_nothing() -> None:
    holder = ChampionHolder(KEY)
    offer(holder, snapshot("7"), pointer("7", 0), snapshot("8"), pointer("8", 1), pointer("7", 0))
    assert holder.scorer is not None
    assert holder.scorer.ref.version == "8"


def test_going_back_takes_a_newer_decision_and_the_old_snapshot() -> None:
    holder = ChampionHolder(KEY)
    offer(holder, *(record for n in range(9) for record in (snapshot(str(n)), pointer(str(n), n))))
    offer(holder, snapshot("0"), pointer("0", 9))
    assert holder.scorer is not None
    assert holder.scorer.ref.version == "0"


def test_a_deleted_record_takes_nothing_away() -> None:
    holder = ChampionHolder(KEY)
    offer(holder, snapshot(), pointer())
    holder.offer(b"champion", None)
    holder.offer(b"sessions/7", None)
    assert holder.scorer is not None


def trial(version: str | None, number: int, share: float = 0.2) -> Trial:
    return sign(Trial(id="sessions", version=version, share=share, decision=number, signature=""), KEY)


def test_a_challenger_in_shadow_scores_for_nobody_and_then_for_its_share_always_the_same_ones() -> None:
    holder = ChampionHolder(KEY)
    offer(holder, snapshot("7"), pointer("7", 0), snapshot("8"), trial("8", 1, 0.0))
    visitors = [f"visitor-{number}" for number in range(2_000)]
    champion = holder.scorer
    assert holder.challenger is not None
    assert all(holder.scorer_for(visitor) is champion for visitor in visitors)
    offer(holder, trial("8", 2, 0.2))
    first = [visitor for visitor in visitors if holder.scorer_for(visitor) is not champion]
    assert 0.15 < len(first) / len(visitors) < 0.25
    assert holder.challenger.scorer.model is holder.scorer_for(first[0]).model  # type: ignore[union-attr]
    assert first == [visitor for visitor in visitors if holder.scorer_for(visitor) is not champion]


@pytest.mark.parametrize("end", [trial(None, 3), pointer("8", 3), pointer("7", 3)])
def test_a_trial_ends_when_it_is_said_or_a_champion_is_decided_on_later(end: Trial | Champion) -> None:
    holder = ChampionHolder(KEY)
    offer(holder, snapshot("7"), pointer("7", 0), snapshot("8"), trial("8", 2), end, trial("8", 1, 1.0))
    assert holder.challenger is None
    assert holder.scorer is not None
    assert holder.scorer_for("anybody") is holder.scorer
    assert holder.scorer.ref.version == ("8" if end == pointer("8", 3) else "7")


def test_a_first_model_is_tried_before_there_is_a_champion() -> None:
    holder = ChampionHolder(KEY)
    offer(holder, trial("8", 1, 1.0), snapshot("8"))
    assert holder.scorer is None
    scorer = holder.scorer_for("anybody")
    assert scorer is not None
    assert scorer.ref.version == "8"


def test_a_pointer_to_nobody_leaves_the_place_empty_until_a_later_one_names_a_version() -> None:
    holder = ChampionHolder(KEY)
    offer(holder, snapshot("7"), pointer("7", 0), pointer("", 1), pointer("7", 0))
    assert holder.scorer is None
    offer(holder, pointer("7", 2))
    assert holder.scorer is not None
