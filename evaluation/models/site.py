"""Runs a site's traffic through all stages: the demo's traffic, new kinds of bots from half-time on, human labels."""

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
    """Traffic and labels of a site."""

    seed: int
    hours: float = 3.0
    rate: float = 4.0
    """Events a second of the demo's traffic."""
    newcomer: str | None = None
    newcomers_per_hour: float = 250.0
    labelled: float = 0.12
    """Share of visitors that get a human label."""
    wrong: float = 0.05
    poisoned_share: float = 0.0
    """Share of wrong labels in the middle third."""
    delay_s: float = 600.0

    @property
    def half_s(self) -> float:
        """Half of the duration in seconds, when newcomers begin to arrive."""
        return self.hours * 1_800.0

    def is_poisoned(self, at_s: float) -> bool:
        """Whether labels at this time are poisoned."""
        return self.poisoned_share > 0 and 1 / 3 <= at_s / (self.hours * 3_600.0) < 2 / 3


@dataclass(slots=True)
class SiteHistory:
    """Labels, decisions, champions and scores of a run, with times in seconds from its start."""

    answers: list[tuple[float, int]] = field(default_factory=list)
    """Time of each human label, and the number of labels up to it."""
    decisions: list[tuple[float, Decision]] = field(default_factory=list)
    champions: list[tuple[float, int, Scorer]] = field(default_factory=list)
    """Time from which each champion scored, number of human labels before, and the champion."""
    scores: list[tuple[float, float | None, bool]] = field(default_factory=list)
    """Time, score before the label, and true label of each session with a human label."""


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
    """Events of newcomers of one kind that arrive between two times, in the order of time."""
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


def run_scene(
    scene: Scene, settings: Settings | None = None, watch: Callable[[Topic, LogRecord], None] | None = None
) -> SiteHistory:
    """Runs the scene through all stages."""
    history = SiteHistory()
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
                history.answers.append((example.labelled_at - START_S, len(history.answers) + 1))
                history.scores.append((example.labelled_at - START_S, example.score, truth[example.visitor_id]))
        elif topic is MODELS and record.value is not None and (record.key or b"").startswith(b"decision/"):
            history.decisions.append((now[0], _read_decision(record.value)))

    replay = Replay(resources, answers, take, START_S + scene.hours * 3_600.0)
    for number, (at_s, event, _) in enumerate(events(scene), 1):
        now[0] = at_s
        replay.read(Line("scene", number, event["visitor_id"].encode(), encode(event), event["ts"]))
        scorer = resources.champion.scorer
        if scorer is not None and (not history.champions or scorer is not history.champions[-1][2]):
            history.champions.append((at_s, len(history.answers), scorer))
    replay.finish(0.0)
    scorer = resources.champion.scorer
    if scorer is not None and (not history.champions or scorer is not history.champions[-1][2]):
        history.champions.append((scene.hours * 3_600.0, len(history.answers), scorer))
    return history


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
