"""Small labelled sets that are unlike each other: some to tune the default model on, others only to report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from evaluation.common.data_sets import LIBINJECTION, human_agents
from evaluation.models.data import messages, parameters
from evaluation.models.navigation import MIXED, STEADY, Navigation, elastic_visits, navigation
from evaluation.models.newcomers import NEWCOMERS, newcomer
from evaluation.models.sessions import START_S, final_sessions
from models.features import features
from streams.demo import clients
from streams.demo.shopper import acts as shops
from streams.demo.visitor import Behaviour

_BROWSER = clients.BROWSERS[2]
_APART_S = 10.0
_SPAM_PARTS = (
    ("Great post", "Nice blog", "Hello admin", "I was looking for this", "Very useful article", "Dear webmaster"),
    ("my sister earns {n} weekly online", "cheap tablets without prescription", "best casino bonus {n}",
     "rank your site first in days", "buy followers from {n}", "loans with no credit check", "replica watches {n}"),
    ("see http://{w}{n}.example/go", "visit {w}-{n}.example", "write me at {w}{n}@mail.example", "more in my profile",
     "click {w}.example/{n} now", ""),
)  # fmt: skip
_WORDS = ("pills", "spin", "seo", "crypto", "deal", "luxe")


@dataclass(frozen=True, slots=True)
class Example:
    """A session's features and its label."""

    features: Mapping[str, Any]
    bad: bool


@dataclass(frozen=True, slots=True)
class SmallSet:
    """Labelled sessions of one kind."""

    name: str
    examples: list[Example]
    is_held_out: bool


_Visit = tuple[list[dict[str, Any]], bool]


def small_sets(data: Path) -> Iterator[SmallSet]:
    """All sets, tuning sets first; what differs between the two is the data, the generator or the kind of abuse."""
    for is_held_out, makers in ((False, _TUNING), (True, _HELD_OUT)):
        for name, make in makers.items():
            visits = make(data)
            yield SmallSet(name, _examples(visits), is_held_out)


def _examples(visits: list[_Visit]) -> list[Example]:
    events: list[dict[str, Any]] = []
    for number, (visit, _) in enumerate(visits):
        at_s = START_S + _APART_S * number
        for step, fields in enumerate(visit):
            own = dict(fields)
            at_s += own.pop("after_s", 0.0)
            events.append({"event_id": f"{number}-{step}", "visitor_id": f"v{number}", "ts": round(at_s, 3), **own})
    events.sort(key=lambda event: event["ts"])
    first: dict[str, Example] = {}
    for session in final_sessions(events):
        bad = visits[int(session.visitor_id[1:])][1]
        first.setdefault(session.visitor_id, Example(features(session), bad))
    return list(first.values())


def _posts(texts: list[tuple[str, bool]]) -> list[_Visit]:
    fields = {"type": "post", "url": "/post", "method": "POST", "status": 200, "user_agent": _BROWSER}
    return [([{**fields, "text": text}], bad) for text, bad in texts]


def _searches(texts: list[tuple[str, bool]]) -> list[_Visit]:
    fields = {"type": "page_view", "method": "GET", "status": 200, "user_agent": _BROWSER}
    return [([{**fields, "url": f"/search?q={quote_plus(text)}"}], bad) for text, bad in texts]


def _balanced(texts: list[tuple[str, bool]], size: int, share: float) -> list[tuple[str, bool]]:
    bad = [one for one in texts if one[1]][: round(size * share)]
    return bad + [one for one in texts if not one[1]][: size - len(bad)]


def _sms(size: int, share: float, order: int) -> Callable[[Path], list[_Visit]]:
    return lambda data: _posts(_balanced([(one.text, one.bad) for one in messages(data, order)], size, share))


def _http(size: int, kinds: tuple[str, ...], order: int) -> Callable[[Path], list[_Visit]]:
    def make(data: Path) -> list[_Visit]:
        cases = [one for one in parameters(data, order) if not one.bad or one.category in kinds]
        return _searches(_balanced([(one.text, one.bad) for one in cases], size, 0.4))

    return make


