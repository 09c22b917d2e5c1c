"""Combined, behind the name of the site: Debian's `other_vhosts_access.log`, nginx-proxy, and many others."""

from __future__ import annotations

from streams.intake.formats.combined import BROWSER
from streams.intake.formats.common import WHAT, WHO
from streams.intake.layouts.kinds import CLIENT_ADDRESS, HOST, HOSTS_ACCOUNT
from streams.intake.layouts.layout import Layout, bare, spaced

LAYOUT = Layout(
    "vhost-combined",
    "Combined, with the site's name (and port) first",
    spaced(bare("host", HOST), bare("client", CLIENT_ADDRESS), WHO[1], bare("account", HOSTS_ACCOUNT), WHAT, BROWSER),
    sample='www.example.com:443 203.0.113.9 - anna [17/May/2026:10:05:03 +0000] "GET /cart HTTP/1.1" 200 1204 '
    '"-" "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"',
    config="Apache: `vhost_combined`; nginx-proxy's default",
)
