from __future__ import annotations

from datetime import date
from typing import Any, get_args

import pytest

from rules.heuristics.check import Checked, check
from rules.heuristics.counterexamples import (
    MOST_BY_LEVEL,
    corpus_hash,
    ordinary_matches,
    ordinary_texts,
    share_met,
    too_many,
)
from rules.heuristics.entries import PatternEntry, PatternField
from rules.heuristics.pack import Pack, parse_pack, read_pack
from rules.heuristics.patterns import SHIPPED

FIELDS = get_args(PatternField)
SHIPPED_PACKS = [read_pack(file, level=2) for file in sorted(SHIPPED.glob("*.yaml"))]


def entry(regex: str, **changed: Any) -> PatternEntry:  # noqa: ANN401 -- any field
    given: dict[str, Any] = {
        "id": "own/one",
        "category": "sql",
        "reason": "A test says so.",
        "weight": 0.9,
        "field": "query",
    }
    return PatternEntry.model_construct(**(given | {"regex": regex, "match": (), "no_match": ()} | changed))


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_has_a_thousand_ordinary_texts_each_once(field: PatternField) -> None:
    texts = ordinary_texts(field)
    assert len(texts) >= 1_000
    assert len(corpus_hash(field)) == 12


@pytest.mark.parametrize("pack", SHIPPED_PACKS, ids=lambda pack: pack.name)
def test_shipped_patterns_keep_quiet_on_ordinary_texts(pack: Pack) -> None:
    assert [(one.pattern, one.share, one.shown) for one in too_many(pack.patterns_in_force)] == []


def test_shipped_patterns_together_flag_hardly_any_ordinary_text() -> None:
    level_1 = [one for file in sorted(SHIPPED.glob("*.yaml")) for one in read_pack(file).patterns_in_force]
    assert {field: share for field, share in share_met(level_1).items() if share > MOST_BY_LEVEL[1]} == {}


def test_a_word_that_people_search_for_is_refused_with_the_texts() -> None:
    (found,) = too_many([entry(r"\bsleep\b")])
    assert found.share > MOST_BY_LEVEL[1]
    assert "sleep" in found.shown
    text = (SHIPPED / "injection.yaml").read_text()
    planted = """  - id: injection/planted
    category: sql
    reason: A query says sleep.
    field: query
    weight: 0.9
    regex: \\bsleep\\b
    match: ["q=sleep(5)"]
    no_match: ["q=asleep"]
"""
    pack = parse_pack("planted.yaml", text + planted)
    problems = [one for one in check([Checked("planted.yaml", pack)], [], date(2024, 1, 1)) if one.severity == "error"]
    assert len(problems) == 1
    assert problems[0].message.startswith("injection/planted matches ")
    assert "sleep" in problems[0].message
    assert problems[0].line > 0


@pytest.mark.parametrize("changed", [{"weight": 0.4}, {"shadow": True}, {"level": 4}])
def test_a_pattern_that_flags_nobody_alone_may_meet_ordinary_texts(changed: dict[str, object]) -> None:
    assert ordinary_matches([entry(r"\bsleep\b", **changed)])
    assert too_many([entry(r"\bsleep\b", **changed)]) == []


def test_where_a_pattern_looks_elsewhere_it_is_counted_there() -> None:
    found = {one.pattern for one in too_many([*entry(r"\bsleep\b", also={"title": 0.9, "text": 0.1}).elsewhere])}
    assert found <= {"own/one.title"}
