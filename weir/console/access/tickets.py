"""Signed sessions of browsers, tokens against forged requests, and the one-time link: nothing of it is stored."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from itsdangerous import BadData, URLSafeTimedSerializer

SESSION_S = 12 * 3_600
"""How long a log-in lasts."""
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a browser's cookie says, once its signature was checked."""

    browser: str
    """A random id of the browser's session."""
    name: str
    """The user who logged in; empty if none did."""
    stamp: str
    """Of the user's password hash: a ticket of before a change of password is void. `link` for the one-time link."""


class Tickets:
    """Makes and checks tickets.

    Args:
        secret: signs them; another one logs everybody out.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._signer = URLSafeTimedSerializer(secret, salt="weir console session")
        self._links: set[str] = set()

    def new(self, name: str = "", stamp: str = "") -> Ticket:
        """A ticket for a browser that has none, or that just logged in: its id is new, whatever it had before."""
        return Ticket(secrets.token_urlsafe(18), name, stamp)

    def cookie(self, ticket: Ticket) -> str:
        """The ticket as the cookie's value."""
        return str(self._signer.dumps([ticket.browser, ticket.name, ticket.stamp]))

    def read(self, cookie: str | None) -> Ticket | None:
        """What a cookie says; None where it isn't ours, or too old."""
        if not cookie:
            return None
        try:
            found = self._signer.loads(cookie, max_age=SESSION_S)
        except BadData:
            return None
        return Ticket(*found) if isinstance(found, list) and len(found) == 3 else None  # noqa: PLR2004 -- as written above

    def form_token(self, ticket: Ticket) -> str:
        """What a form must carry to be this browser's own."""
        signed_text = f"form {ticket.browser} {ticket.name} {ticket.stamp}".encode()
        return hmac.new(self._secret, signed_text, hashlib.sha256).hexdigest()

    def is_own_form(self, ticket: Ticket, token: str) -> bool:
        """Whether a form's token is this browser's."""
        return hmac.compare_digest(self.form_token(ticket).encode(), token.encode("utf-8", "replace"))

    def new_link(self) -> str:
        """The secret part of a link that lets one browser in as operator, once."""
        link = secrets.token_urlsafe(24)
        self._links.add(link)
        return link

    def use_link(self, link: str) -> bool:
        """Whether the link was given out and not used yet; it is used now."""
        if link in self._links:
            self._links.discard(link)
            return True
        return False


def stamp_of(password_hash: str) -> str:
    """A user's stamp: changes with the password."""
    return hashlib.sha256(password_hash.encode()).hexdigest()[:16]


def secret_in(folder: Path) -> bytes:
    """The console's own secret, made at the first start; only its user can read it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "secret"
    found = path.read_bytes() if path.exists() else b""
    if len(found) >= _SECRET_BYTES:
        return found
    # Written beside it and moved: a console that is killed here leaves no empty secret, by which anybody could sign.
    handle, name = tempfile.mkstemp(dir=folder, prefix=".secret.")
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_hex(_SECRET_BYTES).encode())
    Path(name).replace(path)
    return path.read_bytes()
