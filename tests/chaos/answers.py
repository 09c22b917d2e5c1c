"""Which labels people send about visitors: trusted people, reporters, untrusted ones, and broken ones, by a seed."""

from __future__ import annotations

import json
import random
from collections import Counter, deque

TRUSTED = ("moderator", "team-*")
"""The setting `human_sources` of a run."""
EVENTS_A_LABEL = 40
PEOPLE = ("moderator", "team-7")
UNTRUSTED = "passer-by"
REPORTERS = 30
TALKED_ABOUT = 40
"""Visitors whom labels are about at a time: few, so that people contradict each other and reports add up."""
NEXT_SHARE = 0.15
"""Labels after which somebody else is talked about in the place of one visitor."""
REMEMBERED = 200
"""Labels of which one may be sent a second time."""
BROKEN = (
    b"not JSON",
    b'{"visitor_id": "anna", "ts": 1767225600}',
    b'{"visitor_id": "anna", "ts": 1767225600, "label": "ugly", "source": "moderator"}',
    b'{"visitor_id": "anna", "ts": "now", "label": "bad", "source": "moderator"}',
    b'{"visitor_id": "anna", "ts": 1767225600, "label": "bad", "source": "moderator", "weight": 0}',
)
Sent = tuple[bytes, bytes]
"""Key and value."""


class People:
    """Says something about visitors that were seen lately."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._seen = ""
        self._visitors: list[str] = []
        self._earlier: deque[Sent] = deque(maxlen=REMEMBERED)
        self._number = 0
        self.kinds: Counter[str] = Counter()
        """How many labels of each kind were sent."""

    def saw(self, visitor: str) -> None:
        """A visitor did something."""
        self._seen = visitor

    def say(self, now_s: float) -> list[Sent]:
        """One label, as it is sent, and now and then an earlier one again."""
        if not self._seen:
            return []
        self._number += 1
        sent = [self._label(now_s)]
        if self._chance.random() < 0.08:
            self.kinds["again"] += 1
            sent.append(self._chance.choice(self._earlier) if self._earlier else sent[0])
        self._earlier.append(sent[0])
        return sent

    def _label(self, now_s: float) -> Sent:
        chance = self._chance
        visitor = self._visitor()
        if chance.random() < 0.03:
            self.kinds["broken"] += 1
            return visitor.encode(), chance.choice(BROKEN)
        fields = {"visitor_id": visitor, "ts": round(now_s, 6)} | self._said()
        key = visitor.encode()
        if chance.random() < 0.04:
            self.kinds["misplaced"] += 1
            key = b"somebody else"
        return key, json.dumps(fields).encode()

    def _visitor(self) -> str:
        if len(self._visitors) < TALKED_ABOUT:
            self._visitors.append(self._seen)
        elif self._chance.random() < NEXT_SHARE:
            self._visitors[self._chance.randrange(TALKED_ABOUT)] = self._seen
        return self._chance.choice(self._visitors)

    def _said(self) -> dict[str, str]:
        chance = self._chance
        kind = chance.choices(("people", "report", "untrusted"), (45, 50, 5))[0]
        if kind == "report":
            value = chance.choices(("bad", "good", "withdrawn"), (88, 8, 4))[0]
            self.kinds[f"report {value}"] += 1
            return {"label": value, "source": f"report:reader-{chance.randrange(REPORTERS)}"}
        if kind == "untrusted":
            self.kinds[kind] += 1
            return {"label": chance.choice(("good", "bad")), "source": UNTRUSTED}
        value = chance.choices(("good", "bad", "withdrawn"), (45, 40, 15))[0]
        self.kinds[f"trusted {value}"] += 1
        said = {"label": value, "source": chance.choice(PEOPLE)}
        if value != "withdrawn" and chance.random() < 0.04:
            # Nobody knows the session: the answer is about the visitor all the same, and none of the others.
            said["session_id"] = f"unknown-{self._number}"
        return said
