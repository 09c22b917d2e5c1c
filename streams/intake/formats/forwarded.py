"""Combined with forwarded addresses: in the first column, or after the user agent as in nginx's `main`."""

from __future__ import annotations

from streams.intake.formats.combined import BROWSER_COLUMNS
from streams.intake.formats.common import CLIENT_COLUMNS, REQUEST_COLUMNS
from streams.intake.layouts.kinds import ACCOUNT_AFTER_LIST, DASH, FORWARDED, FORWARDED_FIRST, HOST
from streams.intake.layouts.layout import Layout, bare, quoted, spaced

_REST = (
    '- anna [17/May/2026:10:05:03 +0000] "GET /shop HTTP/1.1" 200 2326 "-" '
    '"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"'
)
_LISTED = (bare("forwarded_for", FORWARDED_FIRST), bare("ident", DASH), bare("account", ACCOUNT_AFTER_LIST))

FIRST = Layout(
    "forwarded-combined",
    "Combined, with the list of `X-Forwarded-For` in the place of the client",
    spaced(_LISTED, REQUEST_COLUMNS, BROWSER_COLUMNS),
    sample=f"198.51.100.7, 10.0.0.3 {_REST}",
    config="Apache: `%{X-Forwarded-For}i` for `%h`",
)
VHOST = Layout(
    "vhost-forwarded-combined",
    "The same, behind the site's name",
    spaced(bare("host", HOST), _LISTED, REQUEST_COLUMNS, BROWSER_COLUMNS),
    sample=f"www.example.com 198.51.100.7, 10.0.0.3 {_REST}",
)
MAIN = Layout(
    "main",
    "nginx's `main`: combined, with `X-Forwarded-For` last, in quotes",
    spaced(CLIENT_COLUMNS, REQUEST_COLUMNS, BROWSER_COLUMNS, quoted("forwarded_for", FORWARDED)),
    sample=f'10.0.0.3 {_REST} "198.51.100.7"',
    config="nginx: `log_format main` of its packages' nginx.conf",
)
MAIN_BARE = Layout(
    "main-unquoted",
    "Combined, with `X-Forwarded-For` last, without quotes",
    spaced(CLIENT_COLUMNS, REQUEST_COLUMNS, BROWSER_COLUMNS, bare("forwarded_for", FORWARDED)),
    sample=f"10.0.0.3 {_REST} 198.51.100.7",
)
