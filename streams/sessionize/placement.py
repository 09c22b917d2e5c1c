"""Which of a visitor's open sessions an event belongs to.

The choices, in this order, where "in reach" is at most the gap away from a session's events:

1. If no session is in reach, then a new session opens.
2. If all sessions in reach and the event fit into one session, then they merge into the one that opened first.
3. If one of the sessions in reach has room for the event, then the event folds into the first of these.
4. Otherwise, the session in reach that opened first is split, and the event opens its successor.
"""

from __future__ import annotations

from collections.abc import Sequence

from streams.sessionize.config import FoldConfig
from streams.sessionize.open_session import OpenSession


def continues(sessions: Sequence[OpenSession], ts: float, config: FoldConfig) -> bool:
    """Whether the only session continues with an event at `ts`, as it does for nearly every event.

    The functions below give the same result. This one is called first because it costs a tenth of them.
    """
    if len(sessions) != 1:
        return False
    only = sessions[0]
    return (
        only.start <= ts
        and ts - only.end <= config.gap_s
        and only.events < config.max_session_events
        and (max(only.end, ts)) - only.start <= config.max_session_s
    )


def in_reach(sessions: Sequence[OpenSession], ts: float, gap_s: float) -> list[OpenSession]:
    """Sessions whose time range is at most `gap_s` from `ts`, in the order of their opening."""
    return [one for one in sessions if ts - one.end <= gap_s and one.start - ts <= gap_s]


def is_late(sessions: Sequence[OpenSession], ts: float, config: FoldConfig, horizon: float) -> bool:
    """Whether the session of an event at `ts`, after merges, would have closed already."""
    return ts < horizon and all(one.end < horizon for one in in_reach(sessions, ts, config.gap_s))


def fit(sessions: Sequence[OpenSession], ts: float, config: FoldConfig) -> bool:
    """Whether the sessions and one more event at `ts` fit into one session."""
    first = sessions[0]
    events, start, end = first.events, first.start, first.end
    for one in sessions[1:]:
        events += one.events
        start = min(start, one.start)
        end = max(end, one.end)
    span_s = (max(end, ts)) - (min(start, ts))
    return events < config.max_session_events and span_s <= config.max_session_s


def first_with_room(sessions: Sequence[OpenSession], ts: float, config: FoldConfig) -> OpenSession | None:
    """The session that opened first and has room for one more event at `ts`."""
    return next((one for one in sessions if fit((one,), ts, config)), None)
