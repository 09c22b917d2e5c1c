from __future__ import annotations

import random

import msgspec
import pytest

from models.labels.trust import Trust


def crowd(trust: Trust, wrong: dict[str, float], sessions: int = 300, seed: int = 1) -> None:
    """Each session is answered about by two of the sources, each wrong as often as it is."""
    chance = random.Random(seed)
    for number in range(sessions):
        bad = chance.random() < 0.4
        for source in chance.sample(sorted(wrong), 2):
            said = bad != (chance.random() < wrong[source])
            trust.record_label(f"s{number}", source, bad=said, is_weak=source.startswith("weak:"), champion=None)


def test_a_source_that_guesses_counts_for_little() -> None:
    trust = Trust()
    crowd(trust, {"ana": 0.03, "ben": 0.03, "chi": 0.03, "dan": 0.5})
    assert trust.worth("dan") < 0.45
    assert min(trust.worth("ana"), trust.worth("ben"), trust.worth("chi")) > 0.9
    assert set(trust.doubted()) == {"dan"}


def test_nobody_is_doubted_without_reason() -> None:
    trust = Trust()
    crowd(trust, {"ana": 0.05, "ben": 0.05, "chi": 0.05})
    assert not trust.doubted()
    assert trust.worth("somebody new") == pytest.approx(1.0)


def test_people_are_not_measured_by_weak_sources() -> None:
    trust = Trust()
    crowd(trust, {"ana": 0.0, "weak:purchase": 0.5})
    assert trust.worth("ana") == 1.0
    assert trust.sources.keys() == {"weak:purchase"}


def test_when_everybody_contradicts_the_champion_nobody_loses_trust() -> None:
    trust = Trust()
    for number in range(300):
        trust.record_label(f"s{number}", f"moderator-{number % 3}", bad=True, is_weak=False, champion=0.02)
    assert not trust.doubted()


def test_who_alone_contradicts_a_sure_champion_loses_trust() -> None:
    trust = Trust()
    for number in range(600):
        source = f"moderator-{number % 3}"
        trust.record_label(f"s{number}", source, bad=source == "moderator-0", is_weak=False, champion=0.02)
    assert set(trust.doubted()) == {"moderator-0"}


def test_what_is_remembered_is_bounded_and_comes_back() -> None:
    trust = Trust()
    for number in range(5_000):
        trust.record_label(f"s{number}", f"source-{number}", bad=True, is_weak=False, champion=0.99)
    assert len(trust.sessions) <= 2_000
    assert len(trust.sources) <= 500
    assert msgspec.json.decode(msgspec.json.encode(trust), type=Trust) == trust


def test_the_same_source_again_is_no_second_opinion() -> None:
    trust = Trust()
    for _ in range(10):
        trust.record_label("s1", "ana", bad=True, is_weak=False, champion=None)
    assert trust.sources == {}
    assert trust.worth("ana") == pytest.approx(1.0)
