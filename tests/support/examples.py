"""Training examples that a model can learn from, and ones that it can't."""

from __future__ import annotations

import random

from models.features import FEATURES_VERSION
from weir.contracts.training import TrainingExample


def easy_example(seed: int, *, source: str = "moderator", flip: bool = False, weight: float = 1.0) -> TrainingExample:
    """Abuse is fast, names itself a program and writes about prizes; `flip` tells a lie about it."""
    chance = random.Random(seed)
    bad = chance.random() < 0.4
    features: dict[str, float | str] = {
        "events_per_minute": chance.lognormvariate(3.5 if bad else 1, 1),
        "gap_variation": chance.uniform(0, 0.6) if bad else chance.uniform(0.3, 2),
        "user_agent_family": chance.choice(["curl", "firefox"] if bad else ["firefox", "chrome"]),
        "text": chance.choice(["you have won", "cash now", "hello"] if bad else ["lovely shoes", "my parcel", "hello"]),
    }
    return TrainingExample(
        example_id=f"e{seed}",
        session_id=f"s{seed}",
        visitor_id=f"v{seed}",
        # As records carry them: a sum depends on its order in the last bit.
        features=dict(sorted(features.items())),
        features_version=FEATURES_VERSION,
        score=None,
        model=None,
        label="bad" if bad != flip else "good",
        category=None,
        source=source,
        weight=weight,
        labelled_at=float(seed),
    )


def shuffled_example(seed: int, *, source: str = "moderator") -> TrainingExample:
    """As if somebody answered without looking."""
    return easy_example(seed, source=source, flip=random.Random(f"shuffled {seed}").random() < 0.5)


def with_newcomers(start: int, end: int, *, bad: bool) -> list[TrainingExample]:
    """Every other session is of a kind that behaves as the good ones do, but for one word."""
    found = []
    for seed in range(start, end):
        example = easy_example(seed)
        if seed % 2:
            features = {"events_per_minute": 3.0, "text": "voucher", "user_agent_family": "firefox"}
            example = example.model_copy(update={"features": features, "label": "bad" if bad else "good"})
        found.append(example)
    return found
