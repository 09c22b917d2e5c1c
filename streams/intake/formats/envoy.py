"""Envoy's default text format, and Istio's, which adds columns such as the downstream's remote address."""

from __future__ import annotations

from streams.intake.layouts import kinds
from streams.intake.layouts.kinds import SKIPPED, SKIPPED_NUMBERS
from streams.intake.layouts.layout import Layout, bare, bracketed, quoted, spaced

_HEAD = (
    bracketed("START_TIME", kinds.ISO_TIME),
    quoted("REQUEST", kinds.REQUEST),
    bare("RESPONSE_CODE", kinds.STATUS),
    bare("RESPONSE_FLAGS", kinds.SKIPPED),
)
_COUNTS = (
    bare("BYTES_RECEIVED", SKIPPED_NUMBERS),
    bare("BYTES_SENT", kinds.BYTES),
    bare("DURATION", SKIPPED_NUMBERS),
    bare("X-ENVOY-UPSTREAM-SERVICE-TIME", SKIPPED_NUMBERS),
    quoted("X-FORWARDED-FOR", kinds.FORWARDED),
    quoted("USER-AGENT", kinds.USER_AGENT),
    quoted("X-REQUEST-ID", SKIPPED),
    quoted("AUTHORITY", kinds.TEXT),
    quoted("UPSTREAM_HOST", SKIPPED),
)
_AGENT = '"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"'

LAYOUT = Layout(
    "envoy",
    "Envoy's default text",
    spaced(_HEAD, _COUNTS),
    sample='[2026-05-17T10:05:03.124Z] "GET /a?b=1 HTTP/1.1" 200 - 0 512 12 11 "203.0.113.9" '
    f'{_AGENT} "0f8fad5b-d9cb-469f-a165-70867728950e" "www.example.com" "192.0.2.5:80"',
    config="Envoy's file access log without a format; `use_remote_address: true`",
)
ISTIO = Layout(
    "envoy-istio",
    "Istio's default text",
    spaced(
        _HEAD,
        bare("RESPONSE_CODE_DETAILS", SKIPPED),
        bare("CONNECTION_TERMINATION_DETAILS", SKIPPED),
        quoted("UPSTREAM_TRANSPORT_FAILURE_REASON", SKIPPED),
        _COUNTS,
        bare("UPSTREAM_CLUSTER", SKIPPED),
        bare("UPSTREAM_LOCAL_ADDRESS", SKIPPED),
        bare("DOWNSTREAM_LOCAL_ADDRESS", SKIPPED),
        bare("DOWNSTREAM_REMOTE_ADDRESS", kinds.CLIENT_AND_PORT),
        bare("REQUESTED_SERVER_NAME", SKIPPED),
        bare("ROUTE_NAME", SKIPPED),
    ),
    sample='[2026-05-17T10:05:03.124Z] "GET /a?b=1 HTTP/1.1" 200 - via_upstream - "-" 0 512 12 11 '
    f'"203.0.113.9,10.0.0.3" {_AGENT} "0f8fad5b-d9cb-469f-a165-70867728950e" "www.example.com" "10.0.1.5:8080" '
    "inbound|8080|| 127.0.0.6:43211 10.0.1.5:8080 10.0.0.3:0 outbound_.80_._.web default",
    config="Istio's `accessLogFile: /dev/stdout`",
)
