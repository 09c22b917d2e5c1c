"""As much of PromQL as the tests of dashboard and alerts need: what an expression asks for, and its operands."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"

_STRINGS = re.compile(r'"[^"]*"')
_GROUPING = re.compile(r"\b(by|on|without|ignoring)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)(\{[^}]*\})?(?![\w:]*\s*\()")
_WORDS = {"and", "or", "unless", "bool", "by", "on", "without", "ignoring", "inf", "nan"}
_COMPARISON = re.compile(r"\s(?:==|!=|>=|<=|>|<|and|or|unless)\s+(?:on\s*\([^)]*\)\s*)?")


@dataclass(frozen=True)
class Selected:
    """A metric in an expression, with the labels that its selector names."""

    metric: str
    labels: frozenset[str]

    @property
    def base(self) -> str:
        """The metric's name without what a histogram's series have behind it."""
        return re.sub(r"_(bucket|sum|count)$", "", self.metric)


def dashboard_expressions() -> list[str]:
    """Every expression on the dashboard."""
    panels = json.loads((DEPLOY / "grafana" / "dashboards" / "weir.json").read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


def alert_rules() -> list[dict[str, object]]:
    """Every alert."""
    groups = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def selected(expression: str) -> set[Selected]:
    """The metrics that an expression asks for."""
    bare = _GROUPING.sub(" ", re.sub(r"\[[^\]]*\](\s+offset\s+\w+)?", "", expression))
    found = set()
    for name, selector in _SELECTOR.findall(_STRINGS.sub('""', bare)):
        if name not in _WORDS:
            found.add(Selected(name, frozenset(re.findall(r"(\w+)\s*[=!]", selector))))
    return found


def grouped_by(expression: str) -> set[str]:
    """The labels that an expression groups by."""
    return {
        label.strip() for _, labels in _GROUPING.findall(expression) for label in labels.split(",") if label.strip()
    }


def operands(expression: str) -> list[str]:
    """What stands between an expression's comparisons and logical operators, outside all parentheses, with a metric.

    An alert's own expression has data only while it fires; its operands have data always.
    """
    parts, depth, begin = [], 0, 0
    text = " ".join(expression.split())
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        match = _COMPARISON.match(text, at)
        if depth == 0 and match and at >= begin:
            parts.append(text[begin:at])
            begin = match.end()
    return [part.strip() for part in [*parts, text[begin:]] if selected(part)]
