from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from models.serving.snapshot import AnyRecord, record_key, sign, verify
from tests.models.serving.test_snapshot import KEY, decision, pointer, snapshot
from tests.support.console import ConsoleAtHand, console_at_hand, session
from weir.contracts import Label, Score
from weir.contracts.fast import encode
from weir.contracts.model_record import Champion, Decision, Snapshot, Trial
from weir.contracts.score import ModelRef
from weir.kafka.records import LogRecord
from weir.topics import LABELS, MODELS, SCORES, SESSIONS

FORM = {"action": "a" * 32, "version": "7", "why": "It erred on our partners."}


@pytest.fixture
def with_key(tmp_path: Path) -> Iterator[ConsoleAtHand]:
    """A console with the model key; version 8 took the place of 7."""
    with console_at_hand(tmp_path / "console", model_key=SecretStr(KEY.decode())) as made:
        made.console.installation._follower._at_end.set()
        second = decision(1).model_copy(
            update={"version": "8", "previous_version": "7", "why": "<b>better</b>", "figures": {"candidate_auc": 0.93}}
        )
        give(made, snapshot("7"), decision(0), pointer("7", 0), snapshot("8"), sign(second, KEY), pointer("8", 1))
        yield made


def give(at_hand: ConsoleAtHand, *records: AnyRecord) -> None:
    """Records of the models topic."""
    for record in records:
        topic = at_hand.settings.names.public(MODELS)
        at_hand.console.installation._take(LogRecord(topic, 0, 0, 1, record_key(record).encode(), encode(record), ()))


def champion_of(at_hand: ConsoleAtHand) -> str:
    ledger = at_hand.console.installation.ledger
    assert ledger is not None
    assert ledger.champion is not None
    return ledger.champion.version


def test_without_a_key_the_page_says_what_to_do_and_nothing_can_be_decided(at_hand: ConsoleAtHand) -> None:
    assert "WEIR_MODEL_KEY" in at_hand.browser.get("/models").text
    at_hand.enter()
    assert at_hand.post("/models/promote", FORM).status_code == 400
    assert not at_hand.actions.written


def test_the_champion_versions_and_decisions_are_told_in_words(with_key: ConsoleAtHand) -> None:
    page = with_key.browser.get("/models").text
    assert "sessions 8" in page
    assert "Version 8 became champion, in the place of 7." in page
    assert "&lt;b&gt;better&lt;/b&gt;" in page
    assert "candidate auc" in page
    assert "AUC by decision" in page
    told = with_key.browser.get("/models?format=json").json()
    assert told["champion"]["version"] == "8"
    assert "payload" not in told["champion"]


def test_who_is_on_trial_is_told(with_key: ConsoleAtHand) -> None:
    trial = Trial(id="sessions", version="7", share=0.2, decision=2, signature="")
    give(with_key, sign(trial, KEY))
    assert re.search(r"Version 7 scores\s+for 20% of the visitors", with_key.browser.get("/models").text)


def test_who_may_not_decide_gets_no_form_and_is_refused(with_key: ConsoleAtHand) -> None:
    assert "/models/promote" not in with_key.browser.get("/models").text
    assert with_key.post("/models/promote", FORM).status_code == 403
    assert champion_of(with_key) == "8"


def test_a_promotion_writes_signed_records_and_an_action_once(with_key: ConsoleAtHand) -> None:
    with_key.enter()
    assert 'action="/models/promote"' in with_key.browser.get("/models").text
    for _ in range(2):
        assert with_key.post("/models/promote", FORM).headers["location"] == f"/models?did={'a' * 32}"
    assert [(one.kind, one.who, one.why) for one in with_key.actions.written] == [("promote", "ana", FORM["why"])]
    assert with_key.actions.written[0].details == {"version": "7", "previous_version": "8", "decision": 11}
    read = [verify(output.key or b"", output.value or b"", KEY) for output in with_key.actions.outputs]
    assert [type(one) for one in read] == [Snapshot, Decision, Champion]
    assert champion_of(with_key) == "7"
    scorer = with_key.console.installation.champion.scorer
    assert scorer is not None
    assert scorer.ref.version == "7"


