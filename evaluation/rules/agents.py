"""User agents: people's, those of known crawlers, and those of crawlers whose family the list has never heard of."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.common.data_sets import human_agents
from evaluation.common.result import EvaluationResult, Figure, ResultTable, draw
from evaluation.rules.data import Agent, crawlers
from evaluation.rules.judge import PatternVerdict, pattern_verdict
from evaluation.rules.share import Share, macro, served
from rules.heuristics.patterns import Patterns, load_packs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 20
SEEN = "one half of the families while rules were written, missed ones by name"
PEOPLE_SEEN = "counted by earlier versions of this page"


def evaluate(data: Path) -> EvaluationResult:
    """Judges each crawler without its family's pattern, which measures detection of unknown crawlers."""
    patterns = load_packs()
    people = human_agents(data)
    flagged = {
        agent: number for agent, number in people.items() if pattern_verdict(patterns, user_agent=agent).is_flagged
    }
    known = crawlers()
    found = [pattern_verdict(patterns, user_agent=agent.user_agent) for agent in known]
    unseen = [without_family(patterns, agent) for agent in known]
    families: dict[str, list[bool]] = defaultdict(list)
    for agent, verdict in zip(known, unseen, strict=True):
        families[agent.family].append(verdict.is_flagged)
    false = sum(flagged.values()) / people.total()
    missed = Counter(agent.family for agent, verdict in zip(known, unseen, strict=True) if not verdict.is_flagged)
    return EvaluationResult(
        title="User agents",
        text=(
            f"{people.total():,} profiles of browsers with {len(people):,} different user agents, and {len(known):,} "
            "user agents that the package crawler-user-agents gives as examples of its own patterns. Its pattern for a "
            "crawler proves nothing on that crawler: each is judged again without its family's pattern, by the other "
            "patterns of the package and by what any crawler says of itself. Those general words were chosen while "
            "looking at one half of the families, and earlier versions of this page named families that are missed. "
            f"The mean of the {len(families):,} families is {macro(map(Share.of, families.values())):.2%}."
        ),
        figures=[
            Figure("User agents of people that are flagged", false, 0.0005, at_least=False, places=5),
            Figure("Crawlers, known (the package on its own examples: proves nothing)", _share(found), 0.98),
            Figure("Crawlers, each without its family's pattern", _share(unseen), 0.70),
        ],
        tables=[
            served(
                ("Recall: crawlers, each without its family's pattern", Share.of(o.is_flagged for o in unseen), SEEN),
                ("Benign: people's profiles", Share(sum(flagged.values()), people.total()), PEOPLE_SEEN),
            ),
            _by_pattern(known, unseen),
            ResultTable(
                "Families of which most examples are missed without their own pattern",
                ["family", "missed"],
                [[f"`{family}`", str(number)] for family, number in missed.most_common(SHOWN)],
            ),
            ResultTable(
                "People's user agents that are flagged",
                ["profiles", "patterns"],
                [[str(n), ", ".join(pattern_verdict(patterns, user_agent=agent).ids)] for agent, n in flagged.items()],
            ),
        ],
        plots=[("agents", _plot(unseen))],
    )


def without_family(patterns: Patterns, agent: Agent) -> PatternVerdict:
    """The verdict on a crawler without the pattern of its family."""
    own = {one for one in patterns.match_field("user_agent", agent.user_agent) if patterns.regex(one) == agent.family}
    return pattern_verdict(patterns, leave_out=own, user_agent=agent.user_agent)


def _share(found: list[PatternVerdict]) -> float:
    return sum(verdict.is_flagged for verdict in found) / len(found)


def _by_pattern(known: list[Agent], unseen: list[PatternVerdict]) -> ResultTable:
    hits: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    for verdict in unseen:
        hits.update(verdict.ids)
        if len(verdict.ids) == 1:
            alone[verdict.ids[0]] += 1
    rows = [[one, f"{n / len(known):.1%}", f"{alone[one] / len(known):.1%}"] for one, n in hits.most_common(SHOWN // 2)]
    return ResultTable("What finds crawlers without their family's pattern", ["pattern", "of all", "it alone"], rows)


def _plot(unseen: list[PatternVerdict]) -> str:
    hits: Counter[str] = Counter(one for verdict in unseen for one in verdict.ids)
    names, values = zip(*reversed(hits.most_common(SHOWN // 2)), strict=True)

    def plot(axes: Axes) -> None:
        axes.barh([name.split("/", 1)[1] for name in names], [100 * value / len(unseen) for value in values])
        axes.set_xlabel("crawlers that match, each without its family's pattern, %")

    return draw(plot)
