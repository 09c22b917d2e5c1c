"""A subject that is over a limit, and the time until which it is."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from weir.contracts.base import EpochSeconds, Record

SubjectKind = Literal["visitor", "address", "account"]


class Limit(Record):
    """Topic `weir.limits`, key `kind:subject:limit`; for web servers that answer 429."""

    subject: str
    """Visitor id, address or account id."""
    kind: SubjectKind
    """The kind of the subject."""
    limit: str
    """The limit's id in the configuration."""
    observed: Annotated[float, Field(ge=0)]
    """Cost spent within `window_s` when the limit was crossed; of a limit of distinct values, their number."""
    window_s: Annotated[float, Field(gt=0)]
    """Length of the limit's window, in seconds."""
    until: EpochSeconds
    """Event time at which the limit allows one more event."""
    retry_after_s: Annotated[float, Field(ge=0)]
    """`until` less the event time of the crossing."""
    reason: str = ""
    """The meaning of the limit, as a sentence for a person; empty if `limit` is enough."""
    spares_known_after: int | None = None
    """Of an address: visitors who have sent so many requests with the same id are exempt. None: no visitor is."""
