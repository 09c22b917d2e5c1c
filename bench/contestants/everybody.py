"""All contestants, by name, in the order of the report."""

from __future__ import annotations

from bench.contestants.contestant import Contestant
from bench.contestants.weir import Weir

CASCADE = ("sessionize", "score", "join,train")


def contestants() -> dict[str, Contestant]:
    """Weir as it is and as its peers are, then the peers."""
    found: list[Contestant] = [
        Weir("weir-plain", "Weir, sessionize, no patterns", "no budgets, no patterns: the peers' work", plain=True),
        Weir("weir", "Weir, sessionize", "all shipped pattern packs and budgets"),
        Weir(
            "weir-cascade",
            "Weir, full cascade",
            "sessionize, score, join and train in three processes: models, flags, business rules, metrics",
            processes=CASCADE,
            more={"model_key": "a key for the benchmark"},
        ),
    ]
    return {one.traits.name: one for one in found}
