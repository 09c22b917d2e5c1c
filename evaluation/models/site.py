"""A site over some hours, run through all stages: the demo's traffic, newcomers from a moment on, people's answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import merge
from random import Random
from typing import Any

from pydantic import SecretStr

from evaluation.models.newcomers import NEWCOMERS, newcomer
from evaluation.models.sessions import START_S
from models.serving.champion import Scorer
from streams.demo.traffic import traffic_events
from streams.demo.visitor import Visitor
from streams.intake.line import Line
from streams.replay.run import Replay
from streams.stages import Resources
from weir.contracts import Label, TrainingExample
from weir.contracts.fast import decoder, encode
from weir.contracts.model_record import Decision
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import MODELS, TRAINING, Topic

_read_example = decoder(TrainingExample)
_read_decision = decoder(Decision)


@dataclass(frozen=True, slots=True)
class Scene:
    """What happens on the site."""

    seed: int
    hours: float = 3.0
    rate: float = 4.0
    """Events a second of the demo's traffic."""
    newcomer: str | None = None
    newcomers_per_hour: float = 250.0
    labelled: float = 0.12
    """Share of visitors that somebody answers about."""
    wrong: float = 0.05
    poisoned_share: float = 0.0
    """Share of answers that are flipped in the middle third."""
    delay_s: float = 600.0

    @property
    def half_s(self) -> float:
        """When newcomers begin to come, from the start."""
        return self.hours * 1_800.0

    def is_poisoned(self, at_s: float) -> bool:
        """Whether answers of this moment are poisoned."""
        return self.poisoned_share > 0 and 1 / 3 <= at_s / (self.hours * 3_600.0) < 2 / 3


@dataclass(slots=True)
class SiteHistory:
    """What came of it, told label by label."""

    answers: list[tuple[float, int]] = field(default_factory=list)
    """Time of each answer, from the start, and how many there were with it."""
    decisions: list[tuple[float, Decision]] = field(default_factory=list)
    champions: list[tuple[float, int, Scorer]] = field(default_factory=list)
    """When each champion began to score, after how many examples of people, and it."""
    scores: list[tuple[float, float | None, bool]] = field(default_factory=list)
    """Time, score as given, and the truth, of each session that somebody answered about."""


Event = tuple[float, dict[str, Any], Visitor]


def events(scene: Scene) -> Iterator[Event]:
    """All events of the scene, in the order of time."""
    end_s = scene.hours * 3_600.0
    usual = (
        (found.at_s, found.event, found.visitor)
        for found in _until(traffic_events(scene.seed, scene.rate, START_S), end_s)
    )
    new = newcomers_events(scene.newcomer, scene.seed, scene.newcomers_per_hour, scene.half_s, end_s)
    return merge(usual, new, key=lambda found: found[0])


def newcomers_events(kind: str | None, seed: int, per_hour: float, from_s: float, until_s: float) -> Iterator[Event]:
    """Events of newcomers of one kind that come between two moments, in the order of time."""
    if kind is None:
        return iter(())
    random = Random(f"{seed}/{kind}")
    found: list[Event] = []
    at_s = from_s
    while (at_s := at_s + random.expovariate(per_hour / 3_600.0)) < until_s:
        visitor, now_s = newcomer(random), at_s
        for number, step in enumerate(NEWCOMERS[kind](random)):
            now_s += step.after_s
            event = {
                "event_id": f"{visitor.visitor_id}-{number}",
                "visitor_id": visitor.visitor_id,
                "ts": round(START_S + now_s, 3),
                "ip": visitor.ip,
                "user_agent": visitor.user_agent,
                **step.fields,
            }
            found.append((now_s, event, visitor))
    found.sort(key=lambda one: one[0])
    return iter(found)


def play(
    scene: Scene, settings: Settings | None = None, watch: Callable[[Topic, LogRecord], None] | None = None
) -> SiteHistory:
    """Runs the scene through all stages."""
    told = SiteHistory()
    chosen = settings or Settings(partitions=1, model_key=SecretStr("evaluation"))
    resources = Resources.from_settings(chosen, now=lambda: START_S)
    truth: dict[str, bool] = {}
    answers = _answers(scene, truth)
    now = [0.0]

    def take(topic: Topic, record: LogRecord) -> None:
        if watch is not None:
            watch(topic, record)
        if topic is TRAINING and record.value is not None:
            example = _read_example(record.value)
            if not example.source.startswith("weak:"):
                told.answers.append((example.labelled_at - START_S, len(told.answers) + 1))
                told.scores.append((example.labelled_at - START_S, example.score, truth[example.visitor_id]))
        elif topic is MODELS and record.value is not None and (record.key or b"").startswith(b"decision/"):
            told.decisions.append((now[0], _read_decision(record.value)))

    replay = Replay(resources, answers, take, START_S + scene.hours * 3_600.0)
    for number, (at_s, event, _) in enumerate(events(scene), 1):
        now[0] = at_s
        replay.read(Line("scene", number, event["visitor_id"].encode(), encode(event), event["ts"]))
        scorer = resources.champion.scorer
        if scorer is not None and (not told.champions or scorer is not told.champions[-1][2]):
            told.champions.append((at_s, len(told.answers), scorer))
    replay.finish(0.0)
    scorer = resources.champion.scorer
    if scorer is not None and (not told.champions or scorer is not told.champions[-1][2]):
        told.champions.append((scene.hours * 3_600.0, len(told.answers), scorer))
    return told


def _answers(scene: Scene, truth: dict[str, bool]) -> list[Label]:
    random = Random(f"{scene.seed}/answers")
    labels: list[Label] = []
    for at_s, event, visitor in events(scene):
        if visitor.visitor_id in truth:
            continue
        truth[visitor.visitor_id] = visitor.kind.is_bad
        if random.random() >= scene.labelled:
            continue
        wrong = scene.poisoned_share if scene.is_poisoned(at_s + scene.delay_s) else scene.wrong
        bad = visitor.kind.is_bad != (random.random() < wrong)
        labels.append(
            Label(
                visitor_id=visitor.visitor_id,
                ts=round(event["ts"] + scene.delay_s, 3),
                label="bad" if bad else "good",
                source=f"moderator-{random.randrange(3)}",
            )
        )
    return sorted(labels, key=lambda label: label.ts)


def _until(found: Iterator[Any], end_s: float) -> Iterator[Any]:
    for one in found:
        if one.at_s >= end_s:
            return
        yield one
