"""The plots of `weir models show`, drawn with characters for terminals and tickets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.gate.since import RECALLS, Bin, Since
from weir.contracts.model_record import Decision

WIDTH = 40
HEIGHT = 8
_FILLED, _EMPTY, _MARK = "█", "·", "│"
MOST_MEETINGS = 30
_LINES = {"candidate": "●", "champion": "○", "baseline": "+"}


def calibration(bins: Sequence[Bin]) -> Iterator[str]:
    """A bar for each tenth of the scores: its length is the share that was abusive, the mark is the mean score."""
    yield "Calibration: the bar is the share that was abusive, the mark is the mean score"
    for each in bins:
        bar = [_FILLED if at < round(each.bad * WIDTH) else _EMPTY for at in range(WIDTH)]
        bar[min(WIDTH - 1, round(each.claimed * (WIDTH - 1)))] = _MARK
        yield f"  {each.claimed:5.2f}  {''.join(bar)}  {each.bad:.2f} of {each.examples:,}"


def precision(points: Sequence[float]) -> Iterator[str]:
    """Precision by recall, in tenths."""
    yield "Precision by recall"
    for recall, share in zip(RECALLS, points, strict=True):
        yield f"  {recall:5.1f}  {(_FILLED * round(share * WIDTH)).ljust(WIDTH, _EMPTY)}  {share:.3f}"


def meetings(decisions: Sequence[Decision]) -> Iterator[str]:
    """Log loss of candidate, champion and baseline at the newest gate evaluations, one column each."""
    met = [one for one in decisions if "candidate_log_loss" in one.figures][-MOST_MEETINGS:]
    if not met:
        return
    series = {role: [one.figures.get(f"{role}_log_loss") for one in met] for role in _LINES}
    highest = max(value for values in series.values() for value in values if value is not None) or 1.0
    rows = [[" "] * len(met) for _ in range(HEIGHT)]
    # The candidate is drawn last, so its sign is on top if two lines cross.
    for role in reversed(_LINES):
        for column, value in enumerate(series[role]):
            if value is not None:
                rows[HEIGHT - 1 - min(HEIGHT - 1, int(value / highest * (HEIGHT - 1) + 0.5))][column] = _LINES[role]
    yield "Log loss at the newest gate evaluations: " + ", ".join(f"{sign} {role}" for role, sign in _LINES.items())
    for number, row in enumerate(rows):
        level = highest * (HEIGHT - 1 - number) / (HEIGHT - 1)
        yield f"  {level:5.2f}  {'  '.join(row)}"
    yield "         " + "".join(f"{one.number:<3}" for one in met) + " decision"


def drawn(known: Since | None, decisions: Sequence[Decision]) -> list[str]:
    """All plots that have data."""
    lines = list(meetings(decisions))
    if known is not None:
        lines += [*calibration(known.calibration), *(precision(known.precision) if known.precision else ())]
    return lines
