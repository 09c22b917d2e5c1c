"""Orders the lines of files by time, without side effects.

- `stand_in_arrivals` gives a line whose time is far ahead of the following lines a replacement for its arrival time,
  so that the line does not advance the watermark.
- `merged` merges files by time, and opens a file only when its first line is due.
- `sorted_within` sorts lines that are nearly in order, since servers log a request when it ends.

Lines with equal times are ordered by content, not by file: pages before their assets, then by bytes. So the sessions do
not depend on how a log is split into files.
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
"""Number of following lines that a line's time is compared with."""
_MIN_LINES_BEHIND = 3
"""Fewest following lines that can show a file's first line to be implausible, since no line precedes it."""
_MAX_SHARE_OUT_OF_ORDER = 0.25
MAX_HELD_LINES = 200_000
"""Most lines that `sorted_within` holds, which bounds its memory."""
Lines = Iterable[Line | BadLine]


def when(line: Line) -> float:
    """The time by which a line is ordered: the replacement if it has one, otherwise its own."""
    return line.ts if line.appended_s is None else max(line.appended_s, 0.0)


def arrival_ms(line: Line, now_s: float) -> int:
    """The arrival time of a line that is read at `now_s`, in milliseconds since 1970."""
    return round((now_s if line.appended_s is None else min(line.appended_s, now_s)) * 1000)


def stand_in_arrivals(lines: Lines, max_ahead_s: float) -> Iterator[Line | BadLine]:
    """Gives a replacement arrival time to each line whose time jumps ahead of its neighbours' times.

    A line jumps ahead if its time is more than `max_ahead_s` after the times of all lines before it and of most of the
    next `LOOKAHEAD` lines, and if those next lines are nearly in order and continue the times before it. The
    replacement is the least time among the next lines. A line is left as it is if only a single old line follows it,
    such as a request that took an hour, or if the file is unordered.
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
            goes_on = (
                median(behind) > newest - max_ahead_s if newest >= 0 and behind else len(behind) >= _MIN_LINES_BEHIND
            )
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
    # A single implausible line counts once in the smaller of the two sums: a line from the future makes all later lines
    # look out of order in the first sum, and an old line makes all earlier lines look out of order in the second.
    greatest = accumulate(behind, max)
    least = accumulate(reversed(behind), min)
    out_of_order = min(
        sum(other < so_far - max_ahead_s for other, so_far in zip(behind, greatest, strict=True)),
        sum(other > so_far + max_ahead_s for other, so_far in zip(reversed(behind), least, strict=True)),
    )
    return out_of_order <= _MAX_SHARE_OUT_OF_ORDER * len(behind)


@dataclass(frozen=True, slots=True)
class UnopenedFile:
    """One file, not opened yet."""

    first_s: float
    """Time of the first line, or an earlier time."""
    tie: bytes
    """Orders files with the same first time, independently of their names."""
    open: Callable[[], Lines]


def merged(sources: Sequence[UnopenedFile]) -> Iterator[Line | BadLine]:
    """Merges files by time, and keeps the order of lines within each file.

    A line that is out of order within its file is merged at the greatest time that the file has reached.
    """
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


def sorted_within(lines: Lines, grace_s: float, most: int = MAX_HELD_LINES) -> Iterator[Line | BadLine]:
    """Sorts lines that are out of order by at most `grace_s`; unreadable lines are passed on at once.

    Args:
        lines: The lines in the order of the files.
        grace_s: Greatest difference of times that is sorted, in seconds.
        most: Most lines held at once.

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
    """Gives equal lines different ids, by their number among the lines with the same bytes.

    Equal lines have the same time, so counts are dropped after `remember_s` of event time, which bounds the memory.
    """
    counts: dict[str, int] = {}
    older: dict[str, int] = {}
    rotated_s = 0.0
    for line in lines:
        if isinstance(line, BadLine) or not line.content:
            yield line
            continue
        at = when(line)
        if at > rotated_s + remember_s:
            older, counts, rotated_s = counts, {}, at
        number = counts.get(line.content) or older.get(line.content, 0)
        counts[line.content] = number + 1
        yield line if number == 0 else replace(line, value=numbered(line.value, line.content, number + 1))
