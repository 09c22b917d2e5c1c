from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.document import parse_document
from rules.heuristics.graduation import GraduationCriteria, failures, out_of_shadow
from rules.heuristics.pack import Pack, parse_pack
from rules.heuristics.patterns import Patterns
from rules.heuristics.stats import LabelCounts, RuleTally, Stats
from rules.heuristics.weighing import weigh
from tests.support.packs import a_pack
from tests.support.sessions import make_session
from weir.contracts import Session
from weir.errors import UsageError


def entry(name: str, weight: float, **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- any field
    return {"id": f"mine/{name}", "regex": f"^/{name}", "match": [f"/{name}"], "weight": weight, **more}


PACK = a_pack(
    entry("strong", 0.7),
    entry("weak", 0.3),
    entry("other", 0.4),
    entry("trial", 0.6, shadow=True),
    entry("same", 0.6, group="one"),
    entry("alike", 0.6, group="one"),
)
PATTERNS = Patterns([PACK])


def closed(*names: str, hits: int = 1) -> Session:
    return make_session(heuristics={f"mine/{name}": {"hits": hits, "version": PACK.version} for name in names})


@pytest.mark.parametrize(
    ("names", "alone"),
    [
        (["strong"], {"strong"}),
        (["weak"], set()),
        (["weak", "other"], {"weak", "other"}),
        (["strong", "weak"], {"strong"}),
        (["strong", "weak", "other"], set()),
        (["same", "alike"], set()),
        (["trial"], {"trial"}),
        (["trial", "strong"], {"strong"}),
        ([], set()),
    ],
)
def test_a_rule_is_alone_where_the_session_would_not_be_flagged_without_it(names: list[str], alone: set[str]) -> None:
    found = weigh(closed(*names), PATTERNS)
    assert [one.id for one in found] == sorted(f"mine/{name}" for name in names)
    assert {one.id.removeprefix("mine/") for one in found if one.is_alone} == alone


def test_figures_are_of_sessions_answers_and_what_a_rule_adds_to_the_others() -> None:
    stats = Stats(PATTERNS)
    stats.take(closed("strong", hits=3), is_bad=True)
    stats.take(closed("strong", "weak", "other"), is_bad=False)
    stats.take(closed("strong"), is_bad=True)
    stats.take(closed())
    row = {one.rule: one for one in stats.rows()}["mine/strong"]
    assert (row.hits, row.sessions, row.share, row.alone) == (5, 3, 0.75, 2)
    assert row.answers == 3
    assert row.precision == pytest.approx(2 / 3)
    assert (row.answers_alone, row.marginal_precision) == (2, 1.0)
    assert "mine/trial" not in {one.rule for one in stats.rows()}
    assert "mine/trial" in {one.rule for one in stats.rows(silent=True)}


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_lower_bound_is_below_the_precision_and_rises_with_more_of_the_same(bad: int, good: int) -> None:
    answers, more = LabelCounts(bad, good), LabelCounts(10 * bad, 10 * good)
    if not answers.number:
        assert answers.precision is None
        return
    assert 0 <= (answers.at_least or 0) <= (answers.precision or 0)
    assert (more.at_least or 0) >= (answers.at_least or 0)


@pytest.mark.parametrize(
    ("tally", "sessions", "told"),
    [
        (RuleTally(alone=20, answers_alone=LabelCounts(12, 0)), 10_000, ""),
        (RuleTally(alone=20, answers_alone=LabelCounts(9, 0)), 10_000, "people have answered about 9 sessions"),
        (
            RuleTally(alone=20, answers_alone=LabelCounts(6, 6)),
            10_000,
            "50% of the sessions that it alone would flag were bad",
        ),
        (RuleTally(alone=200, answers_alone=LabelCounts(12, 0)), 10_000, "it alone would flag 2.00% of all sessions"),
        (RuleTally(sessions=20, answers=LabelCounts(12, 0)), 10_000, ""),
        (RuleTally(), 0, "people have answered about 0 sessions where it holds"),
    ],
)
def test_a_rule_graduates_on_figures_alone(tally: RuleTally, sessions: int, told: str) -> None:
    reasons = list(failures(tally, sessions, 0.7, GraduationCriteria()))
    assert bool(reasons) is bool(told)
    assert told in " ".join(reasons)


def test_leaving_the_shadow_changes_one_word_of_the_yaml() -> None:
    text = out_of_shadow(PACK, "mine/trial")
    changed = parse_pack("mine.yaml", text)
    assert changed.version != PACK.version
    assert [one.id for one in changed.patterns if one.shadow] == []
    words = zip(text.split(), PACK.source.split(), strict=True)
    assert [pair for pair in words if pair[0] != pair[1]] == [("false", "true")]


@pytest.mark.parametrize("rule", ["mine/strong", "mine/nobody"])
def test_what_is_not_in_shadow_can_not_leave_it(rule: str) -> None:
    with pytest.raises(UsageError, match="is not in shadow"):
        out_of_shadow(PACK, rule)


def test_comments_and_order_stay_as_they_were_written() -> None:
    lines: Sequence[str] = PACK.text.splitlines()
    commented = "\n".join(["# Ours.", *lines, "# The end."])
    pack: Pack = parse_pack("mine.yaml", commented)
    text = out_of_shadow(pack, "mine/trial")
    assert text.startswith("# Ours.\n")
    assert text.endswith("# The end.")
    assert not isinstance(parse_document("mine.yaml", text), str)
