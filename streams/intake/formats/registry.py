"""All formats by their names for `--format`; the documentation's table is generated from them."""

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
    """The order of the lines in a file."""

    ARRIVAL = "as they arrived"
    """Lines are not sorted."""
    NEARLY_BY_TIME = "nearly by time"
    """Lines are sorted within the grace period, as servers log a request when it ends."""
    NONE = "in no order of time"
    """Lines are sorted, for which the whole file is held in memory."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format of files."""

    name: str
    meaning: str
    order: LineOrder
    candidates: Candidates | None = None
    """Reads the lines of an export; None for server logs."""
    layout: Layout | JsonLayout | None = None
    """Layout of a server log; None for exports, for `access-log`, and for W3C files, which name their columns."""
    sample: str = ""

    @property
    def is_log(self) -> bool:
        """Whether this is the format of a server log."""
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
"""If several layouts fit a file equally well, then the first of them is used."""


def _all() -> Iterator[Format]:
    yield Format("events", "JSON lines, each an event of Weir's own contract", LineOrder.ARRIVAL, events.candidates)
    for layout in LAYOUTS:
        yield Format(layout.name, layout.meaning, LineOrder.NEARLY_BY_TIME, layout=layout, sample=layout.sample)
    yield Format(
        W3C, "IIS, CloudFront and others, by the file's own `#Fields` line", LineOrder.NEARLY_BY_TIME, sample=w3c.SAMPLE
    )
    yield Format(ACCESS_LOG, "any server log; the layout is chosen by the first lines", LineOrder.NEARLY_BY_TIME)
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
"""Formats of exports, in the order in which they are tried on a file."""
