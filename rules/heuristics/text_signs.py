"""Signs of advertising in posts that no regular expression of RE2 can tell, since they compare parts of a text."""

from __future__ import annotations

import re
from itertools import groupby
from urllib.parse import unquote

MOST_REPEATS = 7
"""Times that people write one word in a row; laughter and songs have short words and don't count."""
FEWEST_LETTERS = 4
_ANCHORS = (
    re.compile(
        r"<a\s[^<>]{0,300}?href\s{0,9}=\s{0,9}[\"']?(?P<to>https?://[^\s\"'<>]{1,500})[^<>]{0,300}>\s{0,9}(?P<shown>[^<>]{1,300})</a",
        re.IGNORECASE,
    ),
    re.compile(
        r"\[url=[\"']?(?P<to>https?://[^\s\"'\[\]]{1,500})[\"']?\](?P<shown>[^\[\]]{1,300})\[/url", re.IGNORECASE
    ),
    re.compile(r"\[(?P<shown>[^\[\]]{1,300})\]\((?P<to>https?://[^\s()]{1,500})", re.IGNORECASE),
)
_ADDRESS = re.compile(r"\s*(?:https?://|www\.)([^\s/?#:]{1,253})", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_WRAPPERS = frozenset({"t.co", "lnkd.in"})
"""Sites that put themselves in the place of every link that is copied from them."""


def hides_target(text: str) -> bool:
    """Whether a link of the text, as it was sent, shows one site's address and leads to another site."""
    return any(_differs(found["to"], found["shown"]) for anchor in _ANCHORS for found in anchor.finditer(text))


def repeats_one_word(text: str) -> bool:
    """Whether one word of some length stands more often in a row than people write it."""
    words = (word[0] for word in _WORD.finditer(text.casefold()))
    return any(
        len(word) >= FEWEST_LETTERS and len(set(word)) > 2 and sum(1 for _ in run) > MOST_REPEATS  # noqa: PLR2004 -- laughter has two
        for word, run in groupby(words)
    )


def _differs(to: str, shown: str) -> bool:
    address, target = _ADDRESS.match(shown), _ADDRESS.match(to)
    if address is None or target is None:
        return False
    shown_site, site = _site(address[1]), _site(target[1])
    # Redirects that name the address that they lead to hide nothing.
    return shown_site != site and target[1].casefold() not in _WRAPPERS and shown_site not in unquote(to).casefold()


def _site(host: str) -> str:
    """The last two labels: too generous below suffixes such as `co.uk`, which errs on the side of people."""
    return ".".join(host.casefold().strip(".,;").split(".")[-2:])
