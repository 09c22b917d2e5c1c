"""The candidate: predicts each example, then learns it, and now and then meets the champion. Pure and repeatable."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from models.base import Model
from models.baseline import PriorRate
from models.blend import BlendedLogistic
from models.champion import Scorer
from models.evidence import Evidence, squared_error
from models.families import FAMILIES, copy, from_bytes, to_bytes
from models.features.registry import FEATURES_VERSION
from models.gate import Bounds, Judged, Meeting, Record, meet
from models.quality import Quality, measure
from models.recall import Interval, share_interval
from models.sampling import is_in_sample
from models.snapshot import payload_of
from models.trust import Trust
from weir.contracts.model_record import Champion, Decision, Snapshot
from weir.contracts.score import ModelRef
from weir.contracts.training import TrainingExample
from weir.errors import SnapshotError

MODEL_ID = "sessions"
WEAK = "weak:"
"""How a source's name begins when no person spoke."""
SAMPLED = 1_000
"""Newest answers about the random sample that the estimate of recall is made of."""
LEAST_WORTH = 0.5
"""People whose answers count for less judge no candidate."""
KEPT_REFUSALS = 100
"""Refusals on record: unlike promotions, which name versions, older ones are of no use and would grow without end."""
_MOST_DOUBTED = 10
LearnedFrom = Literal["people", "weak", "both"]


def is_weak(source: str) -> bool:
    """Whether a label's source is Weir itself, not a person."""
    return source.startswith(WEAK)


@dataclass(frozen=True, slots=True)
class TrainerConfig:
    """How a trainer works."""

    window: int = 500
    """Newest examples on which candidate and champion meet."""
    every: int = 100
    """Examples between two meetings."""
    bounds: Bounds = field(default_factory=Bounds)
    family: str = BlendedLogistic.family
    hyper_parameters: Mapping[str, Any] = field(default_factory=dict)
    """Those that differ from the family's own."""
    sample_share: float = 0.0
    """Share of sessions that people are asked about whatever the cascade says: their answers tell what is missed."""
    segments: str = "user_agent_family"
    """The category whose values are the segments in none of which a candidate may fail."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a meeting led to; the records are not signed yet."""

    decision: Decision
    snapshot: Snapshot | None
    champion: Champion | None
    forgotten: int | None = None
    """Number of an old refusal that is to be taken off the record."""


class _Counts(msgspec.Struct):
    """What the trainer remembers beside its models."""

    examples: int = 0
    people: int = 0
    weak: int = 0
    since_meeting: int = 0
    trained_to: int = 0
    next_decision: int = 0
    refusals: list[int] = []
    """Numbers of those on record, oldest first."""
    champion: tuple[str, str, LearnedFrom, int] | None = None
    """Id, version, whose labels, number of the decision."""
    window: list[Judged] = []
    sampled: list[tuple[str, bool, bool]] = []
    """Answers about the random sample: session, whether it was flagged, whether it was bad; oldest first."""
    trust: Trust = msgspec.field(default_factory=Trust)
    by_people: Evidence = msgspec.field(default_factory=Evidence)
    """That the candidate is better than the champion, or than the baseline as long as there is none."""
    by_all: Evidence = msgspec.field(default_factory=Evidence)


