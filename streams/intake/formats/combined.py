"""The combined format: Apache's and nginx's `combined`, and what most other servers offer under that name."""

from __future__ import annotations

from streams.intake.formats.common import WHAT, WHO
from streams.intake.layouts.kinds import REFERRER, USER_AGENT
from streams.intake.layouts.layout import Layout, quoted, spaced

BROWSER = (quoted("referrer", REFERRER), quoted("user_agent", USER_AGENT))

LAYOUT = Layout(
    "combined",
    "Apache's and nginx's `combined`",
    spaced(WHO, WHAT, BROWSER),
    sample='203.0.113.9 - anna [17/May/2026:10:05:03 +0000] "GET /shop?page=2 HTTP/1.1" 200 2326 '
    '"https://www.example.com/" "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"',
    config="nginx: `access_log … combined;` (its default)",
)
