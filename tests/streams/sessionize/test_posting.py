from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sessionize import caps
from streams.sessionize.config import FoldConfig
from streams.sessionize.open_session import VisitorState, decode_visitor, encode_visitor, of_wire, to_wire
from streams.sessionize.paths import path_info
from streams.sessionize.state import SessionBytes
from tests.streams.sessionize.driving import DAY_1, SMALL, Driver, Words, event_record, new_task, run, sessions
from tests.streams.sessionize.driving import watermark_record as mark

CONFIG = FoldConfig(measures_posts=True)
MEASURES = ("login_attempts", "login_failures", "form_posts", "posts_to_one_url", "quick_posts")
Event = dict[str, Any]


def measured(*events: Event, config: FoldConfig = CONFIG) -> tuple[int, ...]:
    """The measures of a session of these events, ten seconds apart unless they say otherwise."""
    driver = Driver(new_task(config))
    for number, event in enumerate(events):
        driver.send("ann", **({"ts": 10.0 * number, "appended_s": 1_000.0} | event))
    driver.mark(100_000.0)
    (final,) = driver.finals()
    return tuple(final[name] for name in MEASURES)


def post(url: str, status: int | None = None, **fields: object) -> Event:
    return {"method": "POST", "url": url, "status": status, **fields}


def get(url: str, **fields: object) -> Event:
    return {"method": "GET", "url": url, **fields}


@pytest.mark.parametrize(
    ("event", "attempts", "failures"),
    [
        (post("/login", 200), 1, 1),
        (post("/login", 302), 1, 0),
        (post("/login", None), 1, 0),
        (post("/login", 500), 1, 0),
        (post("/users/sign_in?next=/a", 422), 1, 1),
        (post("https://shop.example/Account/LogIn/", 401), 1, 1),
        (post("/wp-login.php", 403), 1, 1),
        (post("/administrator/index.php", 200), 1, 1),
        (post("/app/j_security_check;jsessionid=1", 200), 1, 1),
        (post("/api/login", 200), 1, 0),
        (post("/api/login", 401), 1, 1),
        (post("/xmlrpc.php", 200), 1, 0),
        (post("/sessions", 200), 1, 0),
        (post("/auth", 403), 1, 1),
        ({"type": "login"}, 1, 0),
        ({"type": "login", "status": 401}, 1, 1),
        ({"type": "login", "status": 200, "url": "/login"}, 1, 0),
        (get("/login", status=200), 0, 0),
        (post("/blog/how-to-log-in-safely", 200), 0, 0),
        (post("/logins/17", 403), 0, 0),
        (post("/conference/sessions/17", 403), 0, 0),
    ],
)
def test_what_counts_as_a_login_and_as_a_failed_one(event: Event, attempts: int, failures: int) -> None:
    assert measured(event)[:2] == (attempts, failures)


@pytest.mark.parametrize(
    ("url", "is_form"),
    [
        ("/wp-comments-post.php", True),
        ("/articles/17/comments", True),
        ("/comment/reply/17", True),
        ("/contact-us/", True),
        ("/guestbook.asp", True),
        ("/register", True),
        ("/forum/posting.php?mode=reply", True),
        ("/cart/add", False),
        ("/graphql", False),
        ("/contacts-of-our-team", False),
        ("/checkout", False),
    ],
)
def test_paths_of_forms(url: str, is_form: bool) -> None:  # noqa: FBT001
    assert path_info(url).is_form is is_form


def test_posts_to_one_path_are_counted_whatever_the_query() -> None:
    assert measured(post("/a?1"), post("/a?2"), post("/b"), get("/a"))[3] == 2


def test_posts_to_one_path_are_a_lower_bound_past_the_cap() -> None:
    assert measured(*(post(f"/{n}") for n in range(caps.POSTED_PATHS)), *[post("/new")] * 5)[3] == 1


@pytest.mark.parametrize(
    ("events", "quick"),
    [
        ([get("/contact", ts=0.0), post("/contact", ts=2.0)], 1),
        ([get("/contact", ts=0.0), post("/contact", ts=2.001)], 0),
        ([post("/contact", ts=1.0), get("/contact", ts=0.0)], 1),
        ([post("/contact", ts=0.0), get("/contact", ts=1.0)], 0),
        ([get("/news/1", ts=0.0), post("/wp-comments-post.php", ts=1.0, referrer="https://x.example/news/1")], 1),
        ([get("/news/1", ts=0.0), post("/graphql", ts=1.0, referrer="https://x.example/news/1")], 0),
        ([get("/news/1", ts=0.0), post("/contact", ts=1.0)], 0),
        ([{"url": "/contact", "type": "asset", "ts": 0.0}, post("/contact", ts=1.0)], 0),
    ],
)
def test_quick_posts(events: list[Event], quick: int) -> None:
    assert measured(*events)[4] == quick


