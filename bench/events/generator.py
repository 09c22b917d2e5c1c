"""Endless variety from a seed: the events of a log, in the order in which they happen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, count
from random import Random

from bench.events.contents import Script, scripts
from bench.events.spec import START_S, LogSpec
from weir.partitioner import partition_for

Record = tuple[bytes, bytes]
"""Key and value."""
_CHUNK = 4_096


def events(spec: LogSpec) -> Iterator[Record]:
    """The log's events; equal parameters give equal bytes.

    So many places are taken by a visitor each, who leaves by chance and makes room for the next. A busy place sees
    many visitors, and each of them is quicker than others.
    """
    random = Random(spec.seed)
    step_s = spec.span_s / max(spec.events, 1)
    good = scripts(spec.seed, spec.size, is_bad=False)
    bad = scripts(spec.seed, spec.size, is_bad=True)
    places = _Places(spec, random, good, bad)
    number = 0
    for place in _busy(spec, random):
        if number >= spec.events:
            return
        chance = random.random()
        record = places.act(place, number, START_S + number * step_s, is_distinct=chance < spec.distinct_urls)
        yield record
        number += 1
        if random.random() < spec.repeats and number < spec.events:
            yield record
            number += 1


def closing(spec: LogSpec) -> Iterator[Record]:
    """One event a partition, so late that everything before it closes."""
    ts = spec.end_s + spec.gap_s + spec.grace_s + 1.0
    for partition in range(spec.partitions):
        name = next(name for at in count() if partition_for(name := b"closing-%d" % at, spec.partitions) == partition)
        yield name, b'{"event_id":"closing","visitor_id":"%b","type":"ping","ts":%.3f}' % (name, ts)


def _busy(spec: LogSpec, random: Random) -> Iterator[int]:
    """Whose turn it is, by Zipf's law."""
    everybody = range(spec.visitors)
    for _ in range(spec.rounds):
        yield from everybody
    weights = list(accumulate(1.0 / (rank**spec.skew) for rank in range(1, spec.visitors + 1)))
    while True:
        yield from random.choices(everybody, cum_weights=weights, k=_CHUNK)


class _Places:
    """Who is where, and how far in the visit."""

    def __init__(self, spec: LogSpec, random: Random, good: list[Script], bad: list[Script]) -> None:
        self._spec, self._random, self._good, self._bad = spec, random, good, bad
        self._number = 0
        self._names: list[bytes] = [b""] * spec.visitors
        self._visits: list[Script] = [[]] * spec.visitors
        self._at = [0] * spec.visitors
        self._leaves = 0.0 if spec.rounds else 1.0 / spec.visit_events

    def act(self, place: int, number: int, ts: float, *, is_distinct: bool) -> Record:
        name = self._names[place]
        if not name:
            name = self._arrive(place)
        visit, at = self._visits[place], self._at[place]
        before, url, after = visit[at % len(visit)]
        if is_distinct and url:
            url += b"%bcid=%x" % (b"&" if b"?" in url else b"?", number * 2_654_435_761 % 4_294_967_296)
        self._at[place] = at + 1
        if self._random.random() < self._leaves:
            self._names[place] = b""
        return name, b'{"event_id":"e%08x","visitor_id":"%b","ts":%.3f,%b%b%b' % (number, name, ts, before, url, after)

    def _arrive(self, place: int) -> bytes:
        self._number += 1
        random = self._random
        name = b"visitor-%06x-%08x" % (self._number, random.getrandbits(32))
        self._names[place] = name
        self._visits[place] = random.choice(self._bad if random.random() < self._spec.abuse else self._good)
        self._at[place] = 0
        return name
