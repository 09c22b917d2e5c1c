"""The first model of the notebook: sessions as rows of numbers, a split, two plain models and their measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from duckdb import DuckDBPyConnection
from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped,import-not-found,unused-ignore]
from sklearn.impute import SimpleImputer  # type: ignore[import-untyped,import-not-found,unused-ignore]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped,import-not-found,unused-ignore]
from sklearn.metrics import average_precision_score  # type: ignore[import-untyped,import-not-found,unused-ignore]
from sklearn.pipeline import Pipeline, make_pipeline  # type: ignore[import-untyped,import-not-found,unused-ignore]
from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped,import-not-found,unused-ignore]

from weir.errors import UsageError
from weir.tables.catalogue import SESSIONS_TABLE
from weir.tables.columns import schema
from weir.tables.query import portions

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

LEFT_OUT = {"rate_limited", "revision", "kafka_offset"}
"""Numbers that are no measures: budgets are themselves a reason to block, the others are Weir's own counting."""
LEAST_EXAMPLES = 50
"""Fewer people's examples than this, and the cascade's verdicts are the labels."""
LEAST_OF_EACH = 5
"""Sessions of each label that both sides of the split need."""
TRAINING_SHARE = 0.7
RESAMPLES = 500

BLOCKED = """
WITH newest AS (
    SELECT session_id, verdict
    FROM flags
    WHERE stage <> 'people'
    QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY kafka_offset DESC) = 1
)
SELECT visitor_id, epoch(start) AS moment, coalesce(verdict = 'block', false) AS label, {measures}
FROM sessions LEFT JOIN newest USING (session_id)
WHERE merged_into IS NULL
ORDER BY moment, session_id
"""
EXAMPLES = """
SELECT visitor_id, epoch(labelled_at) AS moment, label = 'bad' AS label, features
FROM examples
WHERE source NOT LIKE 'weak:%' AND label IN ('good', 'bad')
QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY kafka_offset DESC) = 1
ORDER BY moment, session_id
"""


@dataclass(frozen=True)
class LabelledSessions:
    """Sessions in the order of time: one row of `measures` for each, with NaN where a measure is absent."""

    labels_are: str
    """Whose labels they are, in words."""
    names: tuple[str, ...]
    measures: Floats
    label: Booleans
    moment: Floats
    visitor: npt.NDArray[np.str_]

    def take(self, chosen: Booleans) -> LabelledSessions:
        """These sessions alone."""
        return LabelledSessions(
            self.labels_are,
            self.names,
            self.measures[chosen],
            self.label[chosen],
            self.moment[chosen],
            self.visitor[chosen],
        )


def labelled_sessions(connection: DuckDBPyConnection) -> LabelledSessions:
    """People's examples if there are at least 50, otherwise all sessions with the cascade's verdict as the label."""
    examples = rows(connection, EXAMPLES)
    if examples.num_rows >= LEAST_EXAMPLES:
        features = [dict(row) for row in examples["features"].to_pylist()]
        names = sorted(set().union(*features))
        measures = np.array([[row.get(name, np.nan) for name in names] for row in features], dtype=np.float64)
        return _labelled("human labels (`examples`)", names, measures, examples)
    plain = [
        field.name
        for field in schema(SESSIONS_TABLE)
        if field.type in {pa.int64(), pa.float64()} and field.name not in LEFT_OUT
    ]
    gaps = {f"gap_{part}": f"gaps.{part}" for part in ("mean", "standard_deviation", "minimum", "maximum")}
    wanted = [f'"{name}"' for name in plain] + [f"{path} AS {name}" for name, path in gaps.items()]
    found = rows(connection, BLOCKED.format(measures=", ".join(wanted)))
    names = [*plain, *gaps]
    measures = np.column_stack([found[name].cast(pa.float64()).to_numpy() for name in names])
    return _labelled("the cascade's own verdicts (`block`, or not)", names, measures, found)


def rows(connection: DuckDBPyConnection, sql: str, seconds: float = 60.0) -> pa.Table:
    """The rows of one SELECT over the tables."""
    with portions(connection, sql, seconds=seconds) as reader:
        return reader.read_all()


def split(sessions: LabelledSessions) -> tuple[LabelledSessions, LabelledSessions]:
    """Earlier sessions to learn from, and later ones of visitors that came later for the first time.

    Later sessions of visitors that are among the earlier ones are on neither side.

    Raises:
        UsageError: a side has too few sessions of a label.
    """
    cut = np.quantile(sessions.moment, TRAINING_SHARE) if len(sessions.moment) else np.inf
    is_earlier = sessions.moment < cut
    is_known = np.isin(sessions.visitor, sessions.visitor[is_earlier])
    sides = sessions.take(is_earlier), sessions.take(~is_earlier & ~is_known)
    for name, side in zip(("earlier", "later"), sides, strict=True):
        bad = int(side.label.sum())
        if min(bad, len(side.label) - bad) < LEAST_OF_EACH:
            raise UsageError(
                f"A model needs {LEAST_OF_EACH} sessions of each label on both sides of the split; of the "
                f"{len(side.label)} {name} ones, {bad} have the label.",
                "Take tables of more days.",
            )
    return sides


def models(seed: int = 0) -> dict[str, Pipeline]:
    """Two plain models, which are not fitted yet."""
    linear = LogisticRegression(max_iter=2_000)
    boosted = HistGradientBoostingClassifier(early_stopping=False, random_state=seed)
    return {
        "logistic regression": make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), linear),
        "gradient boosting": make_pipeline(SimpleImputer(strategy="median"), boosted),
    }


def interval(
    label: Booleans, score: Floats, visitor: Sequence[str] | npt.NDArray[np.str_], seed: int = 0
) -> tuple[float, float]:
    """Bounds at 95 % of the average precision, by drawing visitors with all their sessions again and again.

    Args:
        label: whether each session has the label.
        score: the model's probability of it.
        visitor: whose session each is. Sessions of one visitor resemble one another, so visitors are drawn.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    _, owner = np.unique(np.asarray(visitor), return_inverse=True)
    visitors = int(owner.max()) + 1
    found: list[float] = []
    for _ in range(RESAMPLES):
        times = np.bincount(rng.integers(visitors, size=visitors), minlength=visitors)[owner]
        if (times * label).any():
            found.append(float(average_precision_score(label, score, sample_weight=times)))
    low, high = np.quantile(found, [0.025, 0.975])
    return min(float(low), 1.0), min(float(high), 1.0)  # weighted sums round to just over 1


def _labelled(labels_are: str, names: Sequence[str], measures: Floats, found: pa.Table) -> LabelledSessions:
    return LabelledSessions(
        labels_are,
        tuple(names),
        measures,
        found["label"].to_numpy().astype(bool),
        found["moment"].to_numpy().astype(np.float64),
        np.array(found["visitor_id"].to_pylist(), dtype=np.str_),
    )
