"""Topics come in any order when the store is made anew: what it shows in the end is the same."""

from __future__ import annotations

import time

from tests.support.console import ConsoleAtHand, flag, review, session
from weir.console.acting import MOST_REMEMBERED
from weir.console.queues import BUILT_IN, candidates
from weir.console.store.bounds import StoreBounds, enforce
from weir.console.store.schema import open_to_write
from weir.console.store.search import Search, find
from weir.contracts import Label, Limit, Score
from weir.contracts.fast import encode
from weir.topics import FLAGS, LABELS, LIMITS, REVIEWS, SCORES, SESSIONS

NOW_S = time.time()


def label(value: str = "good", source: str = "ana", session_id: str | None = "s1") -> bytes:
    return encode(
        Label.model_validate(
            {"visitor_id": "v1", "session_id": session_id, "ts": NOW_S, "label": value, "source": source}
        )
    )


def asked(at_hand: ConsoleAtHand, name: str) -> list[str]:
    queue = next(one for one in BUILT_IN if one.name == name)
    return [one.session_id for one in candidates(at_hand.store.reader, queue, "ben", time.time())]


def test_a_label_that_was_read_before_its_session_answers_it(at_hand: ConsoleAtHand) -> None:
    at_hand.store.feed(LABELS, label())
    at_hand.store.feed(SESSIONS, session("s1", "v1", final=False))
    at_hand.store.feed(FLAGS, flag("s1", "v1"))
    assert asked(at_hand, "open") == []


def test_a_label_that_was_read_before_a_flag_on_its_session_answers_it(at_hand: ConsoleAtHand) -> None:
    at_hand.store.feed(LABELS, label())
    at_hand.store.feed(FLAGS, flag("s1", "v1"))
    at_hand.store.feed(SESSIONS, session("s1", "v1", final=False))
    assert asked(at_hand, "open") == []


def test_a_score_that_was_read_before_its_session_is_shown(at_hand: ConsoleAtHand) -> None:
    score = Score(
        id="a",
        version="1",
        session_id="s1",
        visitor_id="v1",
        revision=1,
        ts=NOW_S,
        start=NOW_S,
        final=True,
        features={},
        features_version="1",
        features_hash="a",
        score=0.75,
        model=None,
        champion=True,
        unusual=2.5,
    )
    at_hand.store.feed(SCORES, score)
    at_hand.store.feed(SESSIONS, session("s1", "v1"))
    (row,) = find(at_hand.store.reader, Search()).rows
    assert (row["score"], row["unusual"]) == (0.75, 2.5)


def test_a_contradiction_is_answered_by_a_later_label_that_was_read_before_it(at_hand: ConsoleAtHand) -> None:
    at_hand.store.feed(SESSIONS, session("s1", "v1"))
    at_hand.store.feed(LABELS, label("good", "ana"), told_s=NOW_S - 30)
    at_hand.store.feed(LABELS, label("bad", "ben"), told_s=NOW_S - 20)
    conflict = review("s1", "v1", why="conflict")
    at_hand.store.feed(REVIEWS, conflict, told_s=NOW_S - 10)
    assert asked(at_hand, "conflict") == ["s1"]
    at_hand.store.feed(LABELS, label("bad", "cara"), told_s=NOW_S)
    at_hand.store.feed(REVIEWS, conflict, told_s=NOW_S - 10)
    assert asked(at_hand, "conflict") == []


def test_nobody_is_asked_about_a_session_that_was_merged_or_is_not_in_the_store(at_hand: ConsoleAtHand) -> None:
    at_hand.store.feed(REVIEWS, review("s1", "v1", why="unsure"))
    assert asked(at_hand, "unsure") == []
    at_hand.store.feed(SESSIONS, session("s1", "v1"))
    assert asked(at_hand, "unsure") == ["s1"]
    at_hand.store.feed(SESSIONS, session("s1", "v1", revision=9, final=True, merged_into="s0"))
    assert asked(at_hand, "unsure") == []


def test_sessions_of_a_reason_are_ordered_by_when_they_ended(at_hand: ConsoleAtHand) -> None:
    for name, ts in (("s1", NOW_S - 50), ("s2", NOW_S - 40)):
        at_hand.store.feed(SESSIONS, session(name, "v1", final=False, start=ts, end=ts))
        at_hand.store.feed(FLAGS, flag(name, "v1", flag_id=name, ts=ts))
    at_hand.store.feed(SESSIONS, session("s1", "v1", revision=9, start=NOW_S - 50, end=NOW_S))
    reason = at_hand.store.reader.rows("SELECT reason FROM reasons")[0]["reason"]
    assert [row["session_id"] for row in find(at_hand.store.reader, Search(reason=reason)).rows] == ["s1", "s2"]


def test_a_limit_is_kept_while_it_holds(at_hand: ConsoleAtHand) -> None:
    old_s = NOW_S - 30 * 86_400
    for subject, until in (("held", NOW_S + 3_600), ("over", old_s)):
        limit = Limit(
            subject=subject,
            kind="visitor",
            limit="views",
            observed=9,
            window_s=60,
            until=until,
            retry_after_s=1,
        )
        at_hand.store.feed(LIMITS, limit, told_s=old_s)
    folder = at_hand.settings.console_folder
    assert folder is not None
    database = open_to_write(folder)
    enforce(database, StoreBounds(), NOW_S)
    database.close()
    assert [row["subject"] for row in at_hand.store.reader.rows("SELECT subject FROM limits")] == ["held"]


def test_ids_of_actions_are_remembered_up_to_a_bound(at_hand: ConsoleAtHand) -> None:
    for number in range(MOST_REMEMBERED + 5):
        at_hand.actions._remember(str(number))
    assert len(at_hand.actions._done) == MOST_REMEMBERED
