"""When a business rule holds: conditions over the session, the verdict so far and the score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from rules.document import Strict, as_tuple
from rules.limits.ranges import as_network
from rules.measures import MEASURE_READERS, is_within
from weir.contracts.flag import Stage, Verdict
from weir.contracts.session import Session
from weir.networks import Network, Networks

BoundedMeasure = Literal[
    "events", "page_views", "clicks", "searches", "carts", "purchases",
    "distinct_urls", "repeats", "duration_s", "rate_limited",
]  # fmt: skip
"""The measures of a session that a business rule may bound."""
Texts = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(as_tuple), Field(min_length=1)]
Bounds = Annotated[dict[BoundedMeasure | Literal["score"], float], Field(min_length=1)]


class Who(Strict):
    """Whom a rule is about. Conditions must hold together; within a list, one is enough."""

    visitors: Texts | None = None
    """Visitor ids."""
    accounts: Texts | None = None
    """Account ids."""
    account_prefixes: Texts | None = None
    """What account ids begin with, such as a customer's."""
    networks: Texts | None = None
    """Networks that the session's address lies in, such as `192.0.2.0/24` or `2001:db8::/32`."""
    networks_file: str | None = None
    """A file of networks, beside this one: a country's, for example. Its networks and `networks` are one list."""
    crawlers: Texts | None = None
    """Crawlers that the limits' file names, by their ranges and their name."""
    segments: Texts | None = None
    """Segments of this file."""

    def holds_for(self, session: Session, context: Context) -> bool:
        """Whether every condition on visitor, account, network, crawler and segment holds."""
        return (
            _among(session.visitor_id, self.visitors)
            and _any_among(session.account_ids, self.accounts)
            and _any_begins(session.account_ids, self.account_prefixes)
            and (self.crawlers is None or context.crawler(session) in self.crawlers)
            and (self.segments is None or any(context.is_in(name, session) for name in self.segments))
            and ((self.networks is None and self.networks_file is None) or context.lies_in(self, session))
        )


class SiteScope(Who):
    """Conditions on the visitor and on the part of the site."""

    entry_path_prefixes: Texts | None = None
    """What the path begins with that the session began at."""
    exit_path_prefixes: Texts | None = None
    """What the path begins with that it is at now."""
    referrer_hosts: Texts | None = None
    """Host names, with their subdomains."""
    user_agent_contains: Texts | None = None

    def is_of(self, session: Session, context: Context) -> bool:
        """Whether every condition on the visitor and on the part of the site holds."""
        return (
            _contains(session.user_agent, self.user_agent_contains)
            and _of_host(session.referrer, self.referrer_hosts)
            and _begins(session.entry_url, self.entry_path_prefixes)
            and _begins(session.exit_url, self.exit_path_prefixes)
            and self.holds_for(session, context)
        )


class When(SiteScope):
    """Conditions that must hold together; within a list, one is enough."""

    impostors: Literal[True] | None = None
    """The session gives the name of a crawler that the limits' file names, and comes from elsewhere."""
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

    def holds(self, preceding: PrecedingVerdict, context: Context) -> bool:
        """Whether every condition that is given holds."""
        session = preceding.session
        return (
            _among(preceding.stage, self.stages)
            and _among(preceding.verdict, self.verdicts)
            and _any_among(list(session.heuristics), self.reasons)
            and self._within(session, preceding.score)
            and self.is_of(session, context)
            and (self.impostors is None or context.is_impostor(session))
        )

    def _within(self, session: Session, score: float | None) -> bool:
        def value(name: BoundedMeasure | Literal["score"]) -> float | None:
            return score if name == "score" else MEASURE_READERS[name](session)

        least, most = self.at_least or {}, self.at_most or {}
        return all(is_within(value(name), at_least=bound) for name, bound in least.items()) and all(
            is_within(value(name), at_most=bound) for name, bound in most.items()
        )


@dataclass(frozen=True, slots=True)
class PrecedingVerdict:
    """The verdict of the stages before business rules on a session."""

    session: Session
    verdict: Verdict
    stage: Stage
    score: float | None = None


class Context:
    """What conditions refer to by name: segments, networks in files, crawlers."""

    def __init__(
        self,
        segments: dict[str, SiteScope] | None = None,
        ranges: dict[str, Sequence[str]] | None = None,
        networks: Networks | None = None,
    ) -> None:
        self._segments = segments or {}
        self._ranges = ranges or {}
        self._networks = networks or Networks()
        self._lists: dict[tuple[object, object], Networks] = {}

    def is_in(self, segment: str, session: Session) -> bool:
        """Whether a session is of a segment."""
        found = self._segments.get(segment)
        return found is not None and found.is_of(session, self)

    def crawler(self, session: Session) -> str | None:
        """The crawler that a session is verified to be."""
        return self._networks.crawler(session.ip, session.user_agent)

    def is_impostor(self, session: Session) -> bool:
        """Whether a session gives a crawler's name from elsewhere."""
        return self._networks.impostor(session.ip, session.user_agent) is not None

    def lies_in(self, who: Who, session: Session) -> bool:
        """Whether a session's address lies in the networks of a condition."""
        if session.ip is None:
            return False
        key = (who.networks, who.networks_file)
        listed = self._lists.get(key)
        if listed is None:
            ranges = [*(who.networks or ()), *self._ranges.get(who.networks_file or "", ())]
            listed = self._lists[key] = Networks([Network(id="listed", treat="trusted", ranges=tuple(ranges))])
        return listed.place(session.ip).trusted


def is_network(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 network or address."""
    return as_network(text) is not None


def _among(value: str, wanted: Sequence[str] | None) -> bool:
    return wanted is None or value in wanted


def _any_among(values: Sequence[str], wanted: Sequence[str] | None) -> bool:
    return wanted is None or any(value in wanted for value in values)


def _any_begins(values: Sequence[str], wanted: Sequence[str] | None) -> bool:
    return wanted is None or any(value.startswith(tuple(wanted)) for value in values)


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
    return path.startswith(tuple(wanted))
