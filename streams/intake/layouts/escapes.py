r"""Decodes the escapes that servers write for special characters: `\x22`, `\"`, `\t` (Apache, nginx), `""` (CSV)."""

from __future__ import annotations

import re

_ESCAPE = re.compile(rb'\\(x[0-9A-Fa-f]{2}|.)|""', re.DOTALL)
_PLAIN = frozenset({b'"', b"\\", b"'", b"[", b"]"})
_CONTROL = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"v": b"\v", b"f": b"\f"}


def unescaped(text: str) -> str:
    """The text as the client sent it; invalid UTF-8 becomes U+FFFD."""
    return _ESCAPE.sub(_unescaped_character, text.encode()).decode(errors="replace")


def _unescaped_character(escape: re.Match[bytes]) -> bytes:
    code = escape[1]
    if code is None:
        return b'"'
    if len(code) > 1:
        return bytes.fromhex(code[1:].decode())
    # Servers escape no other character, so a backslash before another character was sent by the client: DOMAIN\\anna.
    return code if code in _PLAIN else _CONTROL.get(code, escape[0])