def test_a_state_of_before_folds_on_without_these_measures() -> None:
    events = [get("/login", ts=0.0), post("/login", 401, ts=1.0)]
    assert measured(*events, config=msgspec.structs.replace(CONFIG, measures_posts=False)) == (0, 0, 0, 0, 0)


def test_what_is_remembered_is_bounded() -> None:
    driver = Driver(new_task(CONFIG))
    for number in range(400):
        driver.send("ann", float(number), **(post if number % 2 else get)(f"/form/{number}"))
    (session,) = driver.task.fold.visitors.at("ann").sessions
    assert session.posting is not None
    assert (len(session.loads or ()), len(session.posting.recent)) == (caps.LOADS, caps.RECENT_POSTS)
    assert len(session.posting.paths) == caps.POSTED_PATHS
    without = of_wire(msgspec.structs.replace(SessionBytes(*to_wire(session)), loads=None, posting=None))
    grown = len(encode_visitor(VisitorState([session]))) - len(encode_visitor(VisitorState([without])))
    assert grown < 400
    (again,) = decode_visitor(encode_visitor(VisitorState([session]))).sessions
    assert to_wire(again) == to_wire(session)


contents = st.sampled_from(
    [
        get("/contact"),
        get("/login"),
        post("/contact", 200),
        post("/login", 200),
        post("/login", 302),
        post("/wp-comments-post.php", referrer="/contact"),
        {"type": "login", "status": 401},
        {},
    ]
)
# As far apart that no more than the loads and POSTs that are remembered lie within the disorder.
steps = st.lists(st.tuples(contents, st.sampled_from([1.5, 2.0, 2.5, 4.0])), min_size=1, max_size=30)


@given(steps, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(happened: list[tuple[Event, float]], random: Random) -> None:
    now, events = 0.0, []
    for event, step in happened:
        now += step
        events.append((now, event))
    shuffled = sorted(events, key=lambda one: one[0] + random.uniform(0.0, 5.0))
    results = [measured(*({**event, "ts": ts, "event_id": str(ts)} for ts, event in one)) for one in (events, shuffled)]
    assert results[0] == results[1]


@given(steps, steps, st.sampled_from([11.0, 13.0, 19.0]))
def test_a_merge_measures_what_one_session_of_all_events_does(
    early: list[tuple[Event, float]], late: list[tuple[Event, float]], apart: float
) -> None:
    config = msgspec.structs.replace(
        SMALL, gap_s=10.0, grace_s=1_000.0, max_session_events=1_000, max_session_s=9_000.0, measures_posts=True
    )
    now, events = 0.0, []
    for event, step in early:
        now += step
        events.append((now, event))
    bridge: tuple[float, Event] = (now + apart / 2, {})
    now += apart
    for event, step in late:
        events.append((now, event))
        now += step
    results = []
    for order in ([*events, bridge], sorted([*events, bridge], key=lambda one: one[0])):
        task = new_task(config, Words())
        log = [
            event_record(offset, "ann", DAY_1 + ts, DAY_1 + 1_000, **{"event_id": str(ts)} | event)
            for offset, (ts, event) in enumerate(order)
        ]
        outputs = run(task, [*log, mark(len(log), DAY_1 + 1e5)]).outputs
        results.append([[one[name] for name in MEASURES] for one in sessions(outputs) if one["final"]][-1])
        assert (task.fold.accounts.merged == 1) is (order[-1] is bridge)
    assert results[0] == results[1]


def test_a_split_begins_anew() -> None:
    driver = Driver(new_task(msgspec.structs.replace(SMALL, measures_posts=True, max_session_events=2)))
    driver.send("ann", 0.0, url="/contact")
    driver.send("ann", 0.1, **post("/login", 401))
    driver.send("ann", 0.2, **post("/contact"))
    driver.mark(1_000.0)
    assert [[one[name] for name in MEASURES] for one in driver.finals()] == [[1, 1, 0, 1, 0], [0, 0, 1, 1, 0]]
