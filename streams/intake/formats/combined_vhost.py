"""Combined, with the name of the site last."""

from __future__ import annotations

from streams.intake.formats.combined import BROWSER_COLUMNS
from streams.intake.formats.common import CLIENT_COLUMNS, REQUEST_COLUMNS
from streams.intake.layouts.kinds import NAMED_HOST
from streams.intake.layouts.layout import Layout, bare, quoted, spaced

_SAMPLE = (
    '203.0.113.9 - anna [17/May/2026:10:05:03 +0000] "GET /cart HTTP/1.1" 200 1204 "-" '
    '"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" '
)

LAYOUT = Layout(
    "combined-vhost",
    "Combined, with the site's name (and port) last",
    spaced(CLIENT_COLUMNS, REQUEST_COLUMNS, BROWSER_COLUMNS, bare("host", NAMED_HOST)),
    sample=f"{_SAMPLE}www.example.com",
)
QUOTED = Layout(
    "combined-vhost-quoted",
    "Combined, with the site's name (and port) last, in quotes",
    spaced(CLIENT_COLUMNS, REQUEST_COLUMNS, BROWSER_COLUMNS, quoted("host", NAMED_HOST)),
    sample=f'{_SAMPLE}"www.example.com"',
)
