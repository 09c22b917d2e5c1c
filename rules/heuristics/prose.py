# ruff: noqa: RUF001 -- words of other languages, and typographic quotes
"""Whether a search text or a title is prose around code: a question about a command rather than the command.

Most payloads work only if they end the text before them: with a quote, a semicolon, a comment. A question quotes
code as a whole, among words; markup that runs anywhere is no prose. `is_prose` asks for words of a sentence outside of
the code, and for quotes that come in pairs. Words such as `select` or `cat` count as code: a payload has them too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote_plus

from rules.heuristics.decode import query_text
from rules.heuristics.signs import MARK

LONGEST = 20_000
"""Characters that are looked at."""
_SEARCH_WORDS = "q query s search keyword keywords term terms text kw wd search_query searchterm title"
_SEARCH = frozenset(_SEARCH_WORDS.split())
"""Parameters in which sites take what people search for."""
_WORD = re.compile(r"[(\"'‘“*_-]{0,2}([^\W\d_]+(?:['’-][^\W\d_]+){0,3})(?:\(\))?[.,:;?!)\"'’”*_]{0,3}")
_CODE_WORDS = (
    "select union from where and or not null insert into update set delete drop table database having order group "
    "by like rlike between exec declare waitfor delay limit offset values xor case when then else end sleep "
    "benchmark true false cat ls id whoami uname wget curl nc netcat bash sh zsh ping echo rm cp mv kill chmod "
    "sudo find grep awk sed tee env script alert prompt confirm eval document window"
)
_CODE = frozenset(_CODE_WORDS.split())
_FUNCTION_WORDS = (
    "the a an of to for with without how what why which who does do did is are was be can could should would will "
    "my your i we you it this that these there if as at on in vs versus between using use than but about after "
    "before only same how's what's isn't doesn't don't can't won't didn't error problem question help wie was "
    "warum der die das ein eine und mit für nicht le la les un une des est que pourquoi comment avec pour dans el "
    "los una qué cómo por para con jak co dlaczego nie się как что почему не в на для и"
)
_FUNCTION = frozenset(_FUNCTION_WORDS.split())
_TOPICS_WORDS = (
    "bash shell linux unix ubuntu debian zsh powershell batch windows mysql sql postgres postgresql sqlite oracle "
    "mariadb mongo mongodb mongoose redis ldap xpath xml html css js javascript typescript node nodejs react vue "
    "angular jquery php laravel wordpress python django flask jinja java spring log4j kotlin scala ruby rails "
    "perl go golang rust swift docker kubernetes git github nginx apache regex awk sed printf excel latex vim "
    "emacs yaml json graphql iframe unserialize"
)
_TOPICS = frozenset(_TOPICS_WORDS.split())
_OPENS = re.compile(
    r"[¿\"'(\s]*(?:(?:how|what|why|which|who|whose|when|where|is|are|does|do|did|can|could|should|would|will|has|have"
    r"|difference|explain|understanding|understand|meaning|wie|was|warum|wieso|comment|pourquoi|cómo|qué|por\s+qué|jak"
    r"|dlaczego|как|почему|что)(?:'s|n't)?)\b[^=&|;<>$]",
)
_CLOSES = re.compile(
    r"\s(?:explained|explanation|meaning|means?|examples?|tutorial|syntax|(?:is\s+)?(?:not|doesn't|won't|never)\s+\w{2,20}(?:\s[\w\s]{0,40})?"
    r"|(?:does|goes|runs|works|hangs|stops|loops|is|gets|blocks|matches|replaces|removes|appears|gives?|returns?|throws?|shows?|fails?|prints?|waits?|crash(?:es)?|breaks?)(?:\s[\w\s,.'-]{0,60})?|vs\.?\s+\S{1,40}|error(?:\s+\w+)?|\w+\s+error"
    r"|(?:in|with|using|on|from|for)\s+(?:\w+\s+)?[a-z][\w.+#-]{0,20})\s*[?!.]*$"
)
_VERBS_WORDS = "select insert update delete find set order group limit"
_VERBS = frozenset(_VERBS_WORDS.split())
_LABEL = re.compile(r"[a-z][\w.+#-]{1,80}:\s")
"""What a question is about, or the error that it quotes: `cron: ...`, `TypeError: ...`."""
_CUT_OFF = re.compile(r"['\"`\d)]\s*(?:;\s*)?(?:--|/\*|(?<!\bc)(?<!\bf)#)[\s+!(-]*\w{0,12}$|%00$|//\s*$")
_BEGINS_A_PAYLOAD = re.compile(
    # A parameter's number, and how the statement goes on behind it.
    r"\s*[-+(]*(?:0x[0-9a-f]{1,16}|[0-9][0-9.-]{0,16}|@{1,2}\w{1,32})[)'\"]*(?:\s|/\*.{0,32}?\*/|\+)+(?:union|and|or|order|group|having|limit)\b"
    r"|\(+\s*select\b"
    r"|\s*(?:[;|&)\]}]|[^\s(]{1,64}[;|&](?!\S*;$))|\s*[\w.@-]*['\"][\s)]*(?:or|and|union|having|\|\||&&|[;+*^=,-])"
)
_RUNS = re.compile(
    r"<\w[^<>]{0,200}\son\w{3,20}\s{0,9}=\s{0,9}[\w\"'`]{1,40}\(|<script[^>]{0,100}>[^<]{0,200}\("
    r"|['\"]\s{0,9}union\s+(?:all\s+)?select\b"
)
"""Payloads that run at any place of a text; a text that opens as a question quotes it."""
_COMMAND = re.compile(r";\s{0,9}(?:cat|curl|wget|nc|sh|bash)\s[^?]{0,60}/(?:etc|bin|tmp|dev|proc)/[^?]{0,60}$")
"""The same of a shell."""
_QUOTE = re.compile(r"(?<![^\W_])'|'(?![^\W_])|\"")
_MAY_MATTER = re.compile(r"[^\w./?=&:@,~!+-]")
_FEWEST = 2
_SENTENCE = 5
_SENTENCES = 8
"""Words outside of code, where quotes are not in pairs."""


def is_prose(text: str) -> bool:
    """Whether a decoded text, in lower case, is prose, with or without code inside."""
    text = text[:LONGEST].partition(MARK)[0].strip()
    words = _words(text)
    plain = [word for word in words if word and word not in _CODE]
    if not plain or _BEGINS_A_PAYLOAD.match(text):
        return False
    if not text.endswith("?") and not _OPENS.match(text) and (_RUNS.search(text) or _COMMAND.search(text)):
        return False
    function = sum(1 for word in plain if word in _FUNCTION)
    if _OPENS.match(text) and len(plain) > _FEWEST and (len(plain) >= _SENTENCE or not _CUT_OFF.search(text)):
        return True
    if _CUT_OFF.search(text):
        return False
    leading = _leading(words)
    if _breaks_out(text):
        return len(plain) >= _SENTENCES and function > _FEWEST and leading > 0
    return (
        (_LABEL.match(text) is not None and len(plain) >= _FEWEST)
        or leading >= _FEWEST
        or (leading == 1 and (function > 0 or plain[0] in _TOPICS))
        or (_CLOSES.search(text) is not None and not text.endswith(">"))
    )


def without_prose(url: str) -> str:
    """A URL, as it was sent, without what its search parameters carry if that is prose."""
    head, mark, query = url.partition("?")
    if not mark or not _MAY_MATTER.search(query):
        return url
    parts = query.split("&")
    kept = [
        name + "=" if _is_search(name, value) else part for part in parts for name, _, value in [part.partition("=")]
    ]
    return url if kept == parts else f"{head}?{'&'.join(kept)}"


def _is_search(name: str, value: str) -> bool:
    return bool(value) and unquote_plus(name).lower() in _SEARCH and is_prose(query_text(value))


def _words(text: str) -> list[str]:
    """Word by word: the word itself, or nothing if something else is there."""
    found = ((piece, _WORD.fullmatch(piece)) for piece in text.split())
    return [piece if piece in _TOPICS else one[1] if one else "" for piece, one in found]


def _leading(words: Sequence[str]) -> int:
    """Plain words at the beginning; `Delete duplicate rows: ...` begins with one, too."""
    if words[0] in _VERBS and all(word and word not in _CODE for word in words[1:3]):
        words = words[1:]
    for number, word in enumerate(words):
        if not word or word in _CODE:
            return number
    return len(words)


def _breaks_out(text: str) -> bool:
    """Whether quotes are not in pairs, or the first one ends something: apostrophes inside of words are no quotes."""
    for quote in "'\"":
        places = [found.start() for found in _QUOTE.finditer(text) if found[0] == quote]
        if not places:
            continue
        first = places[0]
        before, after = text[first - 1 : first], text[first + 1 : first + 2]
        if len(places) % 2 or before.isalnum() or not after or after in " )":
            return True
    return False
