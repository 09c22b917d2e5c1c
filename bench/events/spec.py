"""The parameters of a log: together they are its identity."""

from __future__ import annotations

import hashlib

import msgspec

START_S = 1_767_225_600.0
"""Event time at which logs begin: long past, so that nobody's clock is ahead of the broker's."""


class LogSpec(msgspec.Struct, frozen=True):
    """What the generated events are like."""

    events: int = 1_500_000
    visitors: int = 20_000
    """Open at the same time, about."""
    visit_events: int = 40
    """Mean number of events of a visit; visitors leave by chance, so that some stay very long."""
    size: int = 400
    """Bytes of an event, about; larger where an event says more anyway."""
    skew: float = 0.6
    """Exponent of Zipf's law by which places are busier than others; 0 is none."""
    abuse: float = 0.05
    """Share of the visitors who probe, scrape or spam."""
    repeats: float = 0.005
    """Share of events that are sent twice."""
    distinct_urls: float = 0.2
    """Share of events whose URL has a parameter that no other has."""
    span_s: float = 7_200.0
    """Event time from the first event to the last."""
    partitions: int = 4
    gap_s: float = 1_800.0
    grace_s: float = 300.0
    closes: bool = True
    """Whether a last event in each partition closes all that is open."""
    rounds: int = 0
    """So many times each visitor comes in turn, before chance decides; visitors stay then."""
    data: str = ""
    """`real`: contents of the real data sets, repeated; empty: made up."""
    seed: int = 1

    @property
    def digest(self) -> str:
        """Names the log: equal parameters make equal events."""
        return hashlib.blake2b(msgspec.json.encode(self, order="sorted"), digest_size=6).hexdigest()

    def part(self, share: int) -> LogSpec:
        """A log of a `share`-th of the events and visitors, and otherwise alike."""
        return msgspec.structs.replace(self, events=self.events // share, visitors=max(self.visitors // share, 100))

    @property
    def end_s(self) -> float:
        """Event time behind the last ordinary event."""
        return START_S + self.span_s