def _injections(data: Path) -> list[_Visit]:
    folder, random = data / LIBINJECTION, Random(5)
    bad = (folder / "sqli-forums.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    good = (folder / "false_positives.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    texts = [(unquote_plus(line), True) for line in bad if line.strip() and line[0] != "#"]
    alike = [(unquote_plus(line), False) for line in good if line.strip() and line[0] != "#"]
    random.shuffle(texts)
    random.shuffle(alike)
    return _searches(texts[:80] + alike[:80])


def _comments(data: Path) -> list[_Visit]:
    random = Random(11)
    ham = [one.text for one in messages(data, 7) if not one.bad and len(one.text) > 60]  # noqa: PLR2004 -- a comment
    texts = [(text, False) for text in ham[:40]]
    for number in range(32):
        parts = (
            random.choice(part).format(n=random.randrange(10, 9_000), w=random.choice(_WORDS)) for part in _SPAM_PARTS
        )
        # Half of them begin as an honest text does.
        begins = f"{random.choice(ham[40:])[:60]} " if number % 2 else ""
        texts.append((begins + ". ".join(parts), True))
    return _posts(texts)


def _agents(half: int, size: int) -> Callable[[Path], list[_Visit]]:
    def make(data: Path) -> list[_Visit]:
        # An extra, which has no types.
        from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]  # noqa: PLC0415

        people = sorted(human_agents(data))
        crawlers = sorted({agent for row in CRAWLER_USER_AGENTS_DATA for agent in row["instances"]})
        random = Random(3)
        random.shuffle(people)
        random.shuffle(crawlers)
        chosen = [(one, False) for one in people[half::2][: size // 2]]
        chosen += [(one, True) for one in crawlers[half::2][: size // 2]]
        fields = {"type": "page_view", "method": "GET", "status": 200, "url": "/"}
        return [([{**fields, "user_agent": agent}], bad) for agent, bad in chosen]

    return make


def _shop(kinds: tuple[str, ...], size: int, seed: int) -> Callable[[Path], list[_Visit]]:
    def visit(behaviour: Behaviour, random: Random) -> list[dict[str, Any]]:
        visitor = newcomer(random)
        common = {"ip": visitor.ip, "user_agent": visitor.user_agent}
        return [{**common, **step.fields, "after_s": min(step.after_s, 600.0)} for step in behaviour(random)]

    def make(_data: Path) -> list[_Visit]:
        random = Random(seed)
        good = [(visit(shops, random), False) for _ in range(size * 3 // 5)]
        return good + [(visit(NEWCOMERS[random.choice(kinds)], random), True) for _ in range(size * 2 // 5)]

    return make


def _navigation(kind: Navigation, size: int, seed: int) -> Callable[[Path], list[_Visit]]:
    return lambda _data: navigation(kind, size, Random(seed))


_TUNING: dict[str, Callable[[Path], list[_Visit]]] = {
    "120 SMS messages": _sms(120, 0.4, 21),
    "150 HTTP parameters": _http(150, ("sqli", "xss"), 21),
    "72 composed comments": _comments,
    "160 user agents": _agents(0, 160),
    "130 visits, two bots": _navigation(MIXED, 130, 1),
    "130 visits to a shop": _shop(("price watcher", "list crawler"), 130, 2),
}
_HELD_OUT: dict[str, Callable[[Path], list[_Visit]]] = {
    "80 other SMS messages": _sms(80, 0.5, 99),
    "160 injections and look-alikes": _injections,
    "100 HTTP parameters, paths and commands": _http(100, ("path-traversal", "cmdi"), 99),
    "200 other user agents": _agents(1, 200),
    "110 visits, other bots": _navigation(STEADY, 110, 77),
    "120 visits to a shop, other abuse": _shop(("hoarder", "click farm"), 120, 78),
    "150 visits of a real log": lambda data: elastic_visits(data, 150),
}
