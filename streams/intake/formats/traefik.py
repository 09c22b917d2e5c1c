"""Traefik's access log, as JSON and in its own common log format."""

from __future__ import annotations

from streams.intake.formats.combined import BROWSER_COLUMNS
from streams.intake.formats.common import CLIENT_COLUMNS, REQUEST_COLUMNS
from streams.intake.layouts import kinds
from streams.intake.layouts.layout import JsonColumn, JsonLayout, Layout, bare, quoted, spaced

JSON = JsonLayout(
    "traefik",
    "Traefik's JSON",
    (
        JsonColumn(("request_X-Forwarded-For",), kinds.FORWARDED),
        JsonColumn(("request_X-Real-Ip",), kinds.FORWARDED),
        JsonColumn(("request_Cf-Connecting-Ip",), kinds.FORWARDED),
        JsonColumn(("ClientHost",), kinds.CLIENT),
        JsonColumn(("ClientAddr",), kinds.CLIENT_AND_PORT),
        JsonColumn(("ClientUsername",), kinds.ACCOUNT),
        JsonColumn(("StartUTC",), kinds.ISO_TIME),
        JsonColumn(("StartLocal",), kinds.ISO_TIME),
        JsonColumn(("time",), kinds.ISO_TIME),
        JsonColumn(("RequestMethod",), kinds.METHOD),
        JsonColumn(("RequestPath",), kinds.URL),
        JsonColumn(("DownstreamStatus",), kinds.STATUS),
        JsonColumn(("OriginStatus",), kinds.STATUS),
        JsonColumn(("DownstreamContentSize",), kinds.BYTES),
        JsonColumn(("request_Referer",), kinds.REFERRER),
        JsonColumn(("request_User-Agent",), kinds.USER_AGENT),
        JsonColumn(("RequestHost",), kinds.TEXT),
        JsonColumn(("RouterName",), kinds.TEXT),
    ),
    required=(("RequestMethod",), ("RequestPath",), ("DownstreamStatus",)),
    sample='{"ClientAddr":"203.0.113.9:40112","ClientHost":"203.0.113.9","ClientPort":"40112","ClientUsername":"-",'
    '"DownstreamContentSize":512,"DownstreamStatus":200,"Duration":1203344,"RequestHost":"www.example.com",'
    '"RequestMethod":"GET","RequestPath":"/a?b=1","RequestProtocol":"HTTP/2.0","RouterName":"shop@docker",'
    '"StartUTC":"2026-05-17T10:05:03.124Z","request_User-Agent":"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) '
    'Gecko/20100101 Firefox/140.0","time":"2026-05-17T10:05:03Z"}',
    config="`accessLog.format: json`, and `fields.headers.names.User-Agent: keep`",
)
CLF = Layout(
    "traefik-clf",
    "Traefik's own text, which is combined with four columns more",
    spaced(
        CLIENT_COLUMNS,
        REQUEST_COLUMNS,
        BROWSER_COLUMNS,
        bare("requests", kinds.SKIPPED_NUMBERS),
        quoted("router", kinds.TEXT),
        quoted("service_url", kinds.SKIPPED),
        bare("duration", kinds.MILLISECONDS),
    ),
    sample='203.0.113.9 - - [17/May/2026:10:05:03 +0000] "GET /a?b=1 HTTP/2.0" 200 512 "-" "Mozilla/5.0 (X11; Linux '
    'x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" 17 "shop@docker" "http://192.0.2.5:80" 12ms',
    config="`accessLog: {}` (its default), with the headers kept",
)
