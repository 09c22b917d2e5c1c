"""A console without Kafka: its store is fed by hand, and what it writes comes back to the store as from topics."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from weir.console.access.door import Door
from weir.console.access.tickets import Tickets
from weir.console.acting import ActionWriter
from weir.console.app import make_app
from weir.console.computed import Computed
from weir.console.context import Console
from weir.console.installation import Installation
from weir.console.store.bounds import StoreBounds
from weir.console.store.follow import StoreFollower
from weir.console.store.reading import StoreReader
from weir.console.store.schema import open_to_write
from weir.console.store.writer import StoreWriter
from weir.console.workers import WorkerWatch
from weir.contracts import Action, Flag, Record, Review, Session
from weir.contracts.fast import encode
from weir.contracts.flag import Reason
from weir.kafka.records import LogRecord, Output, PartitionId
from weir.settings import Settings
from weir.topics import ACTIONS, FLAGS, MODELS, REVIEWS, SESSIONS, Topic

BASE = "http://127.0.0.1:6067"


class FedStore:
    """A store that takes records as the test gives them."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._names = settings.names
        self._writer = StoreWriter(open_to_write(folder), settings.names)
        self._offsets: dict[str, Iterator[int]] = {}
        self.reader = StoreReader(folder)

    def feed(
        self,
        topic: Topic,
        record: Record | bytes | None,
        *,
        key: bytes = b"key",
        headers: Sequence[tuple[str, bytes]] = (),
        told_s: float | None = None,
    ) -> int:
        """Writes one record of a topic, and commits; returns its offset."""
        value = record if isinstance(record, bytes) or record is None else encode(record)
        offset = next(self._offsets.setdefault(topic.name, itertools.count()))
        at_ms = round((time.time() if told_s is None else told_s) * 1_000)
        self._writer.take(LogRecord(self._names.public(topic), 0, offset, at_ms, key, value, tuple(headers)))
        self._writer.commit()
        return offset


class FedActions(ActionWriter):
    """Takes actions as the real one does, and feeds what it would write on topics to the store."""

    def __init__(self, settings: Settings, store: FedStore) -> None:
        super().__init__(settings, store.reader, dict, "test")
        self._fed = store
        self.written: list[Action] = []
        self.outputs: list[Output] = []

    def do(self, action: Action, outputs: Sequence[Output] = ()) -> tuple[PartitionId, int] | None:
        """Writes an action."""
        if self._is_done(action.action_id):
            return None
        self._remember(action.action_id)
        self.written.append(action)
        for output in outputs:
            self.outputs.append(output)
            if output.topic is MODELS:  # the installation follows it, and not the store
                continue
            self._fed.feed(output.topic, output.value, key=output.key or b"", headers=output.headers)
        self._fed.feed(ACTIONS, action, key=action.action_id.encode())
        return None


class ConsoleAtHand:
    """The console, its store, and a browser."""

    def __init__(self, folder: Path, **settings: Any) -> None:  # noqa: ANN401 -- any setting
        self.settings = Settings(console_folder=folder, **settings)
        self.store = FedStore(self.settings, folder)
        follower = StoreFollower(self.settings, folder, StoreBounds())
        follower._set(is_current=True)
        self.actions = FedActions(self.settings, self.store)
        self.console = Console(
            settings=self.settings,
            door=Door.of(self.settings, Tickets(b"a secret of tests"), "ana"),
            store=self.store.reader,
            follower=follower,
            installation=Installation(self.settings),
            writer=self.actions,
            workers=WorkerWatch(()),
            computed=Computed(patience_s=60),
        )
        self.app = make_app(self.console)
        self.browser = self.new_browser()

    def new_browser(self, address: str = "127.0.0.1") -> TestClient:
        """Another browser, without cookies."""
        return TestClient(self.app, base_url=BASE, follow_redirects=False, client=(address, 50_000))

    def enter(self, browser: TestClient | None = None) -> None:
        """Lets a browser in as operator, by a one-time link."""
        answer = (browser or self.browser).get(f"/enter/{self.console.door.tickets.new_link()}")
        assert answer.status_code == 303

    def token(self, browser: TestClient | None = None) -> str:
        """The token that this browser's forms carry."""
        browser = browser or self.browser
        if "weir-console" not in browser.cookies:
            browser.get("/")
        ticket = self.console.door.tickets.read(browser.cookies["weir-console"])
        assert ticket is not None
        return self.console.door.tickets.form_token(ticket)

    def post(self, path: str, form: Mapping[str, str], browser: TestClient | None = None) -> Response:
        """Sends a form with the browser's own token."""
        return (browser or self.browser).post(path, data={"token": self.token(browser), **form})


