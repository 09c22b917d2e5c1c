"""Caddy's access log: one JSON object a line."""

from __future__ import annotations

from streams.intake.layouts import kinds
from streams.intake.layouts.layout import JsonColumn, JsonLayout

LAYOUT = JsonLayout(
    "caddy",
    "Caddy's JSON",
    (
        JsonColumn(("request", "client_ip"), kinds.CLIENT),
        JsonColumn(("request", "remote_ip"), kinds.CLIENT),
        JsonColumn(("request", "remote_addr"), kinds.CLIENT_AND_PORT),
        JsonColumn(("request", "headers", "X-Forwarded-For"), kinds.FORWARDED),
        JsonColumn(("request", "headers", "Cf-Connecting-Ip"), kinds.FORWARDED),
        JsonColumn(("request", "headers", "X-Real-Ip"), kinds.FORWARDED),
        JsonColumn(("user_id",), kinds.ACCOUNT),
        JsonColumn(("ts",), kinds.ANY_TIME),
        JsonColumn(("request", "method"), kinds.METHOD),
        JsonColumn(("request", "uri"), kinds.URL),
        JsonColumn(("status",), kinds.STATUS),
        JsonColumn(("size",), kinds.BYTES),
        JsonColumn(("request", "headers", "Referer"), kinds.REFERRER),
        JsonColumn(("request", "headers", "User-Agent"), kinds.USER_AGENT),
        JsonColumn(("request", "host"), kinds.TEXT),
    ),
    required=(("request", "method"), ("request", "uri"), ("ts",)),
    sample='{"level":"info","ts":1779012303.124,"logger":"http.log.access.log0","msg":"handled request","request":'
    '{"remote_ip":"203.0.113.9","remote_port":"4321","client_ip":"203.0.113.9","proto":"HTTP/2.0","method":"GET",'
    '"host":"www.example.com","uri":"/a?b=1","headers":{"User-Agent":["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) '
    'Gecko/20100101 Firefox/140.0"]}},"user_id":"","duration":0.001,"size":10,"status":200}',
    config="`log` in the site's block",
)
