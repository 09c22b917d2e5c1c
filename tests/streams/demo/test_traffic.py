from __future__ import annotations

from collections import Counter
from itertools import islice, pairwise, takewhile
from statistics import mean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.demo.delivery import REPEATED_SHARE, Sending, delivered, traffic
from streams.demo.traffic import PROFILES, TrafficEvent, traffic_events
from streams.demo.visitor import Kind
from weir.contracts import Event

START_S = 1_772_355_600.0
RATE = 200.0


@pytest.fixture(scope="module")
def minute() -> list[TrafficEvent]:
    return list(takewhile(lambda event: event.at_s < 60, traffic_events(7, RATE, START_S, pace=5)))


@pytest.fixture(scope="module")
def sent() -> list[Sending]:
    return list(takewhile(lambda sending: sending.at_s < 60, traffic(7, RATE, START_S, pace=5)))


def by_visitor(happened: list[TrafficEvent], kind: Kind) -> dict[str, list[TrafficEvent]]:
    found: dict[str, list[TrafficEvent]] = {}
    for happening in happened:
        if happening.visitor.kind is kind:
            found.setdefault(happening.visitor.visitor_id, []).append(happening)
    return found


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32), rate=st.floats(1, 500), pace=st.floats(1, 20))
def test_the_same_seed_gives_the_same_traffic(seed: int, rate: float, pace: float) -> None:
    first, second = (list(islice(traffic(seed, rate, START_S, pace), 50)) for _ in range(2))
    assert first == second


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_another_seed_gives_other_visitors(seed: int) -> None:
    first, second = (
        {sending.visitor.visitor_id for sending in islice(traffic(each, 10, START_S, 20), 50)}
        for each in (seed, seed + 1)
    )
    assert not first & second


def test_every_event_is_valid(minute: list[TrafficEvent]) -> None:
    for happening in minute:
        event = Event.model_validate(happening.event)
        assert not event.model_extra
        assert event.visitor_id == happening.visitor.visitor_id


def test_the_rate_is_about_what_was_asked(sent: list[Sending]) -> None:
    assert len(sent) / 60 == pytest.approx(RATE, rel=0.2)


def test_the_site_is_busy_from_the_first_second_on(sent: list[Sending]) -> None:
    first = sum(1 for sending in sent if sending.at_s < 15)
    assert first / 15 == pytest.approx(RATE, rel=0.35)


def test_events_happen_in_order_from_offset_0_on(minute: list[TrafficEvent]) -> None:
    assert minute[0].at_s >= 0
    assert all(before.at_s <= after.at_s for before, after in pairwise(minute))


def test_shares_of_the_kinds_add_up() -> None:
    assert set(PROFILES) == set(Kind)
    assert sum(profile.share for profile in PROFILES.values()) == pytest.approx(1)


def test_event_ids_tell_events_apart(minute: list[TrafficEvent]) -> None:
    assert len({happening.event["event_id"] for happening in minute}) == len(minute)


def test_a_visitor_keeps_its_kind_address_and_user_agent(minute: list[TrafficEvent]) -> None:
    faces: dict[str, set[tuple[str, str, str]]] = {}
    for happening in minute:
        event, visitor = happening.event, happening.visitor
        faces.setdefault(visitor.visitor_id, set()).add((visitor.kind, event["ip"], event["user_agent"]))
    assert all(len(face) == 1 for face in faces.values())


def test_events_are_sent_in_order_of_sending_and_never_before_they_happen(sent: list[Sending]) -> None:
    assert all(before.at_s <= after.at_s for before, after in pairwise(sent))
    assert all(sending.at_s >= sending.event["ts"] - START_S - 0.001 for sending in sent)


def test_some_events_overtake_others(sent: list[Sending]) -> None:
    assert 0.01 < mean(after.event["ts"] < before.event["ts"] for before, after in pairwise(sent)) < 0.6


def test_a_few_events_are_sent_twice_and_alike(sent: list[Sending]) -> None:
    repeats = [sending for sending in sent if sending.is_repeat]
    assert len(repeats) / len(sent) == pytest.approx(REPEATED_SHARE, rel=0.35)
    originals = {sending.event["event_id"]: sending.event for sending in sent if not sending.is_repeat}
    assert all(originals[repeat.event["event_id"]] == repeat.event for repeat in repeats)


def test_delivery_loses_nothing(minute: list[TrafficEvent]) -> None:
    arrived = Counter(sending.event["event_id"] for sending in delivered(minute, 3))
    assert set(arrived) == {happening.event["event_id"] for happening in minute}
    assert set(arrived.values()) == {1, 2}


def test_shoppers_walk_the_funnel(minute: list[TrafficEvent]) -> None:
    counts = Counter(h.event["type"] for visit in by_visitor(minute, Kind.SHOPPER).values() for h in visit)
    assert counts["page_view"] > counts["click"] > counts["add_to_cart"] > counts["purchase"] > 0
    assert min(counts["search"], counts["login"], counts["remove_from_cart"]) > 0


def test_scrapers_keep_an_even_pace_and_people_do_not(minute: list[TrafficEvent]) -> None:
    def unevenness(kind: Kind) -> float:
        visits = [visit for visit in by_visitor(minute, kind).values() if len(visit) >= 8]
        gaps = [[after.at_s - before.at_s for before, after in pairwise(visit)] for visit in visits]
        return mean(stdev(each) / mean(each) for each in gaps)

    assert unevenness(Kind.SCRAPER) < 0.1
    assert unevenness(Kind.SHOPPER) > 0.5


def test_some_scrapers_call_themselves_a_browser_and_some_do_not(minute: list[TrafficEvent]) -> None:
    agents = {visit[0].visitor.user_agent for visit in by_visitor(minute, Kind.SCRAPER).values()}
    assert {agent.startswith("Mozilla/5.0") for agent in agents} == {True, False}


def test_credential_stuffers_try_many_accounts_from_few_addresses(minute: list[TrafficEvent]) -> None:
    attempts = [happening for visit in by_visitor(minute, Kind.STUFFER).values() for happening in visit]
    logins = [attempt.event for attempt in attempts if attempt.event["type"] == "login"]
    assert len({login["ip"] for login in logins}) <= 4
    assert len({login["account_id"] for login in logins}) > 0.8 * len(logins)
    assert mean(login["status"] == 401 for login in logins) > 0.9


def test_spammers_post_links(minute: list[TrafficEvent]) -> None:
    posts = [
        happening.event
        for visit in by_visitor(minute, Kind.SPAMMER).values()
        for happening in visit
        if happening.event["type"] == "post"
    ]
    assert posts
    assert all("http://" in post["text"] for post in posts)


def test_scanners_ask_for_what_is_not_there(minute: list[TrafficEvent]) -> None:
    probes = [happening.event for visit in by_visitor(minute, Kind.SCANNER).values() for happening in visit]
    assert mean(probe["status"] >= 400 for probe in probes) > 0.6
