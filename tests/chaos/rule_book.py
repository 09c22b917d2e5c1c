"""The shipped packs as the oracle's book of rules: figures from the product, what they mean from the oracle."""

from __future__ import annotations

from rules.heuristics.patterns import Patterns
from tests.chaos.oracle.rule_book import RuleBook


def rule_book(patterns: Patterns) -> RuleBook:
    """What packs that are in force weigh."""
    infos = [patterns.info(pattern) for pattern in patterns.ids]
    return RuleBook(
        weights={info.id: info.weight for info in infos if not info.shadow},
        groups={info.id: info.group for info in infos if info.group is not None},
        categories={info.id: info.category for info in infos},
        rules=[
            (rule.entry.model_dump(mode="json", exclude_none=True), rule.version)
            for rule in patterns.rules
            if not rule.shadow
        ],
    )
