"""The Common Log Format, Apache's `common`."""

from __future__ import annotations

from streams.intake.layouts.kinds import ACCOUNT, BYTES, CLF_TIME, CLIENT, IDENT, REQUEST, STATUS
from streams.intake.layouts.layout import Extras, Layout, bare, bracketed, quoted, spaced

CLIENT_COLUMNS = (bare("client", CLIENT), bare("ident", IDENT), bare("account", ACCOUNT))
REQUEST_COLUMNS = (
    bracketed("time", CLF_TIME),
    quoted("request", REQUEST),
    bare("status", STATUS),
    bare("bytes", BYTES),
)

LAYOUT = Layout(
    "common",
    "Apache's `common`: neither referrer nor user agent",
    spaced(CLIENT_COLUMNS, REQUEST_COLUMNS),
    # An extra quoted column could be the user agent, which this layout would not read.
    extras=Extras.UNQUOTED,
    sample='203.0.113.9 - anna [17/May/2026:10:05:03 +0000] "GET /shop?page=2 HTTP/1.1" 200 2326',
    config='Apache: LogFormat "%h %l %u %t \\"%r\\" %>s %b"',
)
