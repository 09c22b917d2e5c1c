from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rules.heuristics.conditions import SessionFacts
from rules.heuristics.judging import collect_evidence
from rules.heuristics.patterns import load_packs
from rules.measures import MEASURES
from tests.chaos.oracle.rule_book import measure
from tests.chaos.rule_book import rule_book
from tests.rules.heuristics.test_session_rules import session

PATTERNS = load_packs()
BOOK = rule_book(PATTERNS)
GAPS = {"mean": 5.0, "standard_deviation": 0.2, "minimum": 3.0, "maximum": 6.0}
fields = st.fixed_dictionaries(
    {
        "events": st.integers(1, 200),
        "distinct_urls": st.integers(0, 40),
        "repeats": st.integers(0, 200),
        "clicks": st.integers(0, 1),
        "duration_s": st.sampled_from([0.0, 10.0, 5_000.0]),
        "statuses": st.dictionaries(st.sampled_from(["2xx", "4xx", "5xx"]), st.integers(0, 30)),
        "methods": st.dictionaries(st.sampled_from(["GET", "HEAD", "POST"]), st.integers(0, 9)),
        "login_attempts": st.sampled_from([0, 10, 60]),
        "login_failures": st.sampled_from([0, 8, 9, 59]),
        **dict.fromkeys(("form_posts", "posts_to_one_url", "quick_posts"), st.integers(0, 6)),
        "quickest_post_s": st.sampled_from([None, 0.0, 1.5, 40.0]),
        **dict.fromkeys(("immediate_repeats", "follows", "zero_gaps", "most_of_one_template"), st.integers(0, 150)),
        "gap_median_s": st.sampled_from([None, 0.0, 1.0, 30.0]),
        **dict.fromkeys(("path_depth", "path_entropy"), st.sampled_from([None, 0.0, 1.5, 4.0])),
        "gaps": st.none() | st.just(GAPS),
        "heuristics": st.dictionaries(
            st.sampled_from([one for one in PATTERNS.ids if not one.startswith("user-agents/")][:60])
            | st.sampled_from(["user-agents/robot-word", "user-agents/address", "user-agents/googlebot", "gone/away"]),
            st.builds(lambda hits: {"hits": hits, "version": "1"}, st.integers(1, 9)),
            max_size=4,
        ),
    }
)


def possible(changed: dict[str, Any]) -> dict[str, Any]:
    """With as many events at least as there are of any kind: rules are skipped by their number alone."""
    sums = (sum(changed[name].values()) for name in ("statuses", "methods"))
    least = max(*sums, *(value for value in changed.values() if isinstance(value, int)))
    return changed | {"events": least}


@given(fields.map(possible))
def test_the_oracle_hears_the_same_of_a_session(changed: dict[str, Any]) -> None:
    record = session(**changed)
    heard = collect_evidence(record, PATTERNS)
    signs = list(BOOK.signs(json.loads(record.model_dump_json())))
    assert sorted((name, version) for name, version, _, _ in signs) == [(one.id, one.version) for one in heard.signs]
    assert BOOK.evidence(signs) == heard.evidence


@given(fields)
def test_the_oracle_measures_the_same(changed: dict[str, Any]) -> None:
    record = session(**changed)
    facts = SessionFacts(record, lambda _: None)
    told = json.loads(record.model_dump_json())
    assert {name: measure(name, told) for name in MEASURES} == {name: facts.measure(name) for name in MEASURES}
