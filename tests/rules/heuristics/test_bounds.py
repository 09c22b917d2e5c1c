from __future__ import annotations

import time
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.rules.cost import fuzz
from rules.heuristics.entries import PatternField
from rules.heuristics.judging import collect_evidence
from rules.heuristics.patterns import load_packs
from tests.rules.heuristics.test_session_rules import session

SHIPPED = load_packs(level=4)
LONGEST = 131_072
MOST_S = 2.0
"""For the longest text of the worst kind, on a busy machine: hundreds of times the time for one text alone."""
hits = st.dictionaries(
    st.sampled_from(SHIPPED.ids) | st.text(max_size=9),
    st.builds(lambda number: {"hits": number, "version": "1"}, st.integers(0, 2**40)),
    max_size=30,
)


@pytest.mark.parametrize("field", get_args(PatternField))
@pytest.mark.parametrize(
    "piece", ["' or ", "<a ", "union select ", "../", "a", "http://a ", "(", "1=1 and ", "\u0456a"]
)
def test_the_longest_text_of_the_worst_kind_is_matched_soon(field: PatternField, piece: str) -> None:
    text = (piece * LONGEST)[:LONGEST]
    begun_s = time.thread_time()
    SHIPPED.match_field(field, text)
    assert time.thread_time() - begun_s < MOST_S


def test_made_up_urls_match_what_they_match_and_nothing_raises() -> None:
    for url in fuzz(300):
        assert SHIPPED.match_field("query", url) == SHIPPED.match_field("query", url)


@given(
    hits,
    st.fixed_dictionaries(
        {
            "events": st.integers(1, 2**53),
            "statuses": st.dictionaries(st.text(max_size=3), st.integers(0, 2**53), max_size=4),
            "methods": st.dictionaries(st.text(max_size=5), st.integers(0, 2**53), max_size=4),
            "duration_s": st.floats(0, 1e9),
            "distinct_urls": st.integers(0, 256),
            "end": st.floats(0, 4e9),
        }
    ),
)
def test_no_session_makes_a_rule_raise_and_evidence_stays_a_chance(found: Any, fields: dict[str, Any]) -> None:  # noqa: ANN401
    heard = collect_evidence(session(heuristics=found, **fields), SHIPPED)
    assert 0 <= heard.evidence <= heard.shadow_evidence <= 1
    assert [sign.id for sign in heard.signs] == sorted({sign.id for sign in heard.signs})
