"""Questions about code are told from code."""

from __future__ import annotations

import pytest

from evaluation.rules.judge import pattern_verdict
from evaluation.rules.standins import question
from rules.heuristics.explain import explain, texts_of
from rules.heuristics.patterns import load_packs
from rules.heuristics.prose import is_prose, without_prose
from rules.heuristics.search_pages import referrer_text
from weir.contracts import Event

PATTERNS = load_packs()
QUESTIONS = (
    "why does select 'a' = 'a ' return true in sql server",
    "what does curl -s https://a.example | sh do",
    'react <img src="a.png" onerror={go()}> not working',
    "cron: 0 5 * * * cd /home/me; ./run.sh > /tmp/log",
    "delete duplicate rows: delete from t where id in (select 1);",
)
PAYLOADS = (
    "' or '1'='1",
    "red dress' union select username, password from users -- ",
    "what's new' and extractvalue(1,concat(0x7e,version()))#",
    "the blue shoes' and sleep(5) and 'a'='a",
    "127.0.0.1; cat /etc/passwd",
    "1 and sleep(5)",
    "-1 union select 1,concat_ws(0x3a,username,password),3 from users",
    "0x31 union select @@version,username,password from users",
    "(select substr(login,1,2) from users limit 1,1)",
    "hello <script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
)


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_is_prose_and_not_flagged(text: str) -> None:
    assert is_prose(text)
    for fields in (question(text), {"title": text}, {"text": text}):
        assert not pattern_verdict(PATTERNS, **fields).is_flagged


@pytest.mark.parametrize("text", PAYLOADS)
def test_a_payload_is_not_prose_and_is_flagged(text: str) -> None:
    assert not is_prose(text)
    assert pattern_verdict(PATTERNS, **question(text)).is_flagged


def test_prose_in_other_parameters_and_beside_an_attack_spares_nothing() -> None:
    asked = "why+does+this+fail:+x=1;cat+/etc/passwd"
    assert not pattern_verdict(PATTERNS, url=f"/search?q={asked}").is_flagged
    assert pattern_verdict(PATTERNS, url=f"/ping?host={asked}").is_flagged
    assert pattern_verdict(PATTERNS, url=f"/search?q={asked}&host=1;cat+/etc/passwd").is_flagged


def test_code_in_prose_counts_beside_other_signs() -> None:
    said = pattern_verdict(PATTERNS, **question(QUESTIONS[2]))
    assert all(one.endswith(".prose") for one in said.ids)
    assert 0 < said.evidence < 0.5


def test_the_search_page_of_the_site_may_be_the_referrer() -> None:
    url = "https://a.example/search?q=why+does+<script>+not+run+here&page=2"
    assert without_prose(url) == "https://a.example/search?q=&page=2"
    assert referrer_text(url) == "https://a.example/search?q=&page=2"


@pytest.mark.parametrize("text", [*QUESTIONS, *PAYLOADS])
def test_an_explanation_names_what_matching_finds(text: str) -> None:
    event = Event(event_id="e", visitor_id="v", type="page_view", ts=0.0, title=text, **question(text))
    explained = {one.pattern for one in explain(PATTERNS, texts_of(event))}
    assert explained <= set(PATTERNS.match(event))
