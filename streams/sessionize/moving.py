"""Gaps between a session's events, and relations between an event and its predecessor, in event time.

The newest steps are stored in the order of time, so that an event that arrives out of order is inserted between them. A
pair of steps is settled, which means that its figures are final, when its first step is dropped. An event that is older
than all stored steps counts as if it had happened right before them. A record contains the settled pairs and the stored
ones.
"""

from __future__ import annotations

from bisect import bisect_left, insort_right
from heapq import merge as merge_sorted
from itertools import pairwise
from math import fsum, inf, log2
from operator import attrgetter

import msgspec

from streams.sessionize import caps
from streams.sessionize.open_session import OpenSession
from streams.sessionize.paths import PathInfo, path_info
from streams.sessionize.state import Moves, PreviousEvent

SPANS_S = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
"""Upper bounds of the histogram of gaps, in seconds; the last bucket has none."""
_HALF_MICROSECOND = 5e-7
"""Times are exact to the microsecond, doubles of this size to a quarter of it."""
_BOUNDS = tuple(bound + _HALF_MICROSECOND for bound in SPANS_S)
_HASH_BITS = 0xFFFF_FFFF
_KNOWN_BITS = 256
_BITS = (0.0, *(count * log2(count) for count in range(1, _KNOWN_BITS)))
"""`n * log2(n)` of small `n`; a table costs less than the logarithm."""
_by_time = attrgetter("ts")


class Rhythm(msgspec.Struct, frozen=True, gc=False):
    """Statistics of all gaps of a session, settled or not."""

    total: float
    squares: float
    shortest: float
    longest: float


class Moved(msgspec.Struct, frozen=True, gc=False):
    """Relations between neighbouring events of a session, settled or not."""

    same_again: int = 0
    follows: int = 0
    zero_gaps: int = 0
    median_gap_s: float | None = None
    """The upper bound of the histogram bucket that contains the median, or the longest gap if that is less."""
    path_depth: float | None = None
    most_of_one_template: int = 0
    path_entropy: float | None = None


_NOWHERE = Moved()


def step_of(session: OpenSession, referrer: str | None, ts: float, hashed: int, info: PathInfo | None) -> PreviousEvent:
    """An event as a step, with its path counted in the session.

    Args:
        session: The event's session, in which the path is counted.
        referrer: The event's referrer.
        ts: The event's time.
        hashed: Hash of the event's URL; 0 without one.
        info: Facts of the URL's path; None without one.
    """
    moves = session.moves
    if moves is None:
        moves = session.moves = Moves({}, [0] * (len(SPANS_S) + 1))
    if info is None:
        return PreviousEvent(ts)
    moves.urls += 1
    moves.depths += info.depth
    templates, template = moves.templates, info.template
    if template in templates:
        templates[template] += 1
    else:
        _count_template(moves, template, 1)
    return PreviousEvent(ts, hashed & _HASH_BITS, info.hashed, path_info(referrer).hashed if referrer else 0)


def add_step(session: OpenSession, step: PreviousEvent) -> None:
    """Inserts a step by time; its event must be counted in the session already."""
    trail = session.trail
    if trail is None:
        trail = session.trail = [PreviousEvent(session.last), step] if session.events > 1 else [step]
        if session.events > 1 and step.ts < session.last:
            trail.reverse()
    elif step.ts >= trail[-1].ts:
        trail.append(step)
    else:
        insort_right(trail, step, key=_by_time)
    if len(trail) > caps.STEPS:
        _settle(session, trail[0], trail[1], session.events - len(trail))
        del trail[0]


def merge_steps(first: OpenSession, other: OpenSession) -> None:
    """Adds the steps of `other` to `first`. It must run before any other measure is merged.

    If the later session has settled steps already, then the steps of the earlier one are settled before them.
    """
    earlier, later = (first, other) if first.start <= other.start else (other, first)
    before, after = _trail(earlier), _trail(later)
    settled = _add_settled(first, other)
    if later.events > len(after) and earlier.end <= later.start:
        for one, next_one in pairwise((*before, PreviousEvent(later.start))):
            _settle(first, one, next_one, settled)
            settled += 1
        trail = after
    else:
        trail = list(merge_sorted(_trail(first), _trail(other), key=_by_time))
        while len(trail) > caps.STEPS:
            _settle(first, trail[0], trail[1], settled)
            settled += 1
            del trail[0]
    first.trail = trail


