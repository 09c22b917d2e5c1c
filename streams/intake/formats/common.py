"""The Common Log Format, as Apache's `common` has it."""

from __future__ import annotations

from streams.intake.layouts.kinds import ACCOUNT, BYTES, CLF_TIME, CLIENT, IDENT, REQUEST, STATUS
from streams.intake.layouts.layout import Extras, Layout, bare, bracketed, quoted, spaced

WHO = (bare("client", CLIENT), bare("ident", IDENT), bare("account", ACCOUNT))
WHAT = (bracketed("time", CLF_TIME), quoted("request", REQUEST), bare("status", STATUS), bare("bytes", BYTES))

LAYOUT = Layout(
    "common",
    "Apache's `common`: neither referrer nor user agent",
    spaced(WHO, WHAT),
    # A quoted column could be the user agent of a layout that has something else before it.
    extras=Extras.UNQUOTED,
    sample='203.0.113.9 - anna [17/May/2026:10:05:03 +0000] "GET /shop?page=2 HTTP/1.1" 200 2326',
    config='Apache: LogFormat "%h %l %u %t \\"%r\\" %>s %b"',
)
