"""What Weir itself concludes about a closed session."""

from __future__ import annotations

from collections.abc import Callable, Collection

from rules.judgement import Judgement
from weir.contracts import Label, Session
from weir.contracts.flag import Stage

HONEYPOT = "honeypot"
"""Category of patterns for what no person finds: a link that is hidden, a page that `robots.txt` forbids."""
WEAK_WEIGHTS = {"weak:honeypot": 0.6, "weak:purchase": 0.3, "weak:heuristics": 0.3, "weak:rate_limit": 0.2}
"""By source, where a person's answer weighs 1."""


def weak_label(
    session: Session,
    judgement: Judgement,
    shadow: Collection[Stage],
    *,
    is_pattern: Callable[[str], bool],
    is_trapped: bool = False,
) -> Label | None:
    """What Weir itself concludes about a closed session, None if nothing or contradictory things.

    A purchase speaks for it; a honeypot (`is_trapped`), or a `throttle` or `block` of the first two stages against it,
    unless the stage is in shadow or a business rule has set it right. A budget of its address is no accusation: behind
    it, others may have spent. Heuristics accuse only if a pattern (`is_pattern`) is among their reasons: rules ask for
    the measures that models have as features, and a model would learn nothing but the rules from them.
    """
    accuser: str | None = (
        HONEYPOT
        if is_trapped
        else next(
            (
                said.stage
                for said in judgement.stages
                if said.stage in {"rate_limit", "heuristics"}
                and said.stage not in shadow
                and said.verdict in {"throttle", "block"}
                and (said.stage != "rate_limit" or session.rate_limited)
                and (said.stage != "heuristics" or any(is_pattern(reason.id) for reason in said.reasons))
            ),
            None,
        )
    )
    if bool(session.purchases) == bool(accuser):
        return None
    # A honeypot needs no verdict; but who is let through by name, such as a search engine, is no bot to learn from.
    is_set_right = judgement.verdict == "allow" and (accuser != HONEYPOT or judgement.stage == "business_rule")
    if accuser and is_set_right:
        return None
    source = f"weak:{accuser}" if accuser else "weak:purchase"
    return Label(
        visitor_id=session.visitor_id,
        session_id=session.session_id,
        ts=session.end,
        label="bad" if accuser else "good",
        source=source,
        weight=WEAK_WEIGHTS[source],
    )
