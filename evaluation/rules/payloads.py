"""Attacks and what looks like them: recall, false positives, confusion by kind, and what each level adds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.common.result import EvaluationResult, Figure, ResultTable, draw
from evaluation.rules.data import LabelledUrl, injections, parameters
from evaluation.rules.judge import PatternVerdict, pattern_verdict
from evaluation.rules.share import Share, macro, served
from rules.heuristics.patterns import Patterns, load_packs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NORMAL = "norm"
LEVELS = (1, 2, 3, 4)
SHOWN = 12
SEEN = "one half while rules were written, errors in the other by row"
PARAMETERS, INJECTIONS = "HTTP parameters", "libinjection"


@dataclass(frozen=True, slots=True)
class JudgedPayload:
    """A case with its verdict."""

    case: LabelledUrl
    verdict: PatternVerdict

    @property
    def is_wrong(self) -> bool:
        """Whether it is an attack that is not flagged, or a normal text that is."""
        return self.verdict.is_flagged == (self.case.kind == NORMAL)


def evaluate(data: Path) -> EvaluationResult:
    """Both sets at every level; figures are of level 1, whole sets, each text once."""
    sets = {PARAMETERS: parameters(data), INJECTIONS: list(injections(data))}
    by_level = {level: load_packs(level=level) for level in LEVELS}
    judged = {name: judge(cases, by_level[1]) for name, cases in sets.items()}
    levels = {name: [_shares(judge(cases, by_level[level])) for level in LEVELS] for name, cases in sets.items()}
    return EvaluationResult(
        title="Attacks in URLs",
        text=(
            f"{len(sets[PARAMETERS]):,} values of HTTP parameters and {len(sets[INJECTIONS]):,} of libinjection's "
            "strings, each as a search query, at the default level of paranoia. Flagged is whatever is not "
            "allowed. The rules were written while looking at one half of each set, by a hash of the text, and earlier "
            "versions of this page listed errors in the other half by row: neither half is held out. Patterns written "
            "by hand can't be trained without a source, so recall is given by source, worst first, and the mean of the "
            "sources stands beside the share of all strings: a few sources have most of the strings."
        ),
        figures=[
            *_figures(PARAMETERS, judged[PARAMETERS], 0.99, 0.003),
            *_figures(INJECTIONS, judged[INJECTIONS], 0.97, 0.1),
        ],
        tables=[
            _served(judged),
            _by_source(INJECTIONS, judged[INJECTIONS], lambda case: case.source),
            _by_source(PARAMETERS, judged[PARAMETERS], lambda case: case.kind),
            _by_pattern(judged),
            _halves(judged),
            *(_confusion(name, found) for name, found in judged.items()),
            _by_level(levels),
            *(_errors(name, found) for name, found in judged.items()),
        ],
        plots=[("levels", _plot(levels))],
    )


def judge(cases: Iterable[LabelledUrl], patterns: Patterns) -> list[JudgedPayload]:
    """The patterns' verdict on each case."""
    return [JudgedPayload(case, pattern_verdict(patterns, url=case.url)) for case in cases]


def _shares(found: Sequence[JudgedPayload]) -> tuple[float, float]:
    """Share of the attacks, and of the rest, that is flagged."""
    attacks = [one.verdict.is_flagged for one in found if one.case.kind != NORMAL]
    normal = [one.verdict.is_flagged for one in found if one.case.kind == NORMAL]
    return sum(attacks) / max(len(attacks), 1), sum(normal) / max(len(normal), 1)


def _figures(name: str, found: Sequence[JudgedPayload], recall_goal: float, false_goal: float) -> list[Figure]:
    recall, false = _shares(found)
    return [
        Figure(f"{name}: recall on attacks", recall, recall_goal),
        Figure(f"{name}: normal ones flagged", false, false_goal, at_least=False),
    ]


def _served(judged: dict[str, list[JudgedPayload]]) -> ResultTable:
    rows: list[tuple[str, Share, str]] = []
    for name, found in judged.items():
        attacks = [one for one in found if one.case.kind != NORMAL]
        rows.append((f"Recall: {name}, all attacks", _share(attacks), SEEN))
        rows += [
            (f"Recall: {name}, {kind}", _share([one for one in attacks if one.case.kind == kind]), SEEN)
            for kind in sorted({one.case.kind for one in attacks})
        ]
        normal = [one for one in found if one.case.kind == NORMAL]
        rows.append((f"Benign: {name}, normal ones", _share(normal), SEEN))
    return served(*rows)


