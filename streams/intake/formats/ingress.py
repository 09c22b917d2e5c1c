"""Kubernetes' ingress-nginx, with and without the client's address repeated in brackets."""

from __future__ import annotations

from streams.intake.formats.combined import BROWSER_COLUMNS
from streams.intake.formats.common import CLIENT_COLUMNS, REQUEST_COLUMNS
from streams.intake.layouts.kinds import (
    CLIENT,
    SECONDS,
    SKIPPED,
    SKIPPED_ADDRESS,
    SKIPPED_LIST,
    SKIPPED_NUMBERS,
    TEXT,
)
from streams.intake.layouts.layout import Layout, bare, bracketed, spaced

_UPSTREAM = (
    bare("request_length", SKIPPED_NUMBERS),
    bare("request_time", SECONDS),
    bracketed("proxy_upstream_name", TEXT),
    bracketed("proxy_alternative_upstream_name", SKIPPED),
    bare("upstream_addr", SKIPPED_LIST),
    bare("upstream_response_length", SKIPPED_LIST),
    bare("upstream_response_time", SKIPPED_LIST),
    bare("upstream_status", SKIPPED_LIST),
    bare("req_id", SKIPPED, optional=True),
)
_REST = (
    '[17/May/2026:10:05:03 +0000] "GET /en/help HTTP/2.0" 200 5210 "https://www.example.com/a" '
    '"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" 612 0.081 [web-shop-8080] [] '
    "192.0.2.34:8080 5210 0.080 200 0123456789abcdef"
)

LAYOUT = Layout(
    "ingress",
    "Kubernetes' ingress-nginx",
    spaced(CLIENT_COLUMNS, REQUEST_COLUMNS, BROWSER_COLUMNS, _UPSTREAM),
    sample=f"203.0.113.5 - - {_REST}",
    config="ingress-nginx's `upstreaminfo`",
)
REPEATED = Layout(
    "ingress-old",
    "ingress-nginx before 0.26, which repeats the address in brackets",
    spaced(
        bare("client", CLIENT),
        bare("dash", CLIENT_COLUMNS[1].kind),
        bracketed("again", SKIPPED_ADDRESS),
        CLIENT_COLUMNS[1:],
        REQUEST_COLUMNS,
        BROWSER_COLUMNS,
        _UPSTREAM,
    ),
    sample=f"203.0.113.5 - [203.0.113.5] - - {_REST}",
)
