"""When a verdict becomes a record of `weir.flags`, and as which."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from rules.judgement import Judgement
from streams.score.scored import Scored
from weir.contracts import Session
from weir.contracts.fast import encode
from weir.kafka.records import Output
from weir.topics import FLAGS


class Told(msgspec.Struct, frozen=True):
    """What consumers know of a session: the essence of its last flag."""

    verdict: str
    stage: str
    reasons: tuple[str, ...]
    """Ids of the reasons."""
    is_set_right: bool = False
    """An `allow` of a business rule's, where an earlier stage said something else."""

    @classmethod
    def of(cls, judgement: Judgement) -> Told:
        """The essence of a judgement."""
        in_shadow = {said.stage for said in judgement.shadow}
        is_set_right = judgement.stage == "business_rule" and any(
            said.verdict != "allow" and said.stage not in in_shadow for said in judgement.stages
        )
        reasons = tuple(reason.id for reason in judgement.reasons)
        return cls(judgement.verdict, judgement.stage, reasons, is_set_right and judgement.verdict == "allow")

    def is_news_after(self, last: Told | None) -> bool:
        """Whether consumers must hear of it; a first `allow` tells them nothing, but for the rule that saw to it."""
        return (self.verdict != "allow" or self.is_set_right) if last is None else self != last


def flag_id(session: Session, judgement: Judgement) -> str:
    """Hash of session, revision, verdict, stage, reasons and their versions: the same verdict has the same id."""
    reasons = [[reason.id, reason.version] for reason in judgement.reasons]
    content = [session.session_id, session.revision, judgement.verdict, judgement.stage, reasons]
    return hashlib.blake2b(msgspec.json.encode(content), digest_size=16).hexdigest()


def flag(scored: Scored, judgement: Judgement, latency_ms: float) -> Output:
    """The flag for a session's judgement."""
    session = scored.session
    record: dict[str, Any] = {
        "flag_id": flag_id(session, judgement),
        "session_id": session.session_id,
        "visitor_id": session.visitor_id,
        "revision": session.revision,
        "ts": session.end,
        "verdict": judgement.verdict,
        "stage": judgement.stage,
        "reasons": judgement.reasons,
        "score": scored.score,
        "model": scored.scorer.ref if scored.scorer else None,
        "features_hash": scored.features_hash,
        "latency_ms": latency_ms,
        "shadow": (*judgement.shadow, *judgement.trials),
    }
    headers = (("verdict", judgement.verdict.encode()), ("stage", judgement.stage.encode()))
    return Output(FLAGS, session.visitor_id.encode(), encode(record), headers)