class Trainer:
    """Folds training examples in order; the same examples give the same models and decisions.

    Args:
        config: How it works.
        clock: Seconds from anywhere, to see what a prediction costs; without it, cost is nobody's objection.
    """

    def __init__(self, config: TrainerConfig, clock: Callable[[], float] | None = None) -> None:
        self.config = config
        self._clock = clock
        self._spent_s = 0.0
        self._candidate: Model = FAMILIES[config.family](**config.hyper_parameters)
        self._champion: Model | None = None
        self._baseline = PriorRate()
        self._window: deque[Judged] = deque(maxlen=config.window)
        self._counts = _Counts()

    @property
    def examples(self) -> int:
        """Examples learned so far."""
        return self._counts.examples

    @property
    def champion(self) -> ModelRef | None:
        """Who scores, as far as the trainer knows."""
        known = self._counts.champion
        return ModelRef(id=known[0], version=known[1]) if known else None

    @property
    def meeting_is_due(self) -> bool:
        """Whether enough examples came since the last meeting."""
        return self._counts.since_meeting >= self.config.every

    def learn(self, example: TrainingExample, offset: int) -> bool:
        """Predicts the example by all, then learns it; False for one whose features are of another version."""
        self._counts.trained_to = offset + 1
        if example.features_version != FEATURES_VERSION:
            return False
        bad, features = example.label == "bad", example.features
        worth = self._hear(example)
        judged = self._judge(example, is_believed=worth >= LEAST_WORTH)
        self._window.append(judged)
        self._weigh(judged)
        # A weight of 0 teaches nothing, as it should.
        self._candidate.learn_one(features, bad=bad, weight=example.weight * worth)
        self._baseline.learn_one(features, bad=bad, weight=example.weight * worth)
        self._counts.examples += 1
        self._counts.since_meeting += 1
        if is_weak(example.source):
            self._counts.weak += 1
        else:
            self._counts.people += 1
        return True

    def meet(self, decided_at: float) -> Outcome:
        """Lets the candidate meet the champion; if it wins, it is the champion from here on."""
        counts = self._counts
        cost_us = 1e6 * self._spent_s / max(counts.since_meeting, 1) if self._clock is not None else None
        fortune = {True: counts.by_people.fortune, False: counts.by_all.fortune}
        meeting = meet(self._window, self.config.bounds, Record(fortune, cost_us))
        self._spent_s = 0.0
        decision = self._decision(meeting, decided_at)
        counts.since_meeting = 0
        counts.next_decision = decision.number + 1
        if not meeting.promote:
            counts.by_people.begin()
            counts.by_all.begin()
            counts.refusals.append(decision.number)
            forgotten = counts.refusals.pop(0) if len(counts.refusals) > KEPT_REFUSALS else None
            return Outcome(decision, None, None, forgotten)
        snapshot = self._snapshot(decision)
        self._champion = copy(self._candidate)
        counts.champion = (snapshot.id, snapshot.version, snapshot.learned_from, decision.number)
        # The champion is the candidate as it was: what that one predicted is what this one is measured by.
        promoted = [msgspec.structs.replace(judged, champion=judged.candidate) for judged in self._window]
        self._window = deque(promoted, maxlen=self.config.window)
        counts.by_people, counts.by_all = Evidence(), Evidence()
        champion = Champion(id=snapshot.id, version=snapshot.version, decision=decision.number, signature="")
        return Outcome(decision, snapshot, champion)

    def follow(self, scorer: Scorer | None, last_decision: int) -> bool:
        """Takes over what was decided elsewhere since, by a person's hand, and says whether there was something.

        The window starts anew then: what was decided against must not come back on the figures of yesterday.
        """
        counts = self._counts
        counts.next_decision = max(counts.next_decision, last_decision + 1)
        known = counts.champion
        if scorer is None or (known is not None and scorer.decision <= known[3]):
            return False
        self._champion = copy(scorer.model)
        counts.champion = (scorer.ref.id, scorer.ref.version, scorer.learned_from, scorer.decision)
        self._window.clear()
        counts.by_people, counts.by_all = Evidence(), Evidence()
        return True

    def candidate_state(self) -> dict[str, Any]:
        """All that the candidate has learned."""
        return self._candidate.state()

    def qualities(self) -> dict[str, Quality]:
        """Prequential quality on the newest window by role; without a role that did not predict all of it."""
        if not self._window:
            return {}
        labels = [judged.bad for judged in self._window]
        found = {
            "candidate": measure([judged.candidate for judged in self._window], labels),
            "baseline": measure([judged.baseline for judged in self._window], labels),
        }
        by_champion = [judged.champion for judged in self._window if judged.champion is not None]
        if len(by_champion) == len(labels):
            found["champion"] = measure(by_champion, labels)
        return found

    def recall(self) -> Interval | None:
        """How much of the abuse the cascade flags, by answers about the random sample; None without a bad one in it."""
        found = [flagged for _, flagged, bad in self._counts.sampled if bad]
        return share_interval(sum(found), len(found)) if found else None

    def doubted(self) -> dict[str, float]:
        """Sources whose answers count for less, with what they count."""
        return self._counts.trust.doubted()

    def entries(self) -> dict[str, bytes]:
        """The whole state, by part; `restore` takes it back exactly."""
        self._counts.window = list(self._window)
        parts = {
            "counts": msgspec.json.encode(self._counts),
            "candidate": to_bytes(self._candidate),
            "baseline": to_bytes(self._baseline),
        }
        if self._champion is not None:
            parts["champion"] = to_bytes(self._champion)
        return parts

    def restore(self, entries: Mapping[str, bytes]) -> None:
        """Takes back what `entries` gave.

        A candidate of another family or other hyper-parameters than the configuration's stays as it is until the model
        is rebuilt from the training topic.

        Raises:
            SnapshotError: it can't be read.
        """
        if not entries:
            return
        try:
            self._counts = msgspec.json.decode(entries["counts"], type=_Counts)
            self._candidate = from_bytes(entries["candidate"])
            baseline = from_bytes(entries["baseline"])
        except (KeyError, msgspec.DecodeError) as error:
            raise SnapshotError("The trainer's state can't be read.", _REBUILD) from error
        if not isinstance(baseline, PriorRate):
            raise SnapshotError("The trainer's state names another baseline.", _REBUILD)
        self._baseline = baseline
        self._champion = from_bytes(entries["champion"]) if "champion" in entries else None
        self._window = deque(self._counts.window, maxlen=self.config.window)

    def _hear(self, example: TrainingExample) -> float:
        """What the answer is worth, as far as its source is known."""
        is_bad, weak = example.label == "bad", is_weak(example.source)
        if not weak and is_in_sample(example.session_id, self.config.sample_share):
            sampled = self._counts.sampled
            # A session counts once, as it was answered last.
            sampled[:] = [one for one in sampled if one[0] != example.session_id][-SAMPLED + 1 :]
            sampled.append((example.session_id, example.verdict not in {None, "allow"}, is_bad))
        champion = self._champion.predict_one(example.features) if self._champion else None
        return self._counts.trust.hear(example.session_id, example.source, bad=is_bad, is_weak=weak, champion=champion)

    def _judge(self, example: TrainingExample, *, is_believed: bool) -> Judged:
        features = example.features
        begun_s = self._clock() if self._clock is not None else 0.0
        candidate = self._candidate.predict_one(features)
        if self._clock is not None:
            self._spent_s += self._clock() - begun_s
        return Judged(
            bad=example.label == "bad",
            people=is_believed and not is_weak(example.source),
            candidate=candidate,
            champion=self._champion.predict_one(features) if self._champion else None,
            baseline=self._baseline.predict_one(features),
            segment=str(features.get(self.config.segments, "")),
        )

    def _weigh(self, judged: Judged) -> None:
        """Lets the gamblers bet on the candidate against whom it wants to follow."""
        rival = judged.baseline if judged.champion is None else judged.champion
        lead = squared_error(rival, bad=judged.bad) - squared_error(judged.candidate, bad=judged.bad)
        self._counts.by_all.add(lead)
        if judged.people:
            self._counts.by_people.add(lead)

    def _decision(self, meeting: Meeting, decided_at: float) -> Decision:
        previous = self._counts.champion
        return Decision(
            kind="promotion" if meeting.promote else "refusal",
            number=self._counts.next_decision,
            id=MODEL_ID,
            version=str(self._counts.trained_to),
            previous_version=previous[1] if previous else None,
            decided_by="gate",
            why=meeting.why,
            figures=meeting.figures | {f"worth of {source}": worth for source, worth in self._most_doubted()},
            decided_at=decided_at,
            signature="",
        )

    def _most_doubted(self) -> list[tuple[str, float]]:
        return sorted(self.doubted().items(), key=lambda one: one[1])[:_MOST_DOUBTED]

    def _snapshot(self, decision: Decision) -> Snapshot:
        counts = self._counts
        learned_from: LearnedFrom = "both" if counts.people and counts.weak else "people" if counts.people else "weak"
        return Snapshot(
            id=decision.id,
            version=decision.version,
            family=self._candidate.family,
            hyper_parameters=self._candidate.hyper_parameters,
            features_version=FEATURES_VERSION,
            trained_to_offset=counts.trained_to,
            examples=counts.examples,
            learned_from=learned_from,
            figures=decision.figures,
            created_at=decision.decided_at,
            payload=payload_of(self._candidate),
            signature="",
        )


_REBUILD = "Delete the stage's state topic: the model is then rebuilt from the training topic."
