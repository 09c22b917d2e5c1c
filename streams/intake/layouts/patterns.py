"""Patterns around a layout's columns: quotes, prefixes of log collectors, and columns after the last one.

Every pattern is bounded or possessive, so that matching a line takes at most linear time.
"""

from __future__ import annotations

import re

QUOTED = r'(?:[^"\\]++|\\.|"")*+'
BRACKETED = r"[^\]]*+"
# Line prefixes of syslog, journald, Kubernetes and Docker Compose: RFC 3164, RFC 5424, an ISO time, CRI, a name.
_HOST_AND_TAG = r"[\w.:-]{1,255} [\w./-]{1,64}(?:\[[0-9]{1,10}\])?: "
HEAD = (
    r"(?:(?:<[0-9]{1,3}>)?(?:"
    rf"[A-Z][a-z]{{2}} [ 0-9][0-9] [0-9:]{{8}} (?:{_HOST_AND_TAG}|[\w./-]{{1,64}}(?:\[[0-9]{{1,10}}\])?: )"
    rf"|[0-9]{{4}}-[0-9-]{{5}}T[0-9:.,]{{8,18}}(?:Z|[+-][0-9:]{{4,6}}) {_HOST_AND_TAG}"
    r"|1 [0-9T:.,+Z-]{10,40} [\w.:-]{1,255} [\w./-]{1,64} [\w.-]{1,128} [\w.-]{1,64} (?:-|\[[^\]]{0,1024}\]) "
    r")|[0-9]{4}-[0-9-]{5}T[0-9:.]{8,18}(?:Z|[+-][0-9:]{4,6}) (?:stdout|stderr) [FP] "
    r"|[\w.-]{1,128} {1,16}\| )?"
)
EXTRA = re.compile(
    rf'(?P<key>[A-Za-z_$][\w.$-]{{0,63}}+)=(?:"(?P<pair>{QUOTED})"|(?P<bare_pair>[^\s"]*+))'
    rf'|"(?P<quoted>{QUOTED})"|\[(?P<bracketed>[^\]]{{0,1024}}+)\]|(?P<bare>[^\s"]++)'
)
UNQUOTED_EXTRA = rf'(?:[A-Za-z_$][\w.$-]{{0,63}}+=(?:"{QUOTED}"|[^\s"]*+)|\[[^\]]{{0,1024}}+\]|[^\s"]++)'
ANY_EXTRA = rf'(?:[A-Za-z_$][\w.$-]{{0,63}}+=(?:"{QUOTED}"|[^\s"]*+)|"{QUOTED}"|\[[^\]]{{0,1024}}+\]|[^\s"]++)'
TOKEN = re.compile(rf'\s*("{QUOTED}"?|\[[^\]]{{0,1024}}+\]?|\S++)')
