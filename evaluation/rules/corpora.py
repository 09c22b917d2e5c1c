"""Benign corpora: those of the project, on which patterns were tuned, and those that others recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from evaluation.common.data_sets import human_agents
from evaluation.common.result import EvaluationResult, ResultTable
from evaluation.rules.data import messages
from evaluation.rules.judge import PatternVerdict, pattern_verdict
from evaluation.rules.share import Share, served
from evaluation.rules.standins import question
from rules.heuristics.benign import posts, queries, referrers, titles, urls, user_agents
from rules.heuristics.patterns import Patterns, load_packs

TUNED = "regression net: patterns were tuned on it"
EARLIER = "counted by earlier versions of this page"
MESSAGES_SEEN = "patterns of texts were tuned while counting it"
SHOWN = 20
NETS: tuple[tuple[str, Callable[[], Iterable[str]], Callable[[str], dict[str, Any]]], ...] = (
    ("user agents", user_agents.texts, lambda text: {"user_agent": text}),
    ("referrers", referrers.texts, lambda text: {"referrer": text}),
    ("search queries", queries.texts, question),
    ("URLs", urls.texts, lambda text: {"url": text}),
    ("titles", titles.texts, lambda text: {"title": text}),
    ("posts", posts.texts, lambda text: {"text": text}),
)


def evaluate(data: Path) -> EvaluationResult:
    """Every text is an event of its own."""
    patterns = load_packs()
    nets = {name: _judge(patterns, (fields(text) for text in texts())) for name, texts, fields in NETS}
    people = _judge(patterns, ({"user_agent": agent} for agent in human_agents(data)))
    labelled = messages(data)
    ham = _judge(patterns, ({"text": text} for text, is_spam in labelled if not is_spam))
    spam = _judge(patterns, ({"text": text} for text, is_spam in labelled if is_spam))
    found = nets | {"people's user agents": people, "SMS messages that are no spam": ham}
    return EvaluationResult(
        title="Benign corpora",
        text=(
            "The project's own corpora are regression nets: the patterns were tuned on them, so they say what a change "
            "breaks, not how often people are flagged. The others were recorded by others. Each text counts once. SMS "
            "spam is not form spam; its recall stands beside the false positives for comparison."
        ),
        tables=[
            served(
                *((f"Benign by the project: {name}", _share(verdicts), TUNED) for name, verdicts in nets.items()),
                ("Benign: people's distinct user agents", _share(people), EARLIER),
                ("Benign: distinct SMS messages that are no spam, as posts", _share(ham), MESSAGES_SEEN),
                ("Recall: distinct SMS spam, as posts", _share(spam), MESSAGES_SEEN),
            ),
            ResultTable(
                "False positives by pattern",
                ["corpus", "patterns", "texts"],
                [
                    [name, ids, str(number)]
                    for name, verdicts in found.items()
                    for ids, number in Counter(", ".join(one.ids) for one in verdicts if one.is_flagged).most_common(
                        SHOWN
                    )
                ],
            ),
        ],
    )


def _judge(patterns: Patterns, events: Iterable[dict[str, Any]]) -> list[PatternVerdict]:
    return [pattern_verdict(patterns, **fields) for fields in events]


def _share(found: Iterable[PatternVerdict]) -> Share:
    return Share.of(verdict.is_flagged for verdict in found)
