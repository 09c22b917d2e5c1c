"""A decision replayed: the session's revision and the versions give the same flag."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.families.registry import FAMILIES
from models.serving.snapshot import payload_of
from rules.business.rules import load_business_rules
from streams.score.rejudge import RuleVersions, rejudge
from tests.models.serving.test_champion import offer
from tests.models.serving.test_snapshot import pointer, snapshot
from tests.streams.score.test_score_task import BUDGETS, CERTAIN, NOW_S, PATTERNS, Bench, flags, fold, session
from weir.contracts import Flag, Session
from weir.contracts.model_record import Snapshot

RULES = RuleVersions(PATTERNS, BUDGETS, load_business_rules(), frozenset())


def judged(**changed: Any) -> tuple[Flag, Session, Snapshot]:  # noqa: ANN401 -- any field
    """A flag, with the session and the model that it came from; a model that learned nothing says one half."""
    bench, model = Bench(), snapshot()
    offer(bench.champion, model, pointer())
    record = session(**changed)
    (flag,) = flags(fold(bench.task(), record))
    return flag, Session.model_validate_json(record.value or b""), model


@given(st.integers(1, 400), st.floats(0.0, 1.0), st.integers(0, 5))
def test_event_and_versions_give_the_same_flag(events: int, rate: float, over: int) -> None:
    flag, seen, model = judged(events=events, click_through=rate, rate_limited=over, **CERTAIN)
    again = rejudge(flag, seen, model, RULES, NOW_S)
    assert again.differences == []
    assert (again.score, again.features_hash, again.flag_id) == (flag.score, flag.features_hash, flag.flag_id)


def test_another_model_is_told_by_its_score() -> None:
    flag, seen, model = judged(**CERTAIN)
    other = model.model_copy(update={"payload": payload_of(FAMILIES["hashed-logistic"]())})
    again = rejudge(flag, seen, other, RULES, NOW_S)
    assert [difference.split(":")[0] for difference in again.differences] == ["score"]


@pytest.mark.parametrize("changed", [{"events": 40}, {"heuristics": {}}])
def test_another_session_is_no_replay(changed: dict[str, Any]) -> None:
    flag, seen, model = judged(**CERTAIN)
    assert rejudge(flag, seen.model_copy(update=changed), model, RULES, NOW_S).differences
