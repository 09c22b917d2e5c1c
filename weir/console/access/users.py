"""The file of users: names, roles, and passwords as Argon2 hashes."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from weir.console.access.roles import ROLES, Role
from weir.errors import SettingsError, UsageError

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1_024
LONGEST_NAME = 128
_hasher = PasswordHasher()
_NO_USER = _hasher.hash("no user's password")
"""Checked when there is no such user, so that the response time does not reveal which names exist."""


@dataclass(frozen=True, slots=True)
class User:
    """A person who may log in."""

    name: str
    role: Role
    hash: str


class UserFile:
    """Reads the file again after each change, so that a removed user has no access at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._users: dict[str, User] = {}
        self._read_of: tuple[int, int, int] | None = None

    def users(self) -> dict[str, User]:
        """All users of the file, by name.

        Raises:
            SettingsError: the file is not what `weir console user add` writes.
        """
        try:
            now = self.path.stat()
        except FileNotFoundError:
            return {}
        stamp = (now.st_mtime_ns, now.st_size, now.st_ino)
        if stamp != self._read_of:
            self._users = _parse(self.path)
            self._read_of = stamp
        return self._users

    def log_in(self, name: str, password: str) -> User | None:
        """The user of that name, if the password is right; else None."""
        user = self.users().get(name)
        try:
            _hasher.verify(user.hash if user is not None else _NO_USER, password[:LONGEST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return None
        return user

    def add(self, name: str, role: Role, password: str) -> None:
        """Adds a user, or gives an existing one another role and password.

        Raises:
            UsageError: the name or the password is not valid.
        """
        if not name or len(name) > LONGEST_NAME or not name.isprintable() or name != name.strip() or ":" in name:
            raise UsageError(f"{name!r} is not a valid user name.", "Use letters and digits, without a colon.")
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise UsageError(
                f"The password has only {len(password)} characters.", f"Choose one of at least {SHORTEST_PASSWORD}."
            )
        self._write(self.users() | {name: User(name, role, _hasher.hash(password))})

    def remove(self, name: str) -> None:
        """Removes a user.

        Raises:
            UsageError: there is no such user.
        """
        if name not in self.users():
            raise UsageError(f"There is no user {name}.", "`weir console user list` lists the users.")
        self._write({user.name: user for user in self.users().values() if user.name != name})

    def _write(self, users: dict[str, User]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        rows = [{"name": user.name, "role": user.role, "hash": user.hash} for user in users.values()]
        # Written to a temporary file and renamed: a console that reads at this moment gets the old or the new file.
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        with os.fdopen(handle, "w") as file:
            json.dump({"users": rows}, file, indent=2)
        Path(name).chmod(0o600)
        Path(name).replace(self.path)


def _parse(path: Path) -> dict[str, User]:
    try:
        rows = json.loads(path.read_text())["users"]
        users = [User(str(row["name"]), row["role"], str(row["hash"])) for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"{path} is not a file of users: {error}.", "Remove it; `weir console user add` writes a new one."
        ) from error
    for user in users:
        if user.role not in ROLES:
            raise SettingsError(
                f"{path}: {user.name} has the unknown role {user.role}.", f"Use one of {', '.join(ROLES)}."
            )
    return {user.name: user for user in users}
