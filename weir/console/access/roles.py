"""Roles and their permissions: the table that every page checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Role = Literal["read", "review", "operate"]
ROLES: tuple[Role, ...] = ("read", "review", "operate")
"""Roles in rising order: each may do everything that the roles before it may."""

MAY: Mapping[str, Role] = {
    "look": "read",
    "export": "read",
    "read events on demand": "read",
    "answer": "review",
    "unsure": "review",
    "skip": "review",
    "undo": "review",
    "save_queue": "review",
    "remove_queue": "review",
    "promote": "operate",
    "rollback": "operate",
    "replay_dead_letters": "operate",
}
"""Each action with the least role that may do it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks."""

    name: str
    role: Role
    how: Literal["password", "proxy", "loopback", "link"]
    """How the person was identified."""

    def may(self, action: str) -> bool:
        """Whether the person's role is enough for an action."""
        return ROLES.index(self.role) >= ROLES.index(MAY[action])
