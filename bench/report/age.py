"""How old a result is, of what, and whether the machine was busy."""

from __future__ import annotations

from datetime import datetime

from bench.result import BenchResult

HOUR_S, DAY_S = 3_600.0, 86_400.0
BUSY = 0.25
"""Load average a processor, before anything was measured, from which on somebody else had a share of the machine."""


def age(result: BenchResult, now: datetime) -> str:
    """In hours, from two days on in days."""
    seconds = max((now - result.taken).total_seconds(), 0.0)
    if seconds < HOUR_S:
        return "less than an hour old"
    number, unit = (seconds / HOUR_S, "hour") if seconds < 2 * DAY_S else (seconds / DAY_S, "day")
    return f"{int(number)} {unit}{'' if int(number) == 1 else 's'} old"


def commit(result: BenchResult) -> str:
    """Short, and whether the tree was as committed."""
    if not result.commit.name:
        return "an unknown commit"
    return f"`{result.commit.name[:10]}`" + ("" if result.commit.clean else " with changes that are not committed")


def origin(result: BenchResult, now: datetime) -> str:
    """A sentence or three."""
    taken = f"Taken {result.taken:%Y-%m-%d %H:%M} UTC ({age(result, now)}), of {commit(result)}"
    said = f"{taken}, in {result.took_s / 60:.1f} minutes; load {result.load.before[0]:.1f} before, "
    said += f"{result.load.after[0]:.1f} after, on {result.machine.processors} processors."
    if result.load.before[0] > BUSY * result.machine.processors:
        said += " **The machine had something else to do: the figures are worth less.**"
    return said
