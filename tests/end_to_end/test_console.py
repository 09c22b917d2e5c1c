"""The console over a running demo, as its first visitor uses it: in a browser."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.chromium import Watched, chromium
from tests.support.demo import RunningDemo, running_demo
from tests.support.polling import eventually
from weir.asgi import Follower, Refusal, Standing
from weir.settings import Settings

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
BELIEVED_AGAINST = "injection/"
"""Reasons of which nobody's `good` frees, by the setting `answer_yields_to`."""


@contextmanager
def followed(demo: RunningDemo, kafka: str) -> Iterator[Standing]:
    """What a web server with the middleware knows of the demo's visitors."""
    prefix = demo.wait_for(r"Creating topics (\S+)\.\*")[1]
    standing = Standing()
    with Follower(Settings(bootstrap_servers=kafka, topic_prefix=prefix), standing):
        yield standing


def refusal(standing: Standing, visitor: str) -> Refusal | None:
    return standing.refusal(time.time(), visitor=visitor)


def as_json(page: Page, path: str) -> Any:  # noqa: ANN401 -- JSON
    return json.loads(page.evaluate("(path) => fetch(path).then((answer) => answer.text())", path))


def test_somebody_looks_asks_answers_undoes_frees_and_rolls_back(kafka: str, tmp_path: Path) -> None:
    with (
        running_demo(tmp_path, "--bootstrap-servers", kafka) as demo,
        chromium() as browser,
        followed(demo, kafka) as standing,
        browser.new_page() as page,
    ):
        watched = Watched(page)
        page.goto(demo.wait_for(r"Console: (http://\S+)")[1])
        page.mouse.move(2, 2)
        watch_the_chart_move(page)
        page.click('[data-part="flags"] tbody tr >> nth=0 >> a >> nth=0')
        assert page.inner_text("h1").startswith("Session")
        assert page.query_selector("ul.reasons li") is not None
        answer_five_and_undo_one(page)
        free_somebody(page, standing)
        roll_a_model_back(page)
        assert not watched.problems
        assert demo.interrupt() == 0, demo.said


def watch_the_chart_move(page: Page) -> None:
    """Flags are counted while somebody looks, without loading the page again."""
    page.wait_for_selector('[data-part="flags"] tbody tr a')
    shown = '[data-part="charts"] figcaption >> nth=0'
    before = page.inner_text(shown)
    page.evaluate("window.stays = true")
    page.wait_for_function(
        "(before) => document.querySelector('[data-part=charts] figcaption').innerText !== before", arg=before
    )
    assert page.evaluate("window.stays")


def answer_five_and_undo_one(page: Page) -> None:
    """By key alone, then the last one is taken back."""
    page.goto(f"{origin(page)}/review?queue=open")
    for key in ("b", "1", "u", "s", "b"):
        page.wait_for_selector("[data-answer]")
        with page.expect_navigation():
            page.keyboard.press(key)
    assert re.search(r"\n3 in this sitting", page.inner_text("aside"))
    with page.expect_navigation():
        page.keyboard.press("z")
    assert re.search(r"\n2 in this sitting", page.inner_text("aside"))


def free_somebody(page: Page, standing: Standing) -> None:
    """A blocked visitor, whom a web server refuses, is let through after one answer."""

    def blocked() -> tuple[str, str] | None:
        for row in as_json(page, "/sessions?verdict=block&state=open&format=json")["sessions"]:
            flags = as_json(page, f"/session?id={row['session_id']}&format=json")["flags"]
            reasons = [reason["id"] for reason in flags[-1]["reasons"]]
            is_freed = not any(reason.startswith(BELIEVED_AGAINST) for reason in reasons)
            if is_freed and refusal(standing, row["visitor"]) is not None:
                return row["session_id"], row["visitor"]
        page.wait_for_timeout(200)
        return None

    found = eventually(blocked, what="a visitor who is blocked")
    assert found is not None
    session_id, visitor = found
    page.goto(f"{origin(page)}/review?session={session_id}")
    with page.expect_navigation():
        page.keyboard.press("g")
    eventually(lambda: refusal(standing, visitor) is None, what="the middleware to let the visitor pass")
    page.goto(f"{origin(page)}/visitor?id={visitor}")
    eventually(lambda: page.reload() is not None and "by people" in page.inner_text("main"), what="people's verdict")


def roll_a_model_back(page: Page) -> None:
    """As operator, with a reason, which the audit shows; a refresh between page and form has the form refused."""
    button = 'form[action="/models/rollback"] button'

    def is_rolled_back() -> bool:
        page.goto(f"{origin(page)}/models")
        if page.query_selector(button) is None:
            return False
        page.fill('form[action="/models/rollback"] input[name="why"]', "to see it done")
        with page.expect_navigation():
            page.click(button)
        page.goto(f"{origin(page)}/audit?kind=rollback")
        return "to see it done" in page.inner_text("main table >> nth=0")

    eventually(is_rolled_back, what="a champion that was taken back")


def origin(page: Page) -> str:
    return "/".join(page.url.split("/")[:3])
