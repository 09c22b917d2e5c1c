"""The base of all records: strict types, finite numbers, and unknown fields are kept."""

from __future__ import annotations

import math
from typing import Annotated, Any, get_args

from annotated_types import MaxLen
from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Record(BaseModel):
    """The value of a record on Kafka: one JSON object.

    Types are strict (`"1"` is no number) and numbers are finite. Unknown fields are kept, not refused, so that
    producers may add fields before Weir has them.
    """

    model_config = ConfigDict(
        strict=True,
        extra="allow",
        allow_inf_nan=False,
        frozen=True,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )


class Moment:
    """Marks a number as a time in UTC seconds since the epoch, for programs that derive types from a contract."""


Identifier = Annotated[str, Field(min_length=1, max_length=512)]
ShortText = Annotated[str, Field(max_length=2_048)]
UrlText = Annotated[str, Field(max_length=16_384)]
LongText = Annotated[str, Field(max_length=131_072)]
MOMENT = Moment()
EpochSeconds = Annotated[float, Field(ge=0), MOMENT]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Ratio = Annotated[float, Field(ge=0)]


def longest(model: type[BaseModel], name: str) -> int | None:
    """How many characters an optional text field of a model holds; None if there is no bound."""
    for part in get_args(model.model_fields[name].annotation):
        for bound in (given for info in get_args(part)[1:] for given in getattr(info, "metadata", ())):
            if isinstance(bound, MaxLen):
                return bound.max_length
    return None


def _refuse_infinite(value: Any) -> Any:  # noqa: ANN401 -- any JSON value
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, float) and not math.isfinite(item):
            raise ValueError("a number in it is not finite")
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return value


CARRIED_CHECK = AfterValidator(_refuse_infinite)
Carried = Annotated[Any, CARRIED_CHECK]
"""Any JSON value with finite numbers."""
