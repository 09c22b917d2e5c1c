"""Reads action, product and transaction from the JSON columns of Snowplow's e-commerce plugin.

The action becomes the event's type: `transaction` becomes `purchase`, with the transaction's revenue, and other types
stay. The first product is the event's item.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

SHOP = "snowplow_ecommerce"
"""The row's field for the result of `shop_objects`."""
# The columns' names end with a version, such as `_1_0_0`, or `_1` in BigQuery's newer tables.
_COLUMN = re.compile(r".*snowplow_ecommerce_(?P<what>action|product|transaction)_[0-9_]+")


def shop_columns(columns: Iterable[str]) -> dict[str, str]:
    """The names of the columns with `action`, `product` and `transaction`."""
    # This runs for each JSON row, so the substring test skips most names before the regular expression.
    return {found["what"]: name for name in columns if SHOP in name and (found := _COLUMN.fullmatch(name))}


def shop_objects(columns: Mapping[str, str], row: Mapping[str, object]) -> dict[str, object]:
    """`action`, `product` and `transaction` of a row; an empty object for a column without valid JSON."""
    return {what: first_object(row[column]) for what, column in columns.items()}


def first_object(content: object) -> dict[str, object]:
    """The object, or the first object of a list, also from a string of JSON; empty if there is none."""
    if isinstance(content, str):
        try:
            content = msgspec.json.decode(content) if content else {}
        except (msgspec.DecodeError, RecursionError):
            return {}
    if isinstance(content, list):
        content = content[0] if content else {}
    return content if isinstance(content, dict) else {}