def motion(session: OpenSession) -> tuple[Rhythm | None, Moved]:
    """Statistics of a session's gaps, None for a single event, and the relations between neighbouring events."""
    trail, moves = _trail(session), session.moves
    total, squares = session.gap_sum, session.gap_squares
    if session.events > len(trail):
        shortest, longest = session.gap_min, session.gap_max
    else:
        shortest, longest = inf, 0.0
    spans, same_again, follows = ([], 0, 0) if moves is None else (moves.spans.copy(), moves.same_again, moves.follows)
    before = trail[0]
    for after in trail[1:]:
        gap = after.ts - before.ts
        total += gap
        squares += gap * gap
        if gap < shortest:  # noqa: PLR1730 -- a call of `min` costs ten times the comparison
            shortest = gap
        if gap > longest:  # noqa: PLR1730 -- likewise
            longest = gap
        if spans:
            # The same counts as `_count_pair` makes for settled pairs; a call would cost more than the counting.
            spans[bisect_left(_BOUNDS, gap)] += 1
            if after.url and after.url == before.url:
                same_again += 1
            if after.referrer and after.referrer == before.path:
                follows += 1
        before = after
    beats = Rhythm(total, squares, shortest, longest) if session.events > 1 else None
    if moves is None:
        return beats, _NOWHERE
    templates = moves.templates
    return beats, Moved(
        same_again,
        follows,
        spans[0],
        _median_s(spans, longest),
        moves.depths / moves.urls if moves.urls else None,
        max(templates.values()) if templates else 0,
        _entropy(templates),
    )


def _trail(session: OpenSession) -> list[PreviousEvent]:
    """The stored steps; a session that an older version folded has only its last event."""
    return [PreviousEvent(session.last)] if session.trail is None else session.trail


def _settle(session: OpenSession, before: PreviousEvent, after: PreviousEvent, settled: int) -> None:
    gap = after.ts - before.ts
    session.gap_sum += gap
    session.gap_squares += gap * gap
    if not settled:
        session.gap_min = session.gap_max = gap
    elif gap < session.gap_min:
        session.gap_min = gap
    elif gap > session.gap_max:
        session.gap_max = gap
    if session.moves is not None:
        _count_pair(session.moves, before, after)


def _count_pair(moves: Moves, before: PreviousEvent, after: PreviousEvent) -> None:
    moves.spans[bisect_left(_BOUNDS, after.ts - before.ts)] += 1
    if after.url and after.url == before.url:
        moves.same_again += 1
    if after.referrer and after.referrer == before.path:
        moves.follows += 1


def _add_settled(first: OpenSession, other: OpenSession) -> int:
    """Adds the settled pairs of `other`; returns the number of settled gaps of both."""
    ours, theirs = first.events - len(_trail(first)), other.events - len(_trail(other))
    if theirs:
        first.gap_min = min(first.gap_min, other.gap_min) if ours else other.gap_min
        first.gap_max = max(first.gap_max, other.gap_max)
        first.gap_sum += other.gap_sum
        first.gap_squares += other.gap_squares
    if other.moves is not None:
        _add_moves(first, other.moves)
    return ours + theirs


def _add_moves(first: OpenSession, theirs: Moves) -> None:
    if first.moves is None:
        first.moves = Moves({}, [0] * len(theirs.spans))
    ours = first.moves
    ours.spans = [mine + yours for mine, yours in zip(ours.spans, theirs.spans, strict=True)]
    ours.urls += theirs.urls
    ours.depths += theirs.depths
    ours.same_again += theirs.same_again
    ours.follows += theirs.follows
    for template, count in theirs.templates.items():
        _count_template(ours, template, count)


def _count_template(moves: Moves, template: int, by: int) -> None:
    templates = moves.templates
    if template in templates or len(templates) < caps.TEMPLATES:
        templates[template] = templates.get(template, 0) + by


def _median_s(spans: list[int], longest_s: float) -> float | None:
    """The median gap; of an even number, the shorter of the two in the middle."""
    rest = (sum(spans) + 1) // 2
    if not rest:
        return None
    for bound_s, count in zip(SPANS_S, spans, strict=False):
        rest -= count
        if rest <= 0:
            return min(bound_s, longest_s)
    return longest_s


def _entropy(counts: dict[int, int]) -> float | None:
    """Entropy in bits: 0 if all requests are to one template, None without requests."""
    if len(counts) <= 1:
        return 0.0 if counts else None
    numbers = counts.values()
    total = sum(numbers)
    # `fsum` rounds once: a plain sum would depend on the order of the templates, and so on the order of arrival.
    return max(0.0, log2(total) - fsum([_BITS[n] if n < _KNOWN_BITS else n * log2(n) for n in numbers]) / total)
