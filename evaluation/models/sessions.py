"""From events to sessions, their features and what the rules say: by the same tasks as live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from evaluation.models.data import LabelledText
from models.features import features
from rules.cascade import heuristics
from rules.heuristics.patterns import Patterns, load_packs
from rules.judgement import STRENGTH
from streams.replay.flow import Flow
from streams.replay.log import MemoryLog
from streams.sessionize.end_of_input import EndOfInput
from streams.stages import Resources, make_task
from streams.wiring import Wiring
from weir.contracts import Session
from weir.contracts.fast import decoder, encode
from weir.kafka.records import LogRecord, Output
from weir.settings import Settings
from weir.topics import EVENTS, SESSIONS, Topic

START_S = 1_767_225_600.0
APART_S = 10.0
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0"
_read_session = decoder(Session)


@dataclass(frozen=True, slots=True)
class CaseFeatures:
    """Features of a case, and the verdict of the patterns."""

    case: LabelledText
    features: dict[str, float | str]
    settled: bool
    """Whether the patterns alone would throttle or block it."""


def posts(cases: list[LabelledText]) -> list[CaseFeatures]:
    """Each text as the one post of a visitor."""
    return _seen(cases, lambda case: {"type": "post", "url": "/post", "method": "POST", "text": case.text})


def searches(cases: list[LabelledText]) -> list[CaseFeatures]:
    """Each text as a parameter's value in the one URL that a visitor asks for."""
    return _seen(
        cases, lambda case: {"type": "page_view", "url": f"/search?q={quote_plus(case.text)}", "method": "GET"}
    )


def final_sessions(events: Iterable[dict[str, Any]], settings: Settings | None = None) -> Iterator[Session]:
    """The sessions that the events fold into, when the input has ended; merged ones left out."""
    chosen = settings or Settings(partitions=1)
    resources = Resources.from_settings(chosen, now=lambda: START_S)
    log = MemoryLog(chosen.names, chosen.partitions, round(START_S * 1_000), {EVENTS})
    found: list[Session] = []

    def take(topic: Topic, record: LogRecord) -> None:
        if topic is SESSIONS and record.value is not None:
            session = _read_session(record.value)
            if session.final and session.merged_into is None:
                found.append(session)

    flow = Flow(
        log,
        Wiring({"sessionize": (EVENTS,)}, chosen.partitions, lambda stage, part: make_task(stage, part, resources)),
        take,
    )
    end = EndOfInput(chosen.gap_s, chosen.grace_s)
    for event in events:
        # The event's own time is its arrival, or the clamp would bring all to the moment of the replay.
        record = log.append(Output(EVENTS, event["visitor_id"].encode(), encode(event)), round(event["ts"] * 1_000))
        end.observe(record.partition, event["ts"])
    flow.settle()
    for output in end.records():
        log.append(output, round((START_S + 1e8) * 1_000))
    flow.settle()
    yield from found


def _seen(cases: list[LabelledText], event: Any) -> list[CaseFeatures]:  # noqa: ANN401 -- a small lambda
    events = [
        {
            "event_id": str(number),
            "visitor_id": f"visitor-{number}",
            "ts": START_S + APART_S * number,
            "user_agent": _BROWSER,
            "status": 200,
            **event(case),
        }
        for number, case in enumerate(cases)
    ]
    patterns = load_packs(())
    by_visitor = {session.visitor_id: session for session in final_sessions(events)}
    return [
        CaseFeatures(case, features(session), _settled(session, patterns))
        for case, session in ((case, by_visitor[f"visitor-{number}"]) for number, case in enumerate(cases))
    ]


def _settled(session: Session, patterns: Patterns) -> bool:
    return STRENGTH[heuristics(session, patterns).verdict] >= STRENGTH["throttle"]
