"""Signed records of a person's promotion or rollback of a version, and the action for them."""

from __future__ import annotations

from typing import Literal

from models.serving.ledger import Ledger
from models.serving.snapshot import record_key, sign
from weir.contracts import Action
from weir.contracts.fast import encode
from weir.contracts.model_record import Decision
from weir.errors import UsageError
from weir.kafka.records import Output
from weir.topics import MODELS

MOST_WHY = 1_000
Kind = Literal["promote", "rollback"]
SENTENCES = {
    "promotion": "Version {version} became champion",
    "refresh": "The learner, further along, became champion as version {version}",
    "rollback": "Version {version} was made champion again",
    "refusal": "Version {version} was refused",
    "shadow": "Version {version} began to score in shadow, which decides nothing",
    "share": "Version {version} began to score for a share of the visitors",
    "withdrawal": "Version {version} was taken from its trial",
}


def in_words(decision: Decision) -> str:
    """A decision as a sentence without its end."""
    if not decision.version:
        return f"The champion {decision.previous_version or ''} was rolled back: no model scores".replace("  ", " ")
    sentence = SENTENCES[decision.kind].format(version=decision.version)
    before = decision.previous_version
    return (
        f"{sentence}, in the place of {before}"
        if before and decision.kind in {"promotion", "refresh", "rollback"}
        else sentence
    )


def records_of(  # noqa: PLR0913 -- one parameter a field
    ledger: Ledger, key: bytes, kind: Kind, version: str, *, action_id: str, who: str, why: str, now_s: float
) -> tuple[Action, list[Output]]:
    """The action, and the records that make a version champion; without a version, a rollback to the previous one.

    Raises:
        UsageError: there is no such version, it is champion already, or no reason is given.
    """
    if not why:
        raise UsageError("The decision has no reason.", "Give a reason, which is kept with the decision.")
    chosen = version or (ledger.before() if kind == "rollback" else "")
    if not chosen:
        raise UsageError("No version is chosen.", "Choose the version to promote.")
    decided: Literal["promotion", "rollback"] = "promotion" if kind == "promote" else "rollback"
    snapshot, decision, champion = ledger.decide(decided, chosen, by=who, why=why[:MOST_WHY], at=now_s)
    # Promotion clears the field `draft`, so the snapshot is signed again.
    signed = (sign(snapshot, key), sign(decision, key), sign(champion, key))
    action = Action(
        action_id=action_id,
        at=now_s,
        who=who,
        kind=kind,
        why=why[:MOST_WHY],
        details={
            "version": decision.version,
            "previous_version": decision.previous_version or "",
            "decision": decision.number,
        },
    )
    return action, [Output(MODELS, record_key(record).encode(), encode(record)) for record in signed]
