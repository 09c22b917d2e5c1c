from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.heuristics.pack import parse_pack
from rules.heuristics.patterns import Patterns, load_packs
from tests.rules.heuristics.test_pack import ENTRY, text
from weir.contracts import Event

SHIPPED = load_packs(())
MINE = Patterns([parse_pack("mine.yaml", text(ENTRY))])


def event(visitor: str = "ann", **fields: Any) -> Event:  # noqa: ANN401 -- any field
    return Event(event_id="e", visitor_id=visitor, type="page_view", ts=0.0, **fields)


def fired(**fields: str) -> set[str]:
    return {pattern.split("/")[0] for pattern in SHIPPED.match(event(**fields))}


@pytest.mark.parametrize(
    "url",
    [
        "/item?id=1' or '1'='1",
        "/item?id=1%27%20OR%20%271%27=%271",
        "/item?id=1%2527%2520or%2520%25271%2527%253D%25271",
        "/item?id=1'+or+'1'='1",
        "/item?id=1'/**/or/**/'1'='1",
        "/item?id=1&#39; or &#39;1&#39;=&#39;1",
        "/item?q=<script>alert(1)</script>",
        "/item?q=%3CscRipt%3Ealert(1)%3C/scRipt%3E",
        "/files/..%2f..%2f..%2fetc/passwd",
        "/item?id=1;cat /etc/passwd",
    ],
)
def test_an_attack_is_found_however_it_is_written(url: str) -> None:
    assert "injection" in fired(url=url)


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "/products/mens-shoes?colour=black&size=42", "title": "Men's shoes - our shop"},
        {"url": "/search?q=o'reilly+select+and+union", "query": "o'reilly select"},
        {"url": "/blog/drop-table-lamps-for-your-living-room"},
        {"user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"},
        {"referrer": "https://www.example.com/search?q=weir"},
        {"text": "Lovely, thank you! Would 1 or 2 fit into a letter box?"},
    ],
)
def test_what_people_do_is_left_alone(fields: dict[str, str]) -> None:
    assert not SHIPPED.match(event(**fields))


def test_crawlers_scanners_and_spam_are_found() -> None:
    assert "user-agents" in fired(user_agent="Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")
    assert "scanners" in fired(url="/wp-login.php") | fired(url="/.env") | fired(url="/.git/config")
    assert "referrers" in fired(referrer="http://free-traffic-now.example/")


@given(st.text(max_size=200), st.sampled_from(["url", "query", "title", "text", "referrer", "user_agent"]))
def test_matching_never_raises_and_gives_each_pattern_once_in_order(string: str, field: str) -> None:
    found = SHIPPED.match(event(**{field: string[:200]}))
    assert list(found) == sorted(set(found))
    assert all(SHIPPED.info(pattern).id == pattern for pattern in found)


@given(st.permutations(list(SHIPPED.packs)), st.sampled_from(["/x?id=1' or '1'='1", "/.env", "/shoes", "/?q=<script>"]))
def test_the_order_of_packs_does_not_matter(packs: list, url: str) -> None:  # type: ignore[type-arg]  # of packs
    assert Patterns(packs).match(event(url=url)) == SHIPPED.match(event(url=url))


def test_a_file_takes_the_place_of_a_shipped_pack_of_its_name(tmp_path: Path) -> None:
    file = tmp_path / "injection.yaml"
    file.write_text(text(ENTRY, pack="injection"))
    loaded = load_packs([file])
    assert loaded.versions.keys() == SHIPPED.versions.keys()
    assert loaded.match(event(url="/export")) == ("mine/export",)
    assert not loaded.match(event(url="/item?id=1' or '1'='1"))


def test_a_pattern_that_has_expired_is_out_from_that_day_on() -> None:
    pack = parse_pack("mine.yaml", text(ENTRY | {"expires": "2026-03-01"}))
    assert Patterns([pack], today=date(2026, 2, 28)).ids == ("mine/export",)
    assert not Patterns([pack], today=date(2026, 3, 1)).ids
    # Folding knows no day: what has expired is passed over when it is judged.
    assert Patterns([pack]).info("mine/export").expires_s == datetime(2026, 3, 1, tzinfo=UTC).timestamp()


def test_a_disabled_pattern_is_out() -> None:
    assert not Patterns([parse_pack("mine.yaml", text(ENTRY | {"enabled": False}))]).ids
