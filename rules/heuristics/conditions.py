"""Conditions of session rules: a measure between bounds, or how often a pattern or category has matched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Protocol, Self

from pydantic import BeforeValidator, Field, model_validator

from rules.document import Strict, as_tuple
from rules.measures import MEASURE_READERS, Measure, is_within
from weir.contracts.session import Session


class Facts(Protocol):
    """What conditions ask."""

    def measure(self, name: Measure, /) -> float | None:
        """A measure, if it is known."""

    def hits(self, pattern: str, /) -> int:
        """How often a pattern has matched."""

    def hits_of_category(self, category: str, /) -> int:
        """How often patterns of a category have matched."""


class Condition(Strict):
    """One condition: a measure between bounds, or a pattern or category that has matched so often."""

    measure: Measure | None = None
    pattern: str | None = None
    """A pattern's id: `at_least` and `at_most` bound its hits; at least 1 unless given."""
    category: str | None = None
    """The same for all patterns of a category together."""
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if sum(value is not None for value in (self.measure, self.pattern, self.category)) != 1:
            raise ValueError("a condition names one of measure, pattern and category")
        if self.measure is not None and self.at_least is None and self.at_most is None:
            raise ValueError("a measure needs at_least or at_most")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least is more than at_most")
        return self

    def holds(self, facts: Facts) -> bool:
        """Whether it does; an unknown measure fulfils no bound."""
        if self.measure is not None:
            return is_within(facts.measure(self.measure), self.at_least, self.at_most)
        hits = facts.hits(self.pattern) if self.pattern is not None else facts.hits_of_category(self.category or "")
        if self.at_least is None and self.at_most is None:
            return hits > 0
        return is_within(hits, self.at_least, self.at_most)


class SessionExample(Strict):
    """A session in an example: facts that the example leaves out are unknown."""

    measures: Mapping[Measure, float] = Field(default_factory=dict)
    patterns: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = ()
    """Ids that matched once."""
    categories: Mapping[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """How often patterns of a category matched."""

    def measure(self, name: Measure, /) -> float | None:
        """A measure, if the example gives it."""
        return self.measures.get(name)

    def hits(self, pattern: str, /) -> int:
        """Once or not at all."""
        return int(pattern in self.patterns)

    def hits_of_category(self, category: str, /) -> int:
        """The value in the example."""
        return self.categories.get(category, 0)


class SessionFacts:
    """A session's own facts. `category_of` gives a pattern's category, None for one that is no longer known."""

    __slots__ = ("_category_of", "_known", "_session")

    def __init__(self, session: Session, category_of: Callable[[str], str | None]) -> None:
        self._session = session
        self._category_of = category_of
        self._known: dict[Measure, float | None] = {}

    def measure(self, name: Measure, /) -> float | None:
        """A measure, if it is known of the session."""
        if name not in self._known:
            self._known[name] = MEASURE_READERS[name](self._session)
        return self._known[name]

    def hits(self, pattern: str, /) -> int:
        """How often a pattern has matched."""
        found = self._session.heuristics.get(pattern)
        return found.hits if found is not None else 0

    def hits_of_category(self, category: str, /) -> int:
        """How often patterns of a category have matched."""
        matched = self._session.heuristics
        return sum(found.hits for pattern, found in matched.items() if self._category_of(pattern) == category)


def holds_together(conditions: Collection[Condition], needs: int | None, facts: Facts) -> bool:
    """Whether enough of the conditions hold; all of them where `needs` is None."""
    spare = 0 if needs is None else len(conditions) - needs
    for condition in conditions:
        if not condition.holds(facts):
            spare -= 1
            if spare < 0:
                return False
    return spare >= 0
