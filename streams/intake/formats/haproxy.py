"""HAProxy's HTTP log. It has user agent and referrer only if HAProxy captures these headers, and then unnamed."""

from __future__ import annotations

from dataclasses import replace

from streams.intake.layouts import kinds
from streams.intake.layouts.kinds import SKIPPED, SKIPPED_NUMBERS
from streams.intake.layouts.layout import Extras, Layout, LayoutColumn, bare, bracketed, quoted, spaced

_START = (
    bare("client_ip:client_port", kinds.CLIENT_THEN_PORT),
    bracketed("accept_date", kinds.CLF_TIME),
    bare("frontend_name", SKIPPED),
    bare("backend_name/server_name", SKIPPED),
    bare("timers", SKIPPED_NUMBERS),
    bare("status_code", kinds.STATUS),
    bare("bytes_read", kinds.BYTES),
    bare("captured_request_cookie", SKIPPED),
    bare("captured_response_cookie", SKIPPED),
    bare("termination_state", SKIPPED),
    bare("connections", SKIPPED_NUMBERS),
    bare("queues", SKIPPED_NUMBERS),
)
_LINE = (
    "203.0.113.9:33317 [17/May/2026:10:05:03.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "
)
_REQUEST = quoted("http_request", kinds.REQUEST)

LAYOUT = Layout(
    "haproxy",
    "HAProxy's `option httplog`",
    spaced(_START, _REQUEST),
    extras=Extras.UNQUOTED,
    sample=f'May 17 10:05:03 lb1 haproxy[14389]: {_LINE}"GET /index.html HTTP/1.1"',
    config="`option httplog`; times are taken for UTC",
)
CAPTURES = Layout(
    "haproxy-captures",
    "The same, with captured request headers, or request and response headers",
    (
        *spaced(_START, LayoutColumn("captured_request_headers", kinds.CAPTURES, "{", "}")),
        LayoutColumn("captured_response_headers", kinds.CAPTURED_RESPONSE),
        replace(_REQUEST, before=' "'),
    ),
    extras=Extras.UNQUOTED,
    sample=f'May 17 10:05:03 lb1 haproxy[14389]: {_LINE}{{www.example.com}} {{}} "GET /index.html HTTP/1.1"',
    config="`option httplog` with `capture request header …`",
)
