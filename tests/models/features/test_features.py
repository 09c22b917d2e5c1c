from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.features import FEATURES, KINDS, features, features_hash
from models.features.words import categories
from tests.support.sessions import make_session

RICH: dict[str, Any] = {
    "gap_median_s": 3.0,
    "path_depth": 1.5,
    "path_entropy": 0.9,
    "quickest_post_s": 1.5,
    "login_attempts": 2,
    "login_failures": 1,
    "items": [
        {"item_id": "a", "type": "click", "ts": 1_001.0},
        {"item_id": "a", "type": "add_to_cart", "ts": 1_002.0},
    ],
    "texts": [
        {"field": "query", "text": "older", "truncated": False},
        {"field": "text", "text": "CALL 0800 now: http://spam.example", "truncated": False},
    ],
}


def test_a_rich_session_has_every_registered_feature_and_no_other() -> None:
    found = features(make_session(**RICH))
    assert set(found) == set(KINDS)
    for feature in FEATURES:
        assert isinstance(found[feature.name], float if feature.kind == "number" else str), feature.name


def test_names_are_registered_once_with_a_meaning() -> None:
    assert len(KINDS) == len(FEATURES)
    assert all(feature.meaning for feature in FEATURES)
    assert all(feature.unit for feature in FEATURES if feature.kind == "number")


def test_what_weak_labels_are_made_of_is_no_feature() -> None:
    plain = make_session(events=4, items=[{"item_id": "a", "type": "click", "ts": 1_001.0}])
    telling = make_session(
        events=5,
        distinct_urls=3,
        counts={"page_view": 3, "click": 1, "purchase": 1},
        purchases=1,
        conversion=1.0,
        revenue={"EUR": 99.0},
        rate_limited=7,
        heuristics={"injection.union": {"hits": 3, "version": "1"}},
        items=[
            {"item_id": "a", "type": "click", "ts": 1_001.0},
            {"item_id": "b", "type": "purchase", "ts": 1_002.0},
        ],
    )
    assert features(plain) == features(telling)


def test_newest_text_comes_first() -> None:
    assert str(features(make_session(**RICH))["text"]).startswith("CALL 0800")


@pytest.mark.parametrize(
    ("user_agent", "family", "release"),
    [
        ("curl/8.1.2", "curl", "curl 8"),
        ("Mozilla/5.0 (compatible; SomeBot/2.1; +http://x.example)", "somebot", "somebot"),
        ("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/121.0", "firefox", "firefox 121"),
        (None, "none", "none"),
        ("()", "other", "other"),
    ],
)
def test_the_client_is_named(user_agent: str | None, family: str, release: str) -> None:
    found = features(make_session(user_agent=user_agent))
    assert (found["user_agent_family"], found["user_agent_release"]) == (family, release)


@pytest.mark.parametrize(
    ("ip", "prefix", "network"),
    [
        ("192.0.2.17", "192.0.2", "192.0"),
        ("2001:db8::1", "2001:0db8:0000", "2001:0db8"),
        ("5f4dcc3b5aa7", "hashed", "hashed"),
        (None, "none", "none"),
    ],
)
def test_addresses_are_cut_to_their_networks(ip: str | None, prefix: str, network: str) -> None:
    found = features(make_session(ip=ip))
    assert (found["address_prefix"], found["address_network"]) == (prefix, network)


FINITE = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
COUNT = st.integers(min_value=0, max_value=2**60)
ANY_TEXT = st.none() | st.text(max_size=60)


@given(
    changed=st.fixed_dictionaries(
        {
            "events": COUNT,
            "duration_s": FINITE,
            "bytes": COUNT,
            "counts": st.dictionaries(st.text(max_size=8), COUNT, max_size=3),
            "statuses": st.dictionaries(st.sampled_from(["2xx", "5xx", "other"]), COUNT),
            "methods": st.dictionaries(st.text(max_size=8), COUNT, max_size=3),
            "gaps": st.none()
            | st.fixed_dictionaries(
                {name: FINITE for name in ("mean", "standard_deviation", "minimum", "maximum")}  # noqa: C420 -- reads better
            ),
            "click_through": FINITE,
            "entry_url": ANY_TEXT,
            "exit_url": ANY_TEXT,
            "referrer": ANY_TEXT,
            "user_agent": ANY_TEXT,
            "ip": ANY_TEXT,
        }
    )
)
def test_whatever_the_session_features_are_finite_bounded_and_repeatable(changed: dict[str, Any]) -> None:
    session = make_session(**changed)
    found = features(session)
    assert set(found) <= set(KINDS)
    assert all(math.isfinite(value) for value in found.values() if isinstance(value, float))
    assert all(len(value) <= 500 for value in found.values() if isinstance(value, str))
    assert features_hash(found) == features_hash(features(session))


def test_the_hash_does_not_depend_on_the_order_of_names() -> None:
    assert features_hash({"a": 1.0, "b": "x"}) == features_hash({"b": "x", "a": 1.0})
    assert features_hash({"a": 1.0}) != features_hash({"a": 2.0})


AS_A_PATTERN = re.compile(r"([A-Za-z][\w.-]*(?:bot|crawl|spider)[\w.-]*)", re.IGNORECASE)
"""What names a crawler, said in one pattern: right, but its time grows with the square of the text."""


@given(st.lists(st.sampled_from(["bot", "BOT", "crawl", "spider", "a", "1", ".", "-", "/", " ", "é"]), max_size=12))
def test_a_crawlers_name_is_its_first_word_with_a_crawlers_syllable_inside(parts: list[str]) -> None:
    user_agent = "".join(parts)
    found = AS_A_PATTERN.search(user_agent)
    family = categories(make_session(user_agent=user_agent or None))["user_agent_family"]
    assert found is None or family == found[1].lower()[:48]


def test_a_user_agent_is_read_to_a_bound() -> None:
    short, long = "a" * 512, "a" * 512 + "bot"
    assert categories(make_session(user_agent=long)) == categories(make_session(user_agent=short))


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        ([], "none"),
        (["Where is my parcel, and what can I do?"], "english"),
        (["Wo ist mein Paket und was kann ich tun?"], "german"),
        (["Ваша посылка прибыла"], "cyrillic"),
        (["12345 !!!"], "other"),
    ],
)
def test_the_language_is_guessed(texts: list[str], language: str) -> None:
    seen = [{"field": "text", "text": text} for text in texts]
    assert features(make_session(texts=seen))["language"] == language


def test_entropy_tells_one_item_again_and_again_from_many() -> None:
    def entropy(*items: str) -> float | str:
        touches = [{"item_id": item, "type": "click", "ts": 1_001.0} for item in items]
        return features(make_session(items=touches))["item_entropy"]

    assert entropy("a", "a", "a", "a") == 0.0
    assert entropy("a", "b", "c", "d") == pytest.approx(2.0)


def test_nothing_hides_behind_a_long_beginning_of_a_path() -> None:
    found = features(make_session(entry_url=f"/search?q={'a' * 3_000}<script>", exit_url=None))
    assert str(found["paths"]).endswith("<script>")
    assert len(str(found["paths"])) == 400
