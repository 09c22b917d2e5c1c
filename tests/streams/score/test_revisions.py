from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from models.features import features
from models.serving.champion import Scorer
from rules.heuristics.judging import HeuristicEvidence, collect_evidence
from rules.heuristics.patterns import Patterns, load_packs
from streams.score import revisions as module
from streams.score.revisions import LastRevisions, Revision
from streams.score.scored import ScoredSession
from tests.support.sessions import make_session
from weir.contracts import Session
from weir.contracts.fast import encode
from weir.contracts.score import ModelRef

PATTERNS = load_packs(())


@dataclass
class Counting:
    """A model that counts how often it is asked."""

    value: float = 0.5
    asked: list[object] = field(default_factory=list)

    def predict_one(self, found: object) -> float:
        self.asked.append(found)
        return self.value


def scorer(model: Counting, version: str = "1") -> Scorer:
    return Scorer(ModelRef(id="sessions", version=version), "people", 0, model)  # type: ignore[arg-type]


def of(last: LastRevisions, **changed: Any) -> tuple[Session, Revision]:  # noqa: ANN401 -- any field
    session = make_session(**changed)
    return session, last.of(session, encode(session))


def test_a_session_that_closes_as_it_was_is_not_scored_again() -> None:
    last, model = LastRevisions(), Counting()
    session, revision = of(last, revision=1)
    first = revision.scored(session, scorer(model))
    closed, revision = of(last, revision=2, final=True)
    second = revision.scored(closed, scorer(model))
    assert second == ScoredSession.of(closed, second.scorer)
    assert second.features is first.features
    assert len(model.asked) == 2  # once for the two revisions, and once for the line before


def test_a_revision_with_anything_new_is_computed_anew() -> None:
    last = LastRevisions()
    session, revision = of(last, revision=1)
    revision.scored(session, None)
    for changed in ({"rate_limited": 1}, {"end": 1_061.0}, {"heuristics": {"a/b": {"hits": 1, "version": "1"}}}):
        again, revision = of(last, revision=2, final=True, **changed)
        assert revision.scored(again, None) == ScoredSession.of(again, None)
        of(last, revision=1)


def test_another_model_scores_the_same_features() -> None:
    last = LastRevisions()
    session, revision = of(last, revision=1)
    assert revision.scored(session, None).score is None
    closed, revision = of(last, revision=2, final=True)
    assert revision.scored(closed, scorer(Counting(0.2))).score == 0.2
    other = revision.scored(closed, scorer(Counting(0.7), "2"))
    assert (other.score, other.features) == (0.7, features(closed))
    assert revision.scored(closed, None).score is None


def test_patterns_are_asked_once_and_others_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Patterns] = []

    def noting(session: Session, patterns: Patterns) -> HeuristicEvidence:
        asked.append(patterns)
        return collect_evidence(session, patterns)

    monkeypatch.setattr(module, "collect_evidence", noting)
    last, others = LastRevisions(), load_packs(())
    session, revision = of(last, revision=1)
    for patterns in (PATTERNS, PATTERNS, others, others):
        assert revision.ask(session, patterns) == collect_evidence(session, patterns)
    closed, revision = of(last, revision=2, final=True)
    revision.ask(closed, others)
    assert asked == [PATTERNS, others]


def test_sessions_beyond_the_bound_are_forgotten_oldest_first() -> None:
    last = LastRevisions(most=2)
    revisions = {name: of(last, session_id=name)[1] for name in ("a", "b", "c")}
    assert of(last, session_id="c")[1] is revisions["c"]
    assert of(last, session_id="b")[1] is revisions["b"]
    assert of(last, session_id="a")[1] is not revisions["a"]


def test_a_session_that_has_closed_is_forgotten() -> None:
    last = LastRevisions()
    _, revision = of(last, revision=1)
    assert of(last, revision=2, final=True)[1] is revision
    assert of(last, revision=3, final=True)[1] is not revision
