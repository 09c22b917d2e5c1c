"""lighttpd's default: combined, with the site's name instead of the ident."""

from __future__ import annotations

from streams.intake.formats.combined import BROWSER_COLUMNS
from streams.intake.formats.common import REQUEST_COLUMNS
from streams.intake.layouts.kinds import ACCOUNT_AFTER_HOST, CLIENT_ADDRESS, HOST
from streams.intake.layouts.layout import Layout, bare, spaced

LAYOUT = Layout(
    "lighttpd",
    "lighttpd's default, with the site's name behind the client",
    spaced(
        bare("client", CLIENT_ADDRESS),
        bare("host", HOST),
        bare("account", ACCOUNT_AFTER_HOST),
        REQUEST_COLUMNS,
        BROWSER_COLUMNS,
    ),
    sample='203.0.113.9 www.example.com - [17/May/2026:10:05:03 +0000] "GET /shop HTTP/1.1" 200 2326 "-" '
    '"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"',
    config="`accesslog.format` unless set",
)
