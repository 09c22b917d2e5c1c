"""What a closed session leads to beside its verdict: a weak label, or a question for a person."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Literal

from rules.cascade import Judgement
from weir.contracts import Label, Review, Session
from weir.contracts.flag import Stage

WEAK_WEIGHTS = {"weak:purchase": 0.3, "weak:heuristics": 0.3, "weak:rate_limit": 0.2}
"""By source, where a person's answer weighs 1."""
UNSURE = (0.35, 0.8)
"""Scores between these are worth a question; above, the model is sure enough to act."""
_SAMPLE_SEED = b"review-sample"


def weak_label(session: Session, judgement: Judgement, shadow: Collection[Stage]) -> Label | None:
    """What Weir itself concludes about a closed session, None if nothing or contradictory things.

    A purchase speaks for it; a `throttle` or `block` of the first two stages against it, unless the stage is in shadow
    or a business rule has set it right. A budget of its address is no accusation: behind it, others may have spent.
    """
    accuser = next(
        (
            said.stage
            for said in judgement.stages
            if said.stage in {"rate_limit", "heuristics"}
            and said.stage not in shadow
            and said.verdict in {"throttle", "block"}
            and (said.stage != "rate_limit" or session.rate_limited)
        ),
        None,
    )
    if bool(session.purchases) == bool(accuser) or (accuser and judgement.verdict == "allow"):
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


def review(session: Session, judgement: Judgement, score: float | None, sample_share: float) -> Review | None:
    """The question that a closed session is worth: where the cascade is unsure, and of a random share."""
    why: Literal["unsure", "random"]
    if judgement.verdict == "review" or (score is not None and UNSURE[0] <= score <= UNSURE[1]):
        why = "unsure"
    elif _chance(session.session_id) < sample_share:
        why = "random"
    else:
        return None
    return Review(
        session_id=session.session_id,
        visitor_id=session.visitor_id,
        ts=session.end,
        why=why,
        score=score,
        reasons=list(judgement.reasons),
    )


def _chance(session_id: str) -> float:
    """A number below 1 that the session's id decides: the same sessions are asked about in a replay."""
    digest = hashlib.blake2b(session_id.encode(), digest_size=8, key=_SAMPLE_SEED).digest()
    return int.from_bytes(digest) / 2**64
