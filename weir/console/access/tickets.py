"""Signed sessions of browsers, tokens against forged requests, and the one-time link, all without storage."""

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
"""Time after which a log-in ends."""
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Ticket:
    """The content of a browser's cookie, after its signature was checked."""

    browser: str
    """A random id of the browser's session."""
    name: str
    """The user who logged in; empty if none did."""
    stamp: str
    """Hash of the user's password hash, so that a change of password ends the ticket; `link` for the one-time link."""


class Tickets:
    """Makes and checks tickets.

    Args:
        secret: signs the tickets; with another secret all users are logged out.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._signer = URLSafeTimedSerializer(secret, salt="weir console session")
        self._links: set[str] = set()

    def new(self, name: str = "", stamp: str = "") -> Ticket:
        """A ticket for a browser that has none or has just logged in; its id is new, against session fixation."""
        return Ticket(secrets.token_urlsafe(18), name, stamp)

    def cookie(self, ticket: Ticket) -> str:
        """The ticket as the cookie's value."""
        return str(self._signer.dumps([ticket.browser, ticket.name, ticket.stamp]))

    def read(self, cookie: str | None) -> Ticket | None:
        """The ticket of a cookie; None if the signature is wrong or the ticket is too old."""
        if not cookie:
            return None
        try:
            found = self._signer.loads(cookie, max_age=SESSION_S)
        except BadData:
            return None
        return Ticket(*found) if isinstance(found, list) and len(found) == 3 else None  # noqa: PLR2004 -- as written above

    def form_token(self, ticket: Ticket) -> str:
        """The token that a form of this browser must contain."""
        signed_text = f"form {ticket.browser} {ticket.name} {ticket.stamp}".encode()
        return hmac.new(self._secret, signed_text, hashlib.sha256).hexdigest()

    def is_own_form(self, ticket: Ticket, token: str) -> bool:
        """Whether a form's token is the token of this browser."""
        return hmac.compare_digest(self.form_token(ticket).encode(), token.encode("utf-8", "replace"))

    def new_link(self) -> str:
        """The secret part of a link that logs one browser in as operator, once."""
        link = secrets.token_urlsafe(24)
        self._links.add(link)
        return link

    def use_link(self, link: str) -> bool:
        """Whether the link is valid and not used yet; marks it as used."""
        if link in self._links:
            self._links.discard(link)
            return True
        return False


def stamp_of(password_hash: str) -> str:
    """A user's stamp, which changes with the password."""
    return hashlib.sha256(password_hash.encode()).hexdigest()[:16]


def secret_in(folder: Path) -> bytes:
    """The console's secret, made at the first start; only the console's user of the system can read the file."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "secret"
    found = path.read_bytes() if path.exists() else b""
    if len(found) >= _SECRET_BYTES:
        return found
    # Written to a temporary file and renamed: a killed console must not leave an empty secret, which anyone could use.
    handle, name = tempfile.mkstemp(dir=folder, prefix=".secret.")
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_hex(_SECRET_BYTES).encode())
    Path(name).replace(path)
    return path.read_bytes()