@contextmanager
def console_at_hand(folder: Path, **settings: Any) -> Iterator[ConsoleAtHand]:  # noqa: ANN401 -- any setting
    """A console while the block runs."""
    made = ConsoleAtHand(folder, **settings)
    with made.browser:
        yield made


def session(session_id: str = "s1", visitor: str = "v1", **fields: Any) -> Session:  # noqa: ANN401 -- any field
    """A session's record, open, with one event unless told otherwise."""
    now_s = time.time()
    empty: dict[str, Any] = {name: {} for name in ("counts", "statuses", "methods", "revenue", "heuristics")}
    empty |= {name: [] for name in ("account_ids", "items", "texts")}
    counted = ("bytes", "distinct_urls", "repeats", "page_views", "clicks", "searches", "carts", "purchases")
    empty |= dict.fromkeys((*counted, "items_dropped", "rate_limited"), 0)
    given = {
        "session_id": session_id,
        "visitor_id": visitor,
        "start": now_s - 10,
        "end": now_s,
        "duration_s": 10.0,
        "revision": 1,
        "final": False,
        "split": False,
        "merged_into": None,
        "events": 1,
        "gaps": None,
        "click_through": 0.0,
        "cart_rate": 0.0,
        "conversion": 0.0,
        "entry_url": "/products/lamp?id=1",
        "exit_url": None,
        "referrer": None,
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
        "ip": "192.0.2.7",
    }
    return Session.model_validate(empty | given | fields)


def flag(session_id: str = "s1", visitor: str = "v1", **fields: Any) -> Flag:  # noqa: ANN401 -- any field
    """A flag's record: `block` by heuristics unless told otherwise."""
    now_s = time.time()
    given = {
        "flag_id": f"flag-{session_id}-{fields.get('revision', 1)}-{fields.get('verdict', 'block')}",
        "session_id": session_id,
        "visitor_id": visitor,
        "revision": 1,
        "ts": now_s,
        "verdict": "block",
        "stage": "heuristics",
        "reasons": [Reason(id="injection/union", version="1", text="A query contains a UNION SELECT.")],
        "score": 0.9,
        "model": None,
        "features_hash": None,
        "latency_ms": 12.0,
        "shadow": [],
        "until": now_s + 3_600,
    }
    return Flag.model_validate(given | fields)


def review(session_id: str = "s1", visitor: str = "v1", **fields: Any) -> Review:  # noqa: ANN401 -- any field
    """A question: `unsure` unless told otherwise."""
    given = {
        "session_id": session_id,
        "visitor_id": visitor,
        "ts": time.time(),
        "why": "unsure",
        "score": 0.5,
        "reasons": [],
    }
    return Review.model_validate(given | fields)


def fill(store: FedStore, number: int = 3) -> None:
    """A few flagged sessions with a question about each."""
    for n in range(number):
        store.feed(SESSIONS, session(f"s{n}", f"v{n}"))
        store.feed(FLAGS, flag(f"s{n}", f"v{n}", verdict="review" if n % 2 else "block"))
        store.feed(REVIEWS, review(f"s{n}", f"v{n}"))


__all__ = ["ConsoleAtHand", "FedStore", "console_at_hand", "fill", "flag", "review", "session"]
