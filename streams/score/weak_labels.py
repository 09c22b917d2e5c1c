"""Weak labels: labels that Weir derives from a closed session itself."""

from __future__ import annotations

from collections.abc import Callable, Collection

from rules.judgement import Judgement
from weir.contracts import Label, Session
from weir.contracts.flag import Stage

HONEYPOT = "honeypot"
"""Category of patterns for URLs that no person finds: a hidden link, a page that `robots.txt` forbids."""
WEAK_WEIGHTS = {"weak:honeypot": 0.6, "weak:purchase": 0.3, "weak:heuristics": 0.3, "weak:rate_limit": 0.2}
"""Weight by source; a human label weighs 1."""


def weak_label(
    session: Session,
    judgement: Judgement,
    shadow: Collection[Stage],
    *,
    is_pattern: Callable[[str], bool],
    is_trapped: bool = False,
) -> Label | None:
    """The weak label of a closed session, None if the signs are missing or contradict each other.

    A purchase is a sign of a benign session. A honeypot, and a `throttle` or `block` of rate limit or heuristics, are
    signs of an abusive one. A stage in shadow gives no sign, and neither does a verdict that a later stage lifted.

    Args:
        session: The closed session.
        judgement: The cascade's judgement of it.
        shadow: Stages in shadow.
        is_pattern: Whether a reason's id is a pattern's.
        is_trapped: Whether the session visited a honeypot.
    """
    # The limit of an address gives no sign, as other visitors share the address. Heuristics give one only by a pattern:
    # their rules use measures that are features too, and a model would learn those rules instead of abuse.
    abuse_sign: str | None = (
        HONEYPOT
        if is_trapped
        else next(
            (
                one.stage
                for one in judgement.stages
                if one.stage in {"rate_limit", "heuristics"}
                and one.stage not in shadow
                and one.verdict in {"throttle", "block"}
                and (one.stage != "rate_limit" or session.rate_limited)
                and (one.stage != "heuristics" or any(is_pattern(reason.id) for reason in one.reasons))
            ),
            None,
        )
    )
    if bool(session.purchases) == bool(abuse_sign):
        return None
    # A honeypot gives a label whatever the verdict, except for visitors that a business rule allows, such as a search
    # engine: these are no examples of abuse.
    is_set_right = judgement.verdict == "allow" and (abuse_sign != HONEYPOT or judgement.stage == "business_rule")
    if abuse_sign and is_set_right:
        return None
    source = f"weak:{abuse_sign}" if abuse_sign else "weak:purchase"
    return Label(
        visitor_id=session.visitor_id,
        session_id=session.session_id,
        ts=session.end,
        label="bad" if abuse_sign else "good",
        source=source,
        weight=WEAK_WEIGHTS[source],
    )
