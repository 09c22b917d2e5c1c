"""The combined format of Apache and nginx, which most other servers offer as well."""

from __future__ import annotations

from streams.intake.formats.common import CLIENT_COLUMNS, REQUEST_COLUMNS
from streams.intake.layouts.kinds import REFERRER, USER_AGENT
from streams.intake.layouts.layout import Layout, quoted, spaced

BROWSER_COLUMNS = (quoted("referrer", REFERRER), quoted("user_agent", USER_AGENT))

LAYOUT = Layout(
    "combined",
    "Apache's and nginx's `combined`",
    spaced(CLIENT_COLUMNS, REQUEST_COLUMNS, BROWSER_COLUMNS),
    sample='203.0.113.9 - anna [17/May/2026:10:05:03 +0000] "GET /shop?page=2 HTTP/1.1" 200 2326 '
    '"https://www.example.com/" "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"',
    config="nginx: `access_log … combined;` (its default)",
)
