"""When a business rule holds: conditions over the session, the verdict so far and the score."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, PrivateAttr

from rules.document import Strict, as_tuple
from weir.contracts.flag import Stage, Verdict
from weir.contracts.session import Session

Measure = Literal[
    "events",
    "page_views",
    "clicks",
    "searches",
    "carts",
    "purchases",
    "distinct_urls",
    "repeats",
    "duration_s",
    "rate_limited",
]
"""Figures of a session that a rule may bound."""
Texts = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(as_tuple), Field(min_length=1)]
Bounds = Annotated[dict[Measure | Literal["score"], float], Field(min_length=1)]
Network = IPv4Network | IPv6Network


class When(Strict):
    """Conditions that must hold together; within a list, one is enough."""

    visitors: Texts | None = None
    """Visitor ids."""
    accounts: Texts | None = None
    """Account ids."""
    networks: Texts | None = None
    """Networks that the session's address lies in, such as `192.0.2.0/24` or `2001:db8::/32`."""
    user_agent_contains: Texts | None = None
    referrer_hosts: Texts | None = None
    """Host names, with their subdomains."""
    entry_path_prefixes: Texts | None = None
    reasons: Texts | None = None
    """Patterns that matched in the session."""
    stages: Annotated[tuple[Stage, ...], BeforeValidator(as_tuple), Field(min_length=1)] | None = None
    """The stage that has decided so far."""
    verdicts: Annotated[tuple[Verdict, ...], BeforeValidator(as_tuple), Field(min_length=1)] | None = None
    """The verdict so far."""
    at_least: Bounds | None = None
    """Least values of the session's figures, or of the score."""
    at_most: Bounds | None = None
    """Greatest values; with both, the figure lies between them."""

    _networks: tuple[Network, ...] = PrivateAttr(default=())

    def model_post_init(self, _context: object) -> None:
        """Reads the networks once."""
        self._networks = tuple(ip_network(text, strict=False) for text in self.networks or () if is_network(text))

    def holds(self, session: Session, verdict: Verdict, stage: Stage, score: float | None) -> bool:
        """Whether every condition that is given holds."""
        return (
            _among(session.visitor_id, self.visitors)
            and _any_among(session.account_ids, self.accounts)
            and self._in_networks(session.ip)
            and _contains(session.user_agent, self.user_agent_contains)
            and _of_host(session.referrer, self.referrer_hosts)
            and _begins(session.entry_url, self.entry_path_prefixes)
            and _any_among(list(session.heuristics), self.reasons)
            and _among(stage, self.stages)
            and _among(verdict, self.verdicts)
            and self._within(session, score)
        )

    def _in_networks(self, address: str | None) -> bool:
        if self.networks is None:
            return True
        try:
            found = ip_address(address or "")
        except ValueError:
            return False
        return any(found in network for network in self._networks)

    def _within(self, session: Session, score: float | None) -> bool:
        for name, least in (self.at_least or {}).items():
            value = _figure(session, score, name)
            if value is None or value < least:
                return False
        for name, most in (self.at_most or {}).items():
            value = _figure(session, score, name)
            if value is None or value > most:
                return False
        return True


def is_network(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 network or address."""
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _figure(session: Session, score: float | None, name: str) -> float | None:
    if name == "score":
        return score
    value: float = getattr(session, name)
    return value


def _among(value: str, wanted: Sequence[str] | None) -> bool:
    return wanted is None or value in wanted


def _any_among(values: Sequence[str], wanted: Sequence[str] | None) -> bool:
    return wanted is None or any(value in wanted for value in values)


def _contains(value: str | None, wanted: Sequence[str] | None) -> bool:
    return wanted is None or (value is not None and any(part in value for part in wanted))


def _of_host(referrer: str | None, wanted: Sequence[str] | None) -> bool:
    if wanted is None:
        return True
    try:
        host = (urlsplit(referrer or "").hostname or "").lower()
    except ValueError:
        return False
    return any(host == name or host.endswith("." + name) for name in wanted)


def _begins(url: str | None, wanted: Sequence[str] | None) -> bool:
    if wanted is None:
        return True
    try:
        path = urlsplit(url or "").path
    except ValueError:
        return False
    return any(path.startswith(prefix) for prefix in wanted)
