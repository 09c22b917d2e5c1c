"""The shop's part of Snowplow's events: what was done with which product, out of columns that hold JSON.

`product_view`, `list_view`, `checkout_step` and others are types as they are; `transaction` is `purchase`, with the
transaction's revenue; the first product is the event's item.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

SHOP = "snowplow_ecommerce"
"""The name under which a row has what `shop_objects` found."""
# The columns' names end with a version, such as `_1_0_0`, or `_1` in BigQuery's newer tables.
_COLUMN = re.compile(r".*snowplow_ecommerce_(?P<what>action|product|transaction)_[0-9_]+")


def shop_columns(columns: Iterable[str]) -> dict[str, str]:
    """Which of the columns hold `action`, `product` and `transaction`."""
    # Rows of JSON name their columns each time: most names are passed over without the expression.
    return {found["what"]: name for name in columns if SHOP in name and (found := _COLUMN.fullmatch(name))}


def shop_objects(columns: Mapping[str, str], row: Mapping[str, object]) -> dict[str, object]:
    """`action`, `product` and `transaction`, as far as the row has them; what is no such JSON is empty."""
    return {what: first_object(row[column]) for what, column in columns.items()}


def first_object(content: object) -> dict[str, object]:
    """The object, or the first of a list; either may be a text of JSON."""
    if isinstance(content, str):
        try:
            content = msgspec.json.decode(content) if content else {}
        except (msgspec.DecodeError, RecursionError):
            return {}
    if isinstance(content, list):
        content = content[0] if content else {}
    return content if isinstance(content, dict) else {}
