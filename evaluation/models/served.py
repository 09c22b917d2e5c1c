"""Measures served scores: posts one after the other through all stages of a replay, each labelled one second later.

The score published before the label counts: the champion's, or the learner's while there is no champion.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import SecretStr

from evaluation.common.result import EvaluationResult, Figure, ResultTable
from evaluation.models.data import LabelledText, messages
from evaluation.models.sessions import START_S
from models.gate.quality import measure, recall_at
from streams.intake.line import Line
from streams.replay.run import Replay
from streams.stages import Resources
from weir.contracts import Label
from weir.contracts.fast import decoder, encode
from weir.contracts.model_record import Decision
from weir.contracts.score import Score
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import MODELS, SCORES, Topic

ORDERS = (11, 12, 13, 14, 15)
RATE = 0.005
FIRST, LATER = 10, 300
APART_S = 2_400.0
"""Time between posts. It is longer than gap and grace, so that each session is closed and labelled before the next."""
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0"
_COLUMNS = [
    *("order", "AUC", "recall", "AUC from the 300th", "recall from the 300th", "with a score"),
    *("oldest champion", "refreshes", "refusals"),
]
_read_score = decoder(Score)
_read_decision = decoder(Decision)


@dataclass(slots=True)
class Served:
    """Scores and decisions of a run with one order of the posts."""

    scores: list[float | None] = field(default_factory=list)
    """Published score of each visitor, in their order; None without a score."""
    labels: list[bool] = field(default_factory=list)
    ages: list[int] = field(default_factory=list)
    """For each label, the number of labels that the champion had not learned."""
    kinds: list[str] = field(default_factory=list)
    """Kinds of the decisions."""

    def since(self, first: int) -> tuple[float, float, float]:
        """AUC, recall at `RATE`, and share of sessions with a score, from session `first` on."""
        scores, labels = self.scores[first:], self.labels[first:]
        known = [0.5 if score is None else score for score in scores]
        share = sum(score is not None for score in scores) / len(scores)
        return measure(known, labels).auc, recall_at(known, labels, RATE), share


def serve(cases: Sequence[LabelledText]) -> Served:
    """Runs each text as the only post of a visitor through all stages, with default settings without weak labels."""
    served = Served(labels=[case.bad for case in cases], scores=[None] * len(cases))
    settings = Settings(partitions=1, model_key=SecretStr("evaluation"), weak_labels=False)
    now_s = START_S + APART_S * (len(cases) + 1)
    resources = Resources.from_settings(settings, now=lambda: now_s)

    def take(topic: Topic, record: LogRecord) -> None:
        if topic is SCORES and record.value is not None:
            score = _read_score(record.value)
            at = int(score.visitor_id)
            if score.final and (score.champion or served.scores[at] is None) and score.score is not None:
                served.scores[at] = score.score
        elif topic is MODELS and record.value is not None and (record.key or b"").startswith(b"decision/"):
            served.kinds.append(_read_decision(record.value).kind)

    replay = Replay(resources, list(_answers(cases)), take, now_s)
    for number, case in enumerate(cases):
        event = _post(number, case)
        replay.read(Line("posts", number + 1, event["visitor_id"].encode(), encode(event), event["ts"]))
        scorer = resources.champion.scorer
        if scorer is not None and scorer.snapshot is not None:
            served.ages.append(number - scorer.snapshot.examples)
    replay.finish(0.0)
    return served


def evaluate(data: Path) -> EvaluationResult:
    """The SMS messages in several orders."""
    rows: list[list[str]] = []
    found: list[tuple[float, float, float, float, float, int]] = []
    for order in ORDERS:
        served = serve(messages(data, order))
        auc, recall, share = served.since(FIRST)
        later_auc, later_recall, _ = served.since(LATER)
        oldest = max(served.ages, default=0)
        found.append((auc, recall, later_auc, later_recall, share, oldest))
        refreshed, refused = (served.kinds.count(kind) for kind in ("refresh", "refusal"))
        rows.append(
            [
                str(order),
                *(f"{auc:.4f}", f"{recall:.3f}", f"{later_auc:.4f}", f"{later_recall:.3f}", f"{share:.1%}"),
                *(str(oldest), str(refreshed), str(refused)),
            ]
        )
    by_column = list(zip(*found, strict=True))
    worst = [min(column) for column in by_column[:5]]
    rows.append(["median", *_formats([median(column) for column in by_column])])
    return EvaluationResult(
        title="Served: posts from the first answer on",
        text=(
            "All distinct SMS messages, each the one post of a visitor, one after the other through all stages of a "
            "replay with the shipped defaults (weak labels off), each answered one second after it came. Counted is "
            "the score that was on record before the answer, from the 10th message on: the champion's, or the "
            "learner's while there is none. The figures are those of the worst order. The champion's age is in answers "
            "that it had not learned; a message's answer is learned when its session has closed."
        ),
        figures=[
            Figure("Served SMS: AUC from the 10th on, worst order", worst[0], 0.985),
            Figure("Served SMS: recall at 0.5 % false positives, worst order", worst[1], 0.88),
            Figure("Served SMS: AUC from the 300th on, worst order", worst[2], 0.993),
            Figure("Served SMS: recall from the 300th on, worst order", worst[3], 0.93),
            Figure("Served SMS: closed sessions with a score on record, from the 10th on", worst[4], 1.0),
            Figure(
                "Served SMS: oldest champion, answers not learned",
                float(max(by_column[5])),
                50.0,
                at_least=False,
                places=0,
            ),
        ],
        tables=[
            ResultTable(
                "By order",
                _COLUMNS,
                rows,
            )
        ],
    )


def _formats(columns: Sequence[float]) -> list[str]:
    auc, recall, later_auc, later_recall, share, oldest = columns
    cells = [f"{auc:.4f}", f"{recall:.3f}", f"{later_auc:.4f}", f"{later_recall:.3f}", f"{share:.1%}"]
    return [*cells, f"{oldest:.0f}", "", ""]


def _post(number: int, case: LabelledText) -> dict[str, Any]:
    return {
        "event_id": str(number),
        "visitor_id": str(number),
        "ts": START_S + APART_S * number,
        "type": "post",
        "url": "/post",
        "method": "POST",
        "text": case.text,
        "user_agent": _BROWSER,
    }


def _answers(cases: Sequence[LabelledText]) -> Iterator[Label]:
    for number, case in enumerate(cases):
        ts = START_S + APART_S * number + 1.0
        yield Label(visitor_id=str(number), ts=ts, label="bad" if case.bad else "good", source="moderator")
