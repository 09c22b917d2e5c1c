"""The order in which lines of files are read. Pure: lines in, lines out.

- A line whose time lies far ahead of the lines behind it gets a stand-in for its time of arrival, so that it moves no
  watermark: `stand_in_arrivals`.
- Files are merged by time; a file is opened when the time of its first line has come: `merged`.
- Servers write a request when it ends, so lines lie nearly in order: `sorted_within` sorts them.

Lines of one moment have one order, whatever files they come from: pages before what they load, then by their bytes.
So any cut of a log into files gives the same sessions.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, count
from statistics import median

from streams.intake.layouts.candidates import numbered
from streams.intake.line import BadLine, Line

LOOKAHEAD = 20
"""Lines after a line by which its time is judged plausible or not."""
_ENOUGH_BEHIND = 3
"""Lines behind the first line of a file that show it to be out of place; no line comes before it."""
_MOST_OUT_OF_ORDER = 0.25
MOST_HELD = 200_000
"""Lines that `sorted_within` holds, so that its memory is bounded on the busiest site."""
Lines = Iterable[Line | BadLine]


def when(line: Line) -> float:
    """The time at which a line counts: its own, or the replacement if the line's own is far ahead of it."""
    return line.ts if line.appended_s is None else max(line.appended_s, 0.0)


def arrival_ms(line: Line, now_s: float) -> int:
    """The time of arrival of a line that is read now, in milliseconds since 1970."""
    return round((now_s if line.appended_s is None else min(line.appended_s, now_s)) * 1000)


def stand_in_arrivals(lines: Lines, max_ahead_s: float) -> Iterator[Line | BadLine]:
    """Gives a time of arrival to each line that jumps ahead of the lines around it.

    Such a line lies more than `max_ahead_s` ahead of all lines before it and of most of the next `LOOKAHEAD` lines, and
    those are nearly in order and go on from the lines before it. Its stand-in is the least time among itself and those.
    Lines keep their own times if an old one comes behind them, such as a request that took an hour, and in a file that
    is in no order.
    """
    held: deque[Line | BadLine] = deque()
    waiting, newest = 0, float("-inf")

    def release() -> Line | BadLine:
        nonlocal waiting, newest
        line = held.popleft()
        if isinstance(line, BadLine):
            return line
        waiting -= 1
        if line.ts > newest + max_ahead_s:
            behind = [other.ts for other in held if isinstance(other, Line)]
            goes_on = median(behind) > newest - max_ahead_s if newest >= 0 and behind else len(behind) >= _ENOUGH_BEHIND
            if goes_on and _jumps(line.ts, behind, max_ahead_s):
                line = replace(line, appended_s=min(behind))
        newest = max(newest, when(line))
        return line

    for line in lines:
        held.append(line)
        waiting += isinstance(line, Line)
        while waiting > LOOKAHEAD or isinstance(held[0], BadLine):
            yield release()
            if not held:
                break
    while held:
        yield release()


def _jumps(ts: float, behind: Sequence[float], max_ahead_s: float) -> bool:
    if 2 * sum(ts - other > max_ahead_s for other in behind) <= len(behind):
        return False
    # One line from the future is ahead of all behind it, and one old line is behind all before it: either way of
    # counting lines out of order sees such a line once.
    greatest = accumulate(behind, max)
    least = accumulate(reversed(behind), min)
    out_of_order = min(
        sum(other < so_far - max_ahead_s for other, so_far in zip(behind, greatest, strict=True)),
        sum(other > so_far + max_ahead_s for other, so_far in zip(reversed(behind), least, strict=True)),
    )
    return out_of_order <= _MOST_OUT_OF_ORDER * len(behind)


@dataclass(frozen=True, slots=True)
class UnopenedFile:
    """One file, not opened yet."""

    first_s: float
    """Time of its first line, or less."""
    tie: bytes
    """Orders files with the same first time, independently of their names."""
    open: Callable[[], Lines]


def merged(sources: Sequence[UnopenedFile]) -> Iterator[Line | BadLine]:
    """Merges files by time. Lines out of order within a file keep their place; a file's time is its newest line's."""
    order = count()
    heap: list[
        tuple[float, bytes, int, Iterator[tuple[float, Line | BadLine]] | None, Line | BadLine | UnopenedFile]
    ] = [(source.first_s, source.tie, next(order), None, source) for source in sources]
    heapq.heapify(heap)
    while heap:
        _, tie, number, rest, what = heap[0]
        if isinstance(what, UnopenedFile):
            rest = _with_keys(what.open(), what.first_s)
        else:
            yield what
        following = next(rest, None) if rest is not None else None
        if following is None:
            heapq.heappop(heap)
        else:
            key, line = following
            heapq.heapreplace(heap, (key, tie, number, rest, line))


def _with_keys(lines: Lines, first_s: float) -> Iterator[tuple[float, Line | BadLine]]:
    newest = first_s
    for line in lines:
        if isinstance(line, Line):
            newest = max(newest, when(line))
        yield newest, line


def sorted_within(lines: Lines, grace_s: float, most: int = MOST_HELD) -> Iterator[Line | BadLine]:
    """Sorts lines that lie up to `grace_s` out of order; bad lines stay where they are.

    Args:
        lines: As they lie in the files.
        grace_s: How far lines may lie apart and still be sorted.
        most: Lines held at once.

    """
    heap: list[tuple[float, bool, bytes, int, Line]] = []
    order = count()
    newest = 0.0
    for line in lines:
        if isinstance(line, BadLine):
            yield line
            continue
        at = when(line)
        newest = max(newest, at)
        heapq.heappush(heap, (at, line.is_asset, line.raw, next(order), line))
        while heap[0][0] < newest - grace_s or len(heap) > most:
            yield heapq.heappop(heap)[-1]
    while heap:
        yield heapq.heappop(heap)[-1]


def numbered_among_equals(lines: Lines, remember_s: float) -> Iterator[Line | BadLine]:
    """Gives equal lines ids that differ: each has its number among the lines of the same bytes.

    Equal lines bear the same time, so counts are forgotten `remember_s` later.
    """
    counts: dict[str, int] = {}
    older: dict[str, int] = {}
    turned_s = 0.0
    for line in lines:
        if isinstance(line, BadLine) or not line.content:
            yield line
            continue
        at = when(line)
        if at > turned_s + remember_s:
            older, counts, turned_s = counts, {}, at
        number = counts.get(line.content) or older.get(line.content, 0)
        counts[line.content] = number + 1
        yield line if number == 0 else replace(line, value=numbered(line.value, line.content, number + 1))