def _share(found: Iterable[JudgedPayload]) -> Share:
    return Share.of(one.verdict.is_flagged for one in found)


def _by_source(name: str, found: Sequence[JudgedPayload], source_of: Callable[[LabelledUrl], str]) -> ResultTable:
    by_source: dict[str, list[JudgedPayload]] = defaultdict(list)
    for one in found:
        if one.case.kind != NORMAL:
            by_source[source_of(one.case)].append(one)
    shares = {source: _share(listed) for source, listed in by_source.items()}
    whole = _share(one for one in found if one.case.kind != NORMAL)
    worst = sorted(shares.items(), key=lambda item: item[1].value)
    rows = [[source, *share.cells] for source, share in worst]
    rows += [["all strings", *whole.cells], ["mean of the sources", f"{macro(shares.values()):.2%}", "", ""]]
    return ResultTable(f"{name}: recall by source, worst first", ["source", "recall", "95 % interval", "of"], rows)


def _by_pattern(judged: dict[str, list[JudgedPayload]]) -> ResultTable:
    rows = []
    for name, found in judged.items():
        counts = Counter(", ".join(one.verdict.ids) for one in found if one.is_wrong and one.verdict.is_flagged)
        rows += [[name, ids, str(number)] for ids, number in counts.most_common()]
    return ResultTable("Normal ones flagged, by pattern", ["set", "patterns", "strings"], rows)


def _halves(judged: dict[str, list[JudgedPayload]]) -> ResultTable:
    rows = []
    for name, found in judged.items():
        for half, held in (("looked at", False), ("not looked at", True)):
            part = [one for one in found if one.case.is_held_out is held]
            recall, false = _shares(part)
            rows.append([name, half, f"{len(part):,}", f"{recall:.2%}", f"{false:.2%}"])
    return ResultTable("By half", ["set", "half", "cases", "recall", "false positives"], rows)


def _confusion(name: str, found: Sequence[JudgedPayload]) -> ResultTable:
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for one in found:
        seen[one.case.kind][one.verdict.category if one.verdict.is_flagged else ""] += 1
    categories = sorted({category for counts in seen.values() for category in counts})
    rows = [[kind, *(f"{seen[kind][category]:,}" for category in categories)] for kind in sorted(seen)]
    return ResultTable(
        f"{name}: what it is, and what the strongest pattern says", ["", *(c or "—" for c in categories)], rows
    )


def _by_level(levels: dict[str, list[tuple[float, float]]]) -> ResultTable:
    rows = [[name, *(f"{recall:.2%} / {false:.2%}" for recall, false in shares)] for name, shares in levels.items()]
    return ResultTable("Recall / false positives by level of paranoia, whole sets", ["set", *map(str, LEVELS)], rows)


def _errors(name: str, found: Sequence[JudgedPayload]) -> ResultTable:
    """Errors by name: false positives by descending evidence, and misses by source."""
    false = sorted(
        (one for one in found if one.is_wrong and one.verdict.is_flagged), key=lambda one: -one.verdict.evidence
    )
    missed: dict[str, list[str]] = defaultdict(list)
    for one in found:
        if one.is_wrong and not one.verdict.is_flagged:
            missed[f"{one.case.kind}, {one.case.source}"].append(one.case.name)
    rows = [["flagged", one.case.name, ", ".join(one.verdict.ids)] for one in false[:SHOWN]]
    for source, names in sorted(missed.items(), key=lambda item: -len(item[1])):
        shown = ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
        rows.append([f"missed ({source})", f"{len(names)}", shown])
    return ResultTable(f"{name}: errors", ["error", "which or how many", "what"], rows)


def _plot(levels: dict[str, list[tuple[float, float]]]) -> str:
    def plot(axes: Axes) -> None:
        for name, shares in levels.items():
            axes.plot([100 * false for _, false in shares], [100 * recall for recall, _ in shares], "o-", label=name)
            for level, (recall, false) in zip(LEVELS, shares, strict=True):
                axes.annotate(str(level), (100 * false, 100 * recall), textcoords="offset points", xytext=(4, -10))
        axes.set_xlabel("normal ones flagged, %")
        axes.set_ylabel("attacks found, %")
        axes.legend(frameon=False, title="level of paranoia 1 to 4")

    return draw(plot)
