"""Identifies the user of a request: by a signed cookie, by a proxy's headers, or as a person on this machine."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from weir.console.access.roles import ROLES, Person, Role
from weir.console.access.tickets import Ticket, Tickets, stamp_of
from weir.console.access.users import UserFile
from weir.errors import UsageError
from weir.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")
LINK = "link"
"""Stamp of a ticket that was made by the one-time link."""


@dataclass(frozen=True, slots=True)
class Door:
    """Access to the console.

    Args:
        tickets: signs the browsers' sessions.
        users: the users who may log in; None: no user file.
        local_name: name under which people on this machine act if there are no users.
        proxies: addresses of proxies whose user names are accepted.
        proxy_secret: secret that a proxy must send too.
        proxy_role: role of users that a proxy names without a role.
        hosts: names by which the console is reached; empty: any name.
    """

    tickets: Tickets
    users: UserFile | None
    local_name: str
    proxies: frozenset[str] = frozenset()
    proxy_secret: str | None = None
    proxy_role: Role = "read"
    hosts: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, settings: Settings, tickets: Tickets, local_name: str) -> Door:
        """The access that the settings describe.

        Raises:
            UsageError: it would be open to the network, a proxy is not an address, or the secret is missing.
        """
        if settings.console_proxies and settings.console_proxy_secret is None:
            raise UsageError(
                "console_proxies is set, and console_proxy_secret is not.",
                "Set WEIR_CONSOLE_PROXY_SECRET, and let the proxy send it as X-Weir-Proxy-Secret.",
            )
        for proxy in settings.console_proxies:
            try:
                ipaddress.ip_network(proxy, strict=False)
            except ValueError as error:
                raise UsageError(
                    f"console_proxies has {proxy}, which is not an address.",
                    "Name addresses or networks, as 10.0.0.0/24.",
                ) from error
        users = UserFile(settings.console_users_file) if settings.console_users_file is not None else None
        is_open = users is None and not settings.console_proxies
        if is_open and settings.console_host not in LOOPBACK:
            raise UsageError(
                f"console_host is {settings.console_host}, and there are no users and no proxy.",
                "Add users with `weir console user add` and set WEIR_CONSOLE_USERS_FILE, or leave it on 127.0.0.1.",
            )
        hosts = (
            frozenset((*LOOPBACK, *map(str.lower, settings.console_hosts)))
            if is_open or settings.console_hosts
            else frozenset()
        )
        secret = settings.console_proxy_secret
        return cls(
            tickets=tickets,
            users=users,
            local_name=local_name,
            proxies=frozenset(settings.console_proxies),
            proxy_secret=secret.get_secret_value() if secret is not None else None,
            proxy_role=settings.console_proxy_role,
            hosts=hosts,
        )

    @property
    def is_open(self) -> bool:
        """Whether people on this machine may read and review without logging in."""
        return self.users is None and not self.proxies

    def takes_host(self, host: str) -> bool:
        """Whether a `Host` header is a name of the console. Other names are refused, against DNS rebinding."""
        return not self.hosts or _name_of(host) in self.hosts

    def person(self, ticket: Ticket | None, headers: Mapping[str, str], address: str) -> Person | None:
        """The user of the request; None if it names no known user."""
        if (named := self._by_proxy(headers, address)) is not None:
            return named
        if self.is_open:
            if ticket is not None and ticket.stamp == LINK:
                return Person(self.local_name, "operate", "link")
            return Person(self.local_name, "review", "loopback")
        if ticket is None or not ticket.name or self.users is None:
            return None
        user = self.users.users().get(ticket.name)
        if user is None or stamp_of(user.hash) != ticket.stamp:
            return None
        return Person(user.name, user.role, "password")

    def _by_proxy(self, headers: Mapping[str, str], address: str) -> Person | None:
        name = headers.get("x-forwarded-user", "").strip()
        if not self.proxies or self.proxy_secret is None or not name or not name.isprintable():
            return None
        given_secret = headers.get("x-weir-proxy-secret", "")
        if not _is_among(address, self.proxies) or not hmac.compare_digest(
            given_secret.encode("latin-1", "replace"), self.proxy_secret.encode()
        ):
            return None
        wanted = headers.get("x-weir-role", self.proxy_role)
        role = next((role for role in ROLES if role == wanted), None)
        return Person(name[:128], role, "proxy") if role is not None else None


def _name_of(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()


def _is_among(address: str, proxies: frozenset[str]) -> bool:
    try:
        here = ipaddress.ip_address(address)
    except ValueError:
        return False
    # A socket for IPv4 and IPv6 has IPv4 addresses in this form.
    here = getattr(here, "ipv4_mapped", None) or here
    return any(here in ipaddress.ip_network(proxy, strict=False) for proxy in proxies)
