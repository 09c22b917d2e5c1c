"""The one definition of every record that Weir reads or writes."""

from weir.contracts.action import Action
from weir.contracts.answer import AnsweredSession, AnswerRef, Answers, StandingAnswer
from weir.contracts.base import Record
from weir.contracts.dead_letter import DeadLetterHeaders
from weir.contracts.event import Event
from weir.contracts.flag import Flag, Reason, ShadowVerdict, Stage, Verdict
from weir.contracts.label import Label
from weir.contracts.limit import Limit
from weir.contracts.model_record import Champion, Decision, ModelRecord, Snapshot, Trial
from weir.contracts.review import Review
from weir.contracts.rules_record import AddressSums, CurrentPack, DistinctSums, PackVersion
from weir.contracts.score import FeatureValue, ModelRef, Score
from weir.contracts.session import Gaps, ItemTouch, PatternHits, Session, TextSeen
from weir.contracts.training import TrainingExample
from weir.contracts.watermark import Watermark

__all__ = [
    "Action",
    "AddressSums",
    "AnswerRef",
    "AnsweredSession",
    "Answers",
    "Champion",
    "CurrentPack",
    "DeadLetterHeaders",
    "Decision",
    "DistinctSums",
    "Event",
    "FeatureValue",
    "Flag",
    "Gaps",
    "ItemTouch",
    "Label",
    "Limit",
    "ModelRecord",
    "ModelRef",
    "PackVersion",
    "PatternHits",
    "Reason",
    "Record",
    "Review",
    "Score",
    "Session",
    "ShadowVerdict",
    "Snapshot",
    "Stage",
    "StandingAnswer",
    "TextSeen",
    "TrainingExample",
    "Trial",
    "Verdict",
    "Watermark",
]
