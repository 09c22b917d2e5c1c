"""Combined with the site's name first: Debian's `other_vhosts_access.log`, nginx-proxy, and others."""

from __future__ import annotations

from streams.intake.formats.combined import BROWSER_COLUMNS
from streams.intake.formats.common import CLIENT_COLUMNS, REQUEST_COLUMNS
from streams.intake.layouts.kinds import ACCOUNT_AFTER_HOST, CLIENT_ADDRESS, HOST
from streams.intake.layouts.layout import Layout, bare, spaced

LAYOUT = Layout(
    "vhost-combined",
    "Combined, with the site's name (and port) first",
    spaced(
        bare("host", HOST),
        bare("client", CLIENT_ADDRESS),
        CLIENT_COLUMNS[1],
        bare("account", ACCOUNT_AFTER_HOST),
        REQUEST_COLUMNS,
        BROWSER_COLUMNS,
    ),
    sample='www.example.com:443 203.0.113.9 - anna [17/May/2026:10:05:03 +0000] "GET /cart HTTP/1.1" 200 1204 '
    '"-" "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"',
    config="Apache: `vhost_combined`; nginx-proxy's default",
)
