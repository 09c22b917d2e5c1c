"""Writes the reference pages in `docs/` from the declarations of metrics, topics, settings and reasons of dead letters.

Run it after a change: `python -m weir.cli.reference`. A test checks that the pages are up to date.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from models.features.registry import FEATURES, FEATURES_VERSION
from weir.cli.formats_page import formats_page
from weir.cli.formats_page import table as _table
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.metrics import METRICS, Metric
from weir.settings import Settings
from weir.topics import PUBLIC, STAGES, Topic, state_topic

FOLDER = Path(__file__).parents[2] / "docs"
_NOTE = "<!-- Written by `python -m weir.cli.reference`: change the declarations, not this page. -->"
_WIDTHS = {"visitors": "as many as `partitions` says", "small": "at most 4", "one": "1"}


def metrics_page() -> str:
    """The page of all metrics, each with its kind, unit, labels and meaning."""
    rows = ((f"`{metric.full_name}`", metric.kind, metric.unit, _labels(metric), metric.meaning) for metric in METRICS)
    return _page(
        "Metrics",
        "Each worker's web server has these on `/metrics`. Labels are bounded sets: never a visitor, a session or an "
        "address. Times are timestamps; compute ages as `time() - …`. A counter counts since its worker started; a "
        "recovery doesn't count the input that it replays again.",
        _table(("metric", "kind", "unit", "labels", "meaning"), rows),
    )


def topics_page() -> str:
    """The page of all topics, each with its configuration in Kafka."""
    rows = [_topic(f"weir.{topic.name}", topic) for topic in PUBLIC]
    rows += [_topic(f"weir.{stage}.state", state_topic(stage)) for stage in STAGES]
    return _page(
        "Topics",
        "`weir topics create` creates these topics, `weir topics check` compares a cluster's topics with them. Public "
        "topics are named `<topic_prefix>.<name>`, a stage's private state `<application_id>.<stage>.state`; both "
        "prefixes are `weir` unless set. Read all topics with `isolation.level=read_committed`. The last column links "
        "to each record's schema.",
        _table(("topic", "key", "a record is", "partitions", "cleanup", "kept", "time", "schema"), rows),
    )


def settings_page() -> str:
    """The page of all settings, each with its default and meaning."""
    rows = (
        (f"`{name}`", f"`WEIR_{name.upper()}`", _default(field.default), _one_line(field.description or ""))
        for name, field in Settings.model_fields.items()
    )
    return _page(
        "Settings",
        "Settings come from `weir.toml` in the working directory, the environment and flags (`--set key=value`); the "
        "later source overrides the earlier one. Names ending in `_s` are seconds.",
        _table(("in weir.toml", "in the environment", "unless set", "meaning"), rows),
    )


def dead_letters_page() -> str:
    """The page of all reasons for dead letters, each with advice for the producer."""
    rows = ((f"`{reason}`", reason.meaning, reason.advice) for reason in DeadLetterReason)
    return _page(
        "Dead letters",
        "A record that can't be processed goes to `weir.dead-letter`, byte for byte, with reason and origin in "
        "headers. `weir dead-letters list` counts dead letters by reason. A record of more than about 4 MB, which only "
        "a producer that compresses can send, is cut: the dead letter has its beginning, the header `weir-cut` its "
        "size, and it can't be replayed.",
        _table(("reason", "what it means", "what to do"), rows),
    )


def features_page() -> str:
    """The page of all features of a session, each with its kind, unit and meaning."""
    rows = ((f"`{feature.name}`", feature.kind, feature.unit, feature.meaning) for feature in FEATURES)
    return _page(
        "Features",
        f"Models' inputs, in version {FEATURES_VERSION}: computed once, when the session is scored, logged with the "
        "score, and never computed again. Inputs of weak labels are not features. [models.md](models.md) describes "
        "their use.",
        _table(("feature", "kind", "unit", "meaning"), rows),
    )


def tables_page() -> str:
    """The page of all columns of all tables, each with its type and meaning."""
    from weir.tables.catalogue import TABLES  # noqa: PLC0415 -- needs the extra `table`
    from weir.tables.columns import schema  # noqa: PLC0415 -- likewise

    rows = (
        (f"`{table.name}.{field.name}`", f"`{field.type}`", _one_line(field.metadata[b"comment"].decode()))
        for table in TABLES
        for field in schema(table)
    )
    lines = "".join(f"- `{table.name}`, of `weir.{table.topic.name}`: {table.meaning}.\n" for table in TABLES)
    return _page(
        "Columns of the tables",
        f"Types are Arrow's. [analysts.md](analysts.md) describes how to read the tables.\n\n{lines.rstrip()}",
        _table(("column", "type", "meaning"), rows),
    )


PAGES: Mapping[str, Callable[[], str]] = {
    "metrics.md": metrics_page,
    "topics.md": topics_page,
    "settings.md": settings_page,
    "dead-letters.md": dead_letters_page,
    "features.md": features_page,
    "tables.md": tables_page,
    "formats.md": lambda: formats_page(_NOTE),
}


def write(folder: Path = FOLDER) -> None:
    """Writes all pages into a folder."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


def _topic(name: str, topic: Topic) -> tuple[str, ...]:
    days = timedelta(milliseconds=topic.retention_ms or 0).days
    kept = f"{days} day{'s' * (days != 1)}" if days else "for ever"
    time = "of its append" if topic.log_append_time else "of its sending"
    contract = topic.contract
    schema = f"[{contract.__name__}](../weir/contracts/schemas/{_file_name(contract.__name__)})" if contract else ""
    return (f"`{name}`", f"`{topic.key}`", topic.meaning, _WIDTHS[topic.width], topic.cleanup, kept, time, schema)


def _file_name(contract: str) -> str:
    """The schema's file of a contract, such as `dead_letter_headers.json` of `DeadLetterHeaders`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in contract).lstrip("_") + ".json"


def _default(value: Any) -> str:  # noqa: ANN401 -- a setting may have any type
    if value is None or isinstance(value, SecretStr):
        return ""
    if isinstance(value, frozenset | tuple):
        return f"`{sorted(value)}`" if value else "none"
    return f"`{value:g}`" if isinstance(value, float) and value < 1e6 else f"`{value}`"  # noqa: PLR2004 -- longer is unread


def _page(title: str, introduction: str, table: str) -> str:
    return f"# {title}\n\n{_NOTE}\n\n{introduction}\n\n{table}"


def _labels(metric: Metric) -> str:
    """The labels, each with its possible values if they are known."""
    known = dict(zip(metric.labels, metric.values, strict=False))
    return "; ".join(
        f"`{label}`: {', '.join(known[label])}" if label in known else f"`{label}`" for label in metric.labels
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    write()
