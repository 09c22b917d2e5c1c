"""The shop's part of Snowplow's events: what was done with which product, out of JSON columns.

`product_view`, `list_view`, `checkout_step` and others are types as they are; `transaction` is `purchase`, with the
transaction's revenue; the first product is the event's item.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import msgspec

# The columns' names end with a version, such as `_1_0_0`.
_COLUMN = re.compile(r".*snowplow_ecommerce_(?P<what>action|product|transaction)_[0-9_]+")
_TYPES = {"transaction": "purchase"}


def shop_columns(header: Iterable[str]) -> dict[str, str]:
    """Which of the columns hold `action`, `product` and `transaction`."""
    return {found["what"]: column for column in header if (found := _COLUMN.fullmatch(column))}


def shop_fields(columns: dict[str, str], row: dict[str, str]) -> dict[str, object]:
    """Type, item, value and currency, as far as the row has them; what is no such JSON says nothing."""
    found = {what: _first_object(row[column]) for what, column in columns.items()}
    action, product, sale = (found.get(what, {}) for what in ("action", "product", "transaction"))
    fields: dict[str, object] = {}
    if isinstance(kind := action.get("type"), str):
        fields["type"] = _TYPES.get(kind, kind)
    if isinstance(product.get("id"), str | int):
        fields["item_id"] = str(product["id"])
    if fields.get("type") == "purchase":
        fields |= {"value": _amount(sale.get("revenue")), "currency": sale.get("currency")}
    return {name: value for name, value in fields.items() if value is not None}


def _first_object(text: str) -> dict[str, object]:
    try:
        content = msgspec.json.decode(text) if text else {}
    except (msgspec.DecodeError, RecursionError):
        return {}
    if isinstance(content, list):
        content = content[0] if content else {}
    return content if isinstance(content, dict) else {}


def _amount(value: object) -> float | None:
    try:
        amount = float(value) if isinstance(value, str | int | float) else None
    except (ValueError, OverflowError):
        return None
    return amount if amount is not None and math.isfinite(amount) else None
