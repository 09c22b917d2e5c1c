"""The console in a real browser: hostile records run nothing, everybody can use the pages, keys do what they say."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.support.chromium import Watched, chromium, served
from tests.support.console import ConsoleAtHand, console_at_hand, fill, flag, review, session
from weir.contracts import Action, Event, Label, Limit
from weir.contracts.flag import Reason
from weir.contracts.session import PatternHits, TextSeen
from weir.topics import ACTIONS, DEAD_LETTER, EVENTS, FLAGS, LABELS, LATE, LIMITS, REVIEWS, SESSIONS

pytestmark = pytest.mark.slow
HOSTILE = (
    "<script>window.hacked=1</script>",
    "\"><img src=x onerror=window.hacked=1>'",
    "javascript:window.hacked=1//{{7*7}}${7*7}",
    '=HYPERLINK("http://evil.example","x")\u202e\u200b\x07\r\nSet-Cookie: a=b',
    "x" * 400,
)
"""What is put into every field of every record."""
PAGES = (
    *("/", "/?range=7d", "/sessions", "/sessions?verdict=block", "/review", "/review?queue=open", "/audit"),
    *("/rules", "/rules?shadow=yes", "/rules/rule?id=behaviour/like-a-clock", "/models", "/events", "/dead-letters"),
    *("/system", "/events?q=nothing&visitor=v0", "/analyses", "/analyses/top-bots"),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def at_hand(tmp_path: Path) -> Iterator[ConsoleAtHand]:
    with console_at_hand(tmp_path / "console", human_sources=("ana",)) as made:
        yield made


def fill_with(at_hand: ConsoleAtHand, text: str, name: str) -> None:
    """A record of each topic, whose texts are all hostile; ids too, as far as a producer chooses them."""
    store, now_s = at_hand.store, time.time()
    ident, visitor = f"{name}{text}"[:500], f"v{name}{text}"[:500]
    texts = [TextSeen(field=field, text=f"{text} union select") for field in ("title", "text", "query")]
    fields = dict.fromkeys(("entry_url", "exit_url", "referrer", "user_agent", "ip"), text)
    counts = {key: {text: 1} for key in ("counts", "statuses", "methods")}
    hits = {text: PatternHits(hits=1, version=text)}
    store.feed(SESSIONS, session(ident, visitor, account_ids=[text], texts=texts, heuristics=hits, **fields, **counts))
    reason = Reason(id=f"pack/{text}", version=text, text=text)
    store.feed(FLAGS, flag(ident, visitor, flag_id=text, reasons=[reason, reason]))
    store.feed(REVIEWS, review(ident, visitor, reasons=[reason]))
    event = {
        "event_id": ident, "visitor_id": visitor, "type": text[:60], "ts": now_s, "url": f"/a?q={text}' or 1=1--",
        "referrer": text, "user_agent": text, "ip": text[:60], "query": f"{text} union select 1", "title": text,
        "text": text,
    }  # fmt: skip
    store.feed(EVENTS, Event.model_validate(event))
    store.feed(LATE, Event.model_validate(event))
    label = Label(visitor_id=visitor, session_id=ident, ts=now_s, label="bad", category=text[:100], source=text)
    store.feed(LABELS, label)
    limit = Limit(
        subject=visitor, kind="visitor", limit=text, observed=9, window_s=1, until=now_s, retry_after_s=1, reason=text
    )
    store.feed(LIMITS, limit)
    headers = [(key, text.encode()) for key in ("reason", "detail", "topic", "partition", "offset", "weir-version")]
    store.feed(DEAD_LETTER, text.encode(), key=text.encode(), headers=headers)
    action = Action(
        action_id=text[:500], at=now_s, who=text[:500], kind="answer", why=text, session_id=ident, visitor_id=visitor,
        label="bad", category=text[:100], asked=text[:500], rules=[text],
    )  # fmt: skip
    store.feed(ACTIONS, action)
    store.feed(
        ACTIONS,
        Action(
            action_id=f"q{name}", at=now_s, who="x", kind="save_queue", details={"name": text, "search": {"q": text}}
        ),
    )


@pytest.mark.parametrize("width", [1_280, 390])
def test_hostile_records_run_nothing_and_break_no_layout(at_hand: ConsoleAtHand, browser: Browser, width: int) -> None:
    for number, text in enumerate(HOSTILE):
        fill_with(at_hand, text, f"h{number}-")
    own = [
        f"{path}?id={quote(f'{mark}h{number}-{text}'[:500])}"
        for number, text in enumerate(HOSTILE)
        for path, mark in (("/session", ""), ("/visitor", "v"), ("/session/again", ""))
    ]
    queues = [f"/review?queue=saved-{quote(text)}" for text in HOSTILE]
    unknown = [
        f"{path}={quote(text)}"
        for text in HOSTILE
        for path in ("/session?id", "/visitor?id", "/sessions?q", "/sessions?reason", "/audit?rule")
    ]
    with served(at_hand.app) as address, browser.new_context(viewport={"width": width, "height": 900}) as context:
        watched = Watched(context.new_page())
        for path in (*PAGES, *own, *queues, *unknown):
            answer = watched.page.goto(address + path)
            assert answer is not None
            assert answer.status < 500, path
            assert watched.page.evaluate("window.hacked") is None, path
            too_wide = watched.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert too_wide <= 0, (path, too_wide)
            assert "\u202e" not in watched.page.title() + watched.page.inner_text("body")
        assert not watched.problems


def test_hostile_records_are_inert_in_what_is_exported(at_hand: ConsoleAtHand) -> None:
    for number, text in enumerate(HOSTILE):
        fill_with(at_hand, text, f"h{number}-")
    for path in ("/audit?format=csv", "/sessions?format=csv"):
        answer = at_hand.browser.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        cells = [cell for row in csv.reader(io.StringIO(answer.text)) for cell in row]
        assert len(cells) > 20
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    lines = at_hand.browser.get("/audit?format=jsonl").text.splitlines()
    assert {json.loads(line)["why"] for line in lines} >= set(HOSTILE)
    for path in ("/sessions?format=json", f"/session?id={quote('h0-' + HOSTILE[0])}&format=json"):
        answer = at_hand.browser.get(path)
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_used_by_everybody(at_hand: ConsoleAtHand, browser: Browser, scheme: str) -> None:
    fill(at_hand.store, 3)
    at_hand.store.feed(LABELS, Label(visitor_id="v0", session_id="s0", ts=1.0, label="good", source="weak:purchase"))
    paths = (*PAGES, "/session?id=s0", "/visitor?id=v0", "/session/again?id=s0", "/session?id=none", "/nowhere")
    with served(at_hand.app) as address, browser.new_context(color_scheme=scheme) as context:  # type: ignore[arg-type]  # one of its words
        page = context.new_page()
        found = []
        for path in paths:
            page.goto(address + path)
            results = Axe().run(page).response
            found += [f"{path}: {one['id']}: {one['nodes'][0]['html']}" for one in results["violations"]]
        assert not found, "\n".join(found)


def test_the_log_in_can_be_used_by_everybody(tmp_path: Path, browser: Browser) -> None:
    with (
        console_at_hand(tmp_path / "console", console_users_file=tmp_path / "users.json") as made,
        served(made.app) as address,
        browser.new_page() as page,
    ):
        page.goto(address)
        assert page.url.startswith(f"{address}/log-in")
        assert not [one["id"] for one in Axe().run(page).response["violations"]]


def test_a_person_without_a_mouse_answers_and_undoes(at_hand: ConsoleAtHand, browser: Browser) -> None:
    fill(at_hand.store, 3)
    with served(at_hand.app) as address, browser.new_page() as page:
        page.goto(address)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.goto(f"{address}/sessions")
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("k")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.url.startswith(f"{address}/session?id=")
        page.goto(f"{address}/review")
        first = question(page)
        for key, label in (("b", "bad"), ("3", "bad"), ("g", "good")):
            with page.expect_navigation():
                page.keyboard.press(key)
            assert at_hand.actions.written[-1].label == label
        assert at_hand.actions.written[-2].category == "credential stuffing"
        assert "No question is left" in page.inner_text("main")
        for _ in range(3):
            with page.expect_navigation():
                page.keyboard.press("z")
        assert first in {question(page), *(action.session_id for action in at_hand.actions.written)}
        assert [action.kind for action in at_hand.actions.written[-3:]] == ["undo"] * 3


def test_every_stop_of_the_keyboard_is_seen(at_hand: ConsoleAtHand, browser: Browser) -> None:
    fill(at_hand.store, 1)
    with served(at_hand.app) as address, browser.new_page() as page:
        page.goto(f"{address}/review")
        stops = set()
        for _ in range(40):
            page.keyboard.press("Tab")
            stops.add(page.evaluate("document.activeElement.outerHTML.slice(0, 80)"))
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none" or page.evaluate("document.activeElement === document.body")
        assert len(stops) > 15


def test_the_front_page_moves_and_keeps_what_is_selected(at_hand: ConsoleAtHand, browser: Browser) -> None:
    fill(at_hand.store, 2)
    with served(at_hand.app) as address, browser.new_page() as page:
        page.goto(address)
        page.mouse.move(5, 5)
        before = page.inner_text('[data-part="charts"] figcaption >> nth=0')
        at_hand.store.feed(FLAGS, flag("s7", "v7"))
        page.wait_for_selector('[data-part="flags"] tr[data-key="v7"]')
        assert page.inner_text('[data-part="charts"] figcaption >> nth=0') != before
        # Whoever selects a row's text keeps it: what comes is held back until they ask for it.
        page.evaluate("document.getSelection().selectAllChildren(document.querySelector('tr[data-key=\"v7\"]'))")
        selected = page.evaluate("document.getSelection().toString()")
        at_hand.store.feed(FLAGS, flag("s8", "v8"))
        page.wait_for_selector("[data-held]:not([hidden])")
        assert page.evaluate("document.getSelection().toString()") == selected
        assert page.query_selector('tr[data-key="v8"]') is None
        page.click("[data-held] button")
        page.wait_for_selector('tr[data-key="v8"]')


def test_the_word_that_the_store_is_being_made_goes_by_itself(at_hand: ConsoleAtHand, browser: Browser) -> None:
    fill(at_hand.store, 1)
    at_hand.console.follower._set(is_current=False, total=10, read=4)
    with served(at_hand.app) as address, browser.new_page() as page:
        page.goto(address)
        assert "40%" in page.inner_text('[data-part="progress"]')
        at_hand.console.follower._set(is_current=True)
        page.wait_for_function("() => !document.body.innerText.includes('being made')")


def test_without_script_everything_can_be_read_and_answered(at_hand: ConsoleAtHand, browser: Browser) -> None:
    fill(at_hand.store, 1)
    with served(at_hand.app) as address, browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address)
        assert "s0" in page.content()
        page.goto(f"{address}/review")
        with page.expect_navigation():
            page.click("button.good")
        assert at_hand.actions.written[-1].label == "good"


def test_an_answer_is_sent_until_the_console_has_it(at_hand: ConsoleAtHand, browser: Browser) -> None:
    fill(at_hand.store, 1)
    with browser.new_context() as context:
        page = context.new_page()
        with served(at_hand.app) as address:
            page.goto(f"{address}/review")
            failures = iter(range(3))

            def fail(route: object) -> None:
                if next(failures, None) is not None:
                    route.abort()  # type: ignore[attr-defined]  # Playwright's own
                else:
                    route.continue_()  # type: ignore[attr-defined]  # likewise

            page.route("**/review/answer", fail)
            page.keyboard.press("g")
            page.wait_for_selector("[data-sending]:not([hidden])")
            page.wait_for_url("**did=**")
            assert len(at_hand.actions.written) == 1


def question(page: Page) -> str:
    """The session that the page asks about."""
    return page.get_attribute('[data-answer] input[name="session"]', "value") or ""
