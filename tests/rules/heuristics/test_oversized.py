"""Fields that were cut to their bound: what the shipped pack makes of them."""

from __future__ import annotations

from typing import get_args

import pytest

from rules.heuristics.entries import OversizedEntry
from rules.heuristics.evidence import Sign, grouped_evidence, verdict_of
from rules.heuristics.pack import parse_pack
from rules.heuristics.patterns import Patterns, load_packs
from rules.problems import RulesError
from weir.contracts.event import FREE_TEXTS, Event

SHIPPED = load_packs()
EVENT = Event(event_id="e", visitor_id="v", type="t", ts=0.0)
OWN = """
pack: own
version: "1"
owner: us
description: Ours.
oversized:
  - {id: own/long, category: oversized, reason: It is far too long., field: url, weight: 0.6, %s}
"""


def verdict(*cut: str) -> str:
    infos = [SHIPPED.info(name) for name in SHIPPED.match(EVENT, cut)]
    return verdict_of(grouped_evidence(Sign(one.id, "", one.weight, one.group, one.reason) for one in infos))


def test_every_free_text_has_a_mark_of_its_own() -> None:
    assert set(get_args(OversizedEntry.model_fields["field"].annotation)) == set(FREE_TEXTS)
    for field in FREE_TEXTS:
        (found,) = SHIPPED.match(EVENT, (field,))
        info = SHIPPED.info(found)
        assert (info.pack, info.category, info.field) == ("oversized", "oversized", field)
    assert SHIPPED.match(EVENT) == ()


@pytest.mark.parametrize("field", FREE_TEXTS)
def test_a_cut_field_alone_is_a_review_at_most_and_a_long_post_is_nothing(field: str) -> None:
    assert verdict(field) == ("allow" if field in {"title", "text"} else "review")


def test_all_fields_together_are_a_review_too() -> None:
    assert verdict(*FREE_TEXTS) == "review"


def test_an_attack_in_the_kept_part_is_found_beside_the_mark() -> None:
    url = "/item?id=1%27%20union%20select%20password%20from%20users--&pad="
    found = SHIPPED.match(EVENT.model_copy(update={"url": url.ljust(16_384, "a")}), ("url",))
    assert "oversized/url" in found
    assert any(name.startswith("injection/") for name in found)
    late = ("/item?pad=" + "a" * 16_000 + "&id=1%27%20union%20select%20password%20from%20users--").ljust(16_384, "a")
    assert any(name.startswith("injection/") for name in SHIPPED.match(EVENT.model_copy(update={"url": late})))


def test_an_entry_of_a_site_is_switched_off_like_a_pattern_and_has_no_text_that_fires_it() -> None:
    on, off = (Patterns([parse_pack("own", OWN % told)]) for told in ("level: 1", "enabled: false"))
    assert on.match(EVENT, ("url", "query")) == ("own/long",)
    assert off.match(EVENT, ("url",)) == ()
    assert on.match(EVENT.model_copy(update={"url": "own/long"})) == ()


def test_an_entry_of_a_field_that_is_never_cut_is_refused() -> None:
    with pytest.raises(RulesError, match="field"):
        parse_pack("own", (OWN % "level: 1").replace("field: url", "field: path"))
