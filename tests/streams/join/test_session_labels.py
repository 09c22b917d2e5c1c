from __future__ import annotations

from streams.join.session_labels import SessionLabeller
from tests.support.sessions import make_session
from weir.contracts import Label, Session


def label(said: str, source: str = "ann", **changed: object) -> Label:
    given = {"visitor_id": "v1", "session_id": "s1", "ts": 2_000.0, "label": said, "source": source}
    return Label.model_validate(given | changed)


def answered(*labels: Label, sessions: tuple[Session, ...] = (make_session(final=True),)) -> dict[str, bool | None]:
    found: dict[str, bool | None] = {}

    def take(session: Session, said: bool | None) -> None:  # noqa: FBT001 -- `SessionLabeller` calls it so
        found[session.session_id] = said

    work = SessionLabeller(labels, take)
    for session in sessions:
        work.session(session)
    work.finish()
    return found


def test_a_session_of_which_nobody_said_anything_has_no_answer() -> None:
    assert answered() == {"s1": None}
    assert answered(label("bad", session_id="another")) == {"s1": None}


def test_what_people_say_is_an_answer_and_what_rules_concluded_is_none() -> None:
    assert answered(label("bad")) == {"s1": True}
    assert answered(label("good")) == {"s1": False}
    assert answered(label("bad", "weak:heuristics")) == {"s1": None}


def test_of_one_person_the_last_answer_counts_and_of_several_the_majority() -> None:
    assert answered(label("bad"), label("good", ts=3_000.0)) == {"s1": False}
    assert answered(label("bad"), label("good", "ben")) == {"s1": None}
    assert answered(label("bad"), label("good", "ben"), label("bad", "cy")) == {"s1": True}


def test_a_label_without_a_session_is_about_the_one_that_was_open_then() -> None:
    later = make_session(session_id="s2", start=5_000.0, end=5_060.0, final=True)
    sessions = (make_session(final=True), later)
    assert answered(label("bad", session_id=None, ts=5_030.0), sessions=sessions) == {"s1": None, "s2": True}


def test_a_withdrawn_answer_is_none_and_others_still_count() -> None:
    taken_back = label("withdrawn", ts=3_000.0)
    assert answered(label("bad"), taken_back) == {"s1": None}
    assert answered(taken_back, label("bad")) == {"s1": None}
    assert answered(label("bad"), label("good", "ben"), taken_back) == {"s1": False}
    assert answered(label("bad"), taken_back, label("good", ts=4_000.0)) == {"s1": False}


def test_a_withdrawal_without_a_session_is_about_all_that_its_source_said_until_then() -> None:
    sessions = (make_session(final=True), make_session(session_id="s2", start=5_000.0, end=5_060.0, final=True))
    said = (label("bad"), label("bad", session_id="s2", ts=6_000.0), label("bad", "ben", session_id="s2", ts=6_000.0))
    for until, expected in (
        (1_999.0, {"s1": True, "s2": True}),
        (2_500.0, {"s1": None, "s2": True}),
        (6_500.0, {"s1": None, "s2": True}),
    ):
        assert answered(*said, label("withdrawn", session_id=None, ts=until), sessions=sessions) == expected
    both = (label("withdrawn", session_id=None, ts=6_500.0), label("withdrawn", "ben", session_id=None, ts=6_500.0))
    assert answered(*said, *both, sessions=sessions) == {"s1": None, "s2": None}


def test_visitors_reports_are_no_answers() -> None:
    assert answered(*(label("bad", f"report:v{n}") for n in range(20))) == {"s1": None}
    assert answered(label("good"), *(label("bad", f"report:v{n}") for n in range(20))) == {"s1": False}
