"""The pack `behaviour` on whole sessions, from events to evidence."""

from __future__ import annotations

from typing import Any

import pytest

from rules.heuristics.judging import HeuristicEvidence, collect_evidence
from rules.heuristics.patterns import Patterns, load_packs
from streams.sessionize.config import FoldConfig
from streams.sessionize.task import SessionizeTask
from tests.streams.sessionize.driving import Driver
from weir.contracts import Session

SHIPPED = load_packs()
Event = dict[str, Any]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0"


def heard(*events: Event, every_s: float = 20.0, patterns: Patterns = SHIPPED) -> HeuristicEvidence:
    """What the shipped packs say of a visitor with a browser's name."""
    config = FoldConfig(measures_posts=True, packs=dict(patterns.versions))
    task = SessionizeTask(0, 1, config, lambda _: patterns)
    task.loaded()
    task.recovered()
    driver = Driver(task)
    for number, event in enumerate(events):
        sent: Event = {"ts": number * every_s, "user_agent": FIREFOX, **event}
        driver.send("ann", **sent)
    driver.mark(1_000_000.0)
    (final,) = driver.finals()
    return collect_evidence(Session.model_validate(final), patterns)


def get(url: str, status: int = 200, **fields: object) -> Event:
    return {"method": "GET", "url": url, "status": status, **fields}


def post(url: str, status: int = 200, **fields: object) -> Event:
    return {"method": "POST", "url": url, "status": status, "type": "request", **fields}


PAGE = [get("/contact"), get("/style.css"), get("/app.js"), get("/logo.png")]


@pytest.mark.parametrize(
    ("events", "every_s", "rule", "verdict"),
    [
        ([post("/login", 200)] * 12, 30.0, "behaviour/guesses-passwords", "throttle"),
        ([get("/login"), post("/login", 401)] * 10, 60.0, "behaviour/guesses-passwords", "throttle"),
        ([post("/login", 403)] * 60, 0.5, "behaviour/guesses-passwords-fast", "throttle"),
        ([get("/contact"), post("/contact", 302)] * 3, 1.0, "behaviour/quick-forms", "review"),
        ([get("/guestbook"), post("/guestbook", 302)] * 2, 45.0, "behaviour/form-spam", "review"),
        ([get("/"), get("/register"), *[post("/register", 200)] * 2], 30.0, "behaviour/form-spam", "review"),
        ([post("/index.php", 200)] * 6, 30.0, "behaviour/only-posts", "review"),
    ],
)  # fmt: skip
def test_abuse_is_found_by_what_it_does(events: list[Event], every_s: float, rule: str, verdict: str) -> None:
    events = [event | {"event_id": f"n{number}"} for number, event in enumerate(events)]
    found = heard(*events, every_s=every_s)
    assert rule in [sign.id for sign in found.signs]
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("events", "every_s"),
    [
        ([get("/login"), *[post("/login", 200)] * 3, post("/login", 302), get("/home"), get("/inbox")], 10.0),
        ([get("/login"), *[post("/login", 401)] * 9], 10.0),
        ([*[post("/login", 401)] * 3, *([post("/login", 302), get("/home"), get("/a"), get("/b")] * 10)], 10.0),
        ([*PAGE, *[post("/support/chat", 200)] * 60], 4.0),
        ([*[post("/graphql", 200)] * 80], 0.5),
        ([get("/"), *[post("/collect", 204)] * 20], 1.0),
        ([get("/docs/1/edit"), *[post("/docs/1/autosave", 200)] * 30], 10.0),
        ([get("/shoes"), post("/cart/add", 200), post("/cart/add", 200), *[post("/cart/update", 200)] * 6], 5.0),
        ([*PAGE, post("/contact", 200), post("/contact", 302)], 40.0),
        ([*[get(f"/blog/{n}") for n in range(8)], *[post("/wp-comments-post.php", 302)] * 2], 60.0),
        ([get("/contact"), post("/contact", 302)], 60.0),
        ([{"url": "/blog/1"}, *[{"type": "post", "url": "/comments", "method": "POST"}] * 3], 60.0),
        ([*[get("/dashboard"), post("/dashboard")] * 3, *PAGE], 1.0),
        ([post("/xmlrpc.php", 200)] * 4, 60.0),
    ],
)  # fmt: skip
def test_people_are_left_alone(events: list[Event], every_s: float) -> None:
    events = [event | {"event_id": f"n{number}"} for number, event in enumerate(events)]
    found = heard(*events, every_s=every_s)
    assert not [sign.id for sign in found.signs if sign.id.startswith("behaviour/")]
    assert found.verdict == "allow"
