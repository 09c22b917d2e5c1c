"""All formats, by the name that `--format` takes. The documentation's table comes from here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from streams.intake.formats import (
    alb,
    caddy,
    combined,
    combined_vhost,
    common,
    envoy,
    events,
    forwarded,
    ga4,
    haproxy,
    ingress,
    lighttpd,
    otto,
    posthog,
    segment,
    snowplow,
    traefik,
    vhost_combined,
    w3c,
)
from streams.intake.layouts.layout import JsonLayout, Layout
from streams.intake.line import ParsedLine, RawLine, Unreadable

Candidates = Callable[[Iterable[RawLine]], Iterator[ParsedLine | Unreadable]]


class LineOrder(Enum):
    """How the lines of one file lie."""

    ARRIVAL = "as they arrived"
    """Left as they are."""
    NEARLY_BY_TIME = "nearly by time"
    """Servers write a request when it ends: sorted within the grace period."""
    NONE = "in no order of time"
    """Sorted, which holds the file in memory."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format of files."""

    name: str
    meaning: str
    order: LineOrder
    candidates: Candidates | None = None
    """Reads the lines of what is no server's log."""
    layout: Layout | JsonLayout | None = None
    """Of a server's log; the W3C format names its columns itself."""
    sample: str = ""

    @property
    def is_log(self) -> bool:
        """Whether servers write it."""
        return self.candidates is None


ACCESS_LOG = "access-log"
W3C = "w3c"
LAYOUTS: tuple[Layout | JsonLayout, ...] = (
    *(
        combined.LAYOUT,
        forwarded.MAIN,
        forwarded.MAIN_BARE,
        vhost_combined.LAYOUT,
        combined_vhost.LAYOUT,
        combined_vhost.QUOTED,
    ),
    *(forwarded.FIRST, forwarded.VHOST, lighttpd.LAYOUT, ingress.LAYOUT, ingress.REPEATED, traefik.CLF, common.LAYOUT),
    *(caddy.LAYOUT, traefik.JSON, alb.LAYOUT, envoy.LAYOUT, envoy.ISTIO, haproxy.LAYOUT, haproxy.CAPTURES),
)
"""Of those that fit a file equally well, the first is taken."""


def _all() -> Iterator[Format]:
    yield Format("events", "JSON lines, each an event of Weir's own contract", LineOrder.ARRIVAL, events.candidates)
    for layout in LAYOUTS:
        yield Format(layout.name, layout.meaning, LineOrder.NEARLY_BY_TIME, layout=layout, sample=layout.sample)
    yield Format(
        W3C, "IIS, CloudFront and others, by the file's own `#Fields` line", LineOrder.NEARLY_BY_TIME, sample=w3c.SAMPLE
    )
    yield Format(ACCESS_LOG, "any of the servers' logs, by looking", LineOrder.NEARLY_BY_TIME)
    yield Format("otto", "the OTTO shop's sessions, JSON lines", LineOrder.NONE, otto.candidates)
    yield Format(
        "snowplow",
        "Snowplow's events: CSV with a header, BigQuery's JSON lines, enriched TSV",
        LineOrder.NONE,
        snowplow.candidates,
    )
    yield Format("segment", "Segment's and RudderStack's messages, JSON lines", LineOrder.NONE, segment.candidates)
    yield Format("posthog", "PostHog's export of events, JSON lines", LineOrder.NONE, posthog.candidates)
    yield Format(
        "ga4", "Google Analytics 4's events as BigQuery exports them, JSON lines", LineOrder.NONE, ga4.candidates
    )


FORMATS: Mapping[str, Format] = {one.name: one for one in _all()}
EXPORTS = tuple(one for one in FORMATS.values() if not one.is_log)
"""What is no server's log, in the order in which files are tried."""
