"""Which of a visitor's open sessions an event belongs to.

The choices, in this order, where "in reach" is at most the gap away from a session's events:

1. none in reach: a new session opens;
2. all sessions in reach and the event make one that is within the bounds: the first opened takes in the others;
3. else the event folds into the first opened in reach that has room for it, and nothing merges;
4. none has room: the first opened in reach is split, and the event opens its successor.
"""

from __future__ import annotations

from collections.abc import Sequence

from streams.sessionize.config import FoldConfig
from streams.sessionize.open_session import OpenSession


def continues(sessions: Sequence[OpenSession], ts: float, config: FoldConfig) -> bool:
    """Whether there is one session, and an event at `ts` just goes on with it: what nearly every event does.

    The functions below would come to the same; this one is asked first because it costs a tenth.
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
    """Sessions that have, or enclose, a moment at most `gap_s` from `ts`, in the order of their opening."""
    return [one for one in sessions if ts - one.end <= gap_s and one.start - ts <= gap_s]


def is_late(sessions: Sequence[OpenSession], ts: float, config: FoldConfig, horizon: float) -> bool:
    """Whether the session that an event at `ts` would make, with those in reach, would have closed already."""
    return ts < horizon and all(one.end < horizon for one in in_reach(sessions, ts, config.gap_s))


def fit(sessions: Sequence[OpenSession], ts: float, config: FoldConfig) -> bool:
    """Whether the sessions and one more event, at `ts`, make a session within the bounds."""
    first = sessions[0]
    events, start, end = first.events, first.start, first.end
    for one in sessions[1:]:
        events += one.events
        start = min(start, one.start)
        end = max(end, one.end)
    span_s = (max(end, ts)) - (min(start, ts))
    return events < config.max_session_events and span_s <= config.max_session_s


def first_with_room(sessions: Sequence[OpenSession], ts: float, config: FoldConfig) -> OpenSession | None:
    """The first opened that stays within the bounds with one more event, at `ts`."""
    return next((one for one in sessions if fit((one,), ts, config)), None)