def test_a_rollback_goes_to_the_version_before_unless_one_is_named(with_key: ConsoleAtHand) -> None:
    with_key.enter()
    assert "Go back to version 7" in with_key.browser.get("/models").text
    assert with_key.post("/models/rollback", FORM | {"version": ""}).status_code == 303
    assert champion_of(with_key) == "7"
    assert with_key.actions.written[0].kind == "rollback"
    assert "was made champion again, in the place of 8" in with_key.browser.get("/models").text


def test_two_decisions_on_each_others_heels_have_numbers_of_their_own(with_key: ConsoleAtHand) -> None:
    with_key.enter()
    with_key.post("/models/promote", FORM)
    with_key.post("/models/promote", FORM | {"action": "b" * 32, "version": "8"})
    assert [one.details["decision"] for one in with_key.actions.written] == [11, 21]
    assert champion_of(with_key) == "8"


@pytest.mark.parametrize(
    "changed", [{"why": " "}, {"version": "no such"}, {"version": "8"}, {"action": "x"}, {"version": ""}]
)
def test_what_can_not_be_decided_is_refused(with_key: ConsoleAtHand, changed: dict[str, str]) -> None:
    with_key.enter()
    assert with_key.post("/models/promote", FORM | changed).status_code == 400
    assert not with_key.actions.written
    assert champion_of(with_key) == "8"


def test_nothing_is_decided_before_the_topics_have_been_read(with_key: ConsoleAtHand) -> None:
    with_key.enter()
    with_key.console.installation._follower._at_end.clear()
    assert with_key.post("/models/promote", FORM).status_code == 503
    assert not with_key.actions.written


def test_a_draft_can_be_promoted_with_a_signature_that_holds(with_key: ConsoleAtHand) -> None:
    give(with_key, sign(snapshot("9").model_copy(update={"draft": True, "trained_to_offset": 9}), KEY))
    with_key.enter()
    assert with_key.post("/models/promote", FORM | {"version": "9"}).status_code == 303
    assert champion_of(with_key) == "9"
    scorer = with_key.console.installation.champion.scorer
    assert scorer is not None
    assert scorer.ref.version == "9"


def answer(at_hand: ConsoleAtHand, number: int) -> None:
    name, is_bad = f"s{number}", number % 2 == 1
    at_hand.store.feed(SESSIONS, session(name, f"v{number}", final=True))
    score = Score(
        session_id=name,
        visitor_id=f"v{number}",
        revision=1,
        ts=time.time(),
        start=time.time() - 10,
        final=True,
        features={},
        features_version="1",
        features_hash="",
        score=0.9 if is_bad else 0.1,
        model=ModelRef(id="sessions", version="8"),
        champion=True,
    )
    at_hand.store.feed(SCORES, score)
    label = {"visitor_id": f"v{number}", "session_id": name, "ts": time.time(), "label": "bad" if is_bad else "good"}
    at_hand.store.feed(LABELS, Label.model_validate(label | {"source": "ana"}))


def test_curves_of_served_scores_need_ten_answers(with_key: ConsoleAtHand) -> None:
    clock = [time.time()]
    with_key.console.clock = lambda: clock[0]
    for number in range(9):
        answer(with_key, number)
    assert "answered on 9 sessions" in with_key.browser.get("/models").text
    answer(with_key, 9)
    clock[0] += 61
    page = with_key.browser.get("/models").text
    assert "rest on 10 answers by people, 5 of them bad" in page
    assert "Precision by recall, of 10 answers" in page
    assert re.search(r"<td>people</td><th scope=\"row\" class=\"wrap\">ana</th><td class=\"n\">5</td>", page)


def test_drift_is_drawn_from_a_hundred_scores_of_either_stretch(with_key: ConsoleAtHand) -> None:
    now_s = time.time()
    clock = [now_s]
    with_key.console.clock = lambda: clock[0]
    assert "fewer than 100 scores" in with_key.browser.get("/models").text
    for number in range(200):
        answer(with_key, number)
        if number % 2:
            end_s = now_s - 3 * 86_400
            with_key.store.feed(SESSIONS, session(f"s{number}", f"v{number}", end=end_s, start=end_s, revision=2))
    clock[0] += 61
    assert "100% lie in another tenth" in with_key.browser.get("/models").text
