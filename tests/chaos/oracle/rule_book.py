"""What patterns and rules weigh, and when a rule holds for a session's record, in the oracle's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Session = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Weights of patterns by their ids, and rules as a pack's YAML has them, each with its pack's version."""

    weights: Mapping[str, float]
    groups: Mapping[str, str] = field(default_factory=dict)
    """Of those that have one: of a group only the strongest counts."""
    categories: Mapping[str, str] = field(default_factory=dict)
    rules: Sequence[tuple[Mapping[str, Any], str]] = ()

    def signs(self, session: Session) -> Iterator[tuple[str, str, float, str | None]]:
        """Id, version, weight and group of what counts against a session."""
        for pattern, hits in session["heuristics"].items():
            if self.weights.get(pattern):
                yield pattern, hits["version"], self.weights[pattern], self.groups.get(pattern)
        hits = {pattern: one["hits"] for pattern, one in session["heuristics"].items()}
        for rule, version in self.rules:
            conditions = rule["conditions"]
            may_fail = len(conditions) - rule.get("needs", len(conditions))
            failed = 0
            for condition in conditions:
                failed += not self._holds(condition, session, hits)
                if failed > may_fail:
                    break
            else:
                yield rule["id"], version, rule["weight"], rule.get("group")

    def evidence(self, signs: Iterable[tuple[str, str, float, str | None]]) -> float:
        """1 - product of (1 - weight), of each group the strongest."""
        strongest: dict[str, float] = {}
        for name, _, weight, group in signs:
            key = f"group {group}" if group else f"one {name}"
            strongest[key] = max(weight, strongest.get(key, 0.0))
        doubt = 1.0
        for weight in strongest.values():
            doubt *= 1.0 - weight
        return round(1.0 - doubt, 9)

    def _holds(self, condition: Mapping[str, Any], session: Session, hits: Mapping[str, int]) -> bool:
        if "measure" in condition:
            value = measure(condition["measure"], session)
        elif "pattern" in condition:
            value = hits.get(condition["pattern"], 0)
        else:
            value = sum(n for name, n in hits.items() if self.categories.get(name) == condition["category"])
        if value is None:
            return False
        if "at_least" not in condition and "at_most" not in condition:
            return value > 0
        lower, upper = condition.get("at_least", float("-inf")), condition.get("at_most", float("inf"))
        return bool(lower <= value <= upper)


def measure(name: str, session: Session) -> float | None:
    """A measure of a session's record; None where it is not known."""
    if name in _MADE:
        return _MADE[name](session)
    value: float = session[name]
    return value


def _part(of: Mapping[str, int], name: str) -> float | None:
    return of.get(name, 0) / sum(of.values()) if sum(of.values()) else None


def _variation(session: Session) -> float | None:
    gaps = session["gaps"]
    return gaps["standard_deviation"] / gaps["mean"] if gaps and gaps["mean"] else None


_MADE: dict[str, Callable[[Session], float | None]] = {
    "responses": lambda session: sum(session["statuses"].values()),
    "share_3xx": lambda session: _part(session["statuses"], "3xx"),
    "share_4xx": lambda session: _part(session["statuses"], "4xx"),
    "share_5xx": lambda session: _part(session["statuses"], "5xx"),
    "share_head": lambda session: _part(session["methods"], "HEAD"),
    "share_post": lambda session: _part(session["methods"], "POST"),
    "share_repeats": lambda session: session["repeats"] / session["events"],
    "share_immediate_repeats": lambda session: session["immediate_repeats"] / session["events"],
    "share_follows": lambda session: session["follows"] / session["events"],
    "share_one_template": lambda session: session["most_of_one_template"] / session["events"],
    "share_zero_gaps": lambda session: (
        session["zero_gaps"] / (session["events"] - 1) if session["events"] > 1 else None
    ),
    "accounts": lambda session: len(session["account_ids"]),
    "gap_mean_s": lambda session: session["gaps"]["mean"] if session["gaps"] else None,
    "gap_variation": _variation,
    "events_per_minute": lambda session: (
        60 * session["events"] / session["duration_s"] if session["duration_s"] else None
    ),
    "bytes_per_event": lambda session: session["bytes"] / session["events"],
    "share_login_attempts": lambda session: session["login_attempts"] / session["events"],
    "share_login_failures": lambda session: (
        session["login_failures"] / session["login_attempts"] if session["login_attempts"] else None
    ),
    "posts": lambda session: session["counts"].get("post", 0),
    "logins": lambda session: session["counts"].get("login", 0),
}
