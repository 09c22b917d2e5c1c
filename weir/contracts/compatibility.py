"""Finds changes of a JSON Schema that break programs that rely on the old schema.

A change can break two promises. First, records of the old schema must be valid under the new one, since topics keep
records for months, and producers are upgraded later. Second, readers that rely on the old schema must be able to read
records of the new one. An optional field may always be added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

Schema = Mapping[str, Any]
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")


class Reading(Enum):
    """The readers of the records, which determine the promises."""

    BY_US = "Weir reads what others write: it may take more than before"
    BY_ALL = "others read what Weir writes, and Weir reads its own older records: neither more nor less"


def breaks(old: Schema, new: Schema, reading: Reading, announced: frozenset[str] = frozenset()) -> list[str]:
    """The changes that break a promise, each with the path of the field.

    An `announced` value breaks no reader, since the documentation names it beforehand.
    """
    found = list(_narrowed(_resolved(old, old), _resolved(new, new), ""))
    if reading is Reading.BY_ALL:
        found += _narrowed(_resolved(new, new), _resolved(old, old), "", backwards=True, announced=announced)
    return found


def _narrowed(
    accepted: Schema, now: Schema, path: str, *, backwards: bool = False, announced: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Values that `accepted` allows and `now` doesn't. `backwards`: `accepted` is the new schema, `now` the old one."""
    left, right = _kinds(accepted), _kinds(now)
    for kind, schema in left.items():
        other = right.get(kind) or (right.get("number") if kind == "integer" else None) or right.get("any")
        if other is None:
            yield f"{path}: {'may be' if backwards else 'may no longer be'} {kind}"
        elif kind == "object":
            yield from _narrowed_object(schema, other, path, backwards=backwards, announced=announced)
        elif kind == "array":
            yield from _narrowed(
                schema.get("items", {}), other.get("items", {}), f"{path}[]", backwards=backwards, announced=announced
            )
        else:
            yield from _narrowed_value(schema, other, path, backwards=backwards, announced=announced)


def _narrowed_object(
    accepted: Schema, now: Schema, path: str, *, backwards: bool, announced: frozenset[str]
) -> Iterator[str]:
    before, after = accepted.get("properties", {}), now.get("properties", {})
    for name, schema in before.items():
        if name in after:
            yield from _narrowed(schema, after[name], f"{path}.{name}", backwards=backwards, announced=announced)
        elif not backwards:
            yield f"{path}.{name}: is gone"
    for name in now.get("required", ()):
        if name not in accepted.get("required", ()):
            yield f"{path}.{name}: {'may be missing' if backwards else 'must be there'}"
    values, values_now = accepted.get("additionalProperties"), now.get("additionalProperties")
    if isinstance(values, Mapping) and isinstance(values_now, Mapping):
        yield from _narrowed(values, values_now, f"{path}.*", backwards=backwards, announced=announced)


def _narrowed_value(
    accepted: Schema, now: Schema, path: str, *, backwards: bool, announced: frozenset[str]
) -> Iterator[str]:
    choices, choices_now = _choices(accepted), _choices(now)
    if choices is not None and backwards:
        choices -= announced
    if choices_now is not None and (choices is None or not choices <= choices_now):
        lost = "any other value" if choices is None else ", ".join(sorted(choices - choices_now))
        yield f"{path}: {'may be' if backwards else 'may no longer be'} {lost}"
    for bound in (*_LOWER, *_UPPER):
        limit, limit_now = accepted.get(bound), now.get(bound)
        if limit_now is None:
            continue
        if limit is None or (limit_now > limit if bound in _LOWER else limit_now < limit):
            yield f"{path}: {bound} {f'was {limit_now}' if backwards else f'is now {limit_now}'}"


def _choices(schema: Schema) -> set[str] | None:
    if "const" in schema:
        return {str(schema["const"])}
    return {str(choice) for choice in schema["enum"]} if "enum" in schema else None


def _kinds(schema: Schema) -> dict[str, Schema]:
    """The alternatives of a schema by their JSON type; `any` for a schema that allows all values."""
    if "anyOf" in schema:
        return {kind: one for part in schema["anyOf"] for kind, one in _kinds(part).items()}
    return {schema.get("type", "string" if "const" in schema or "enum" in schema else "any"): schema}


def _resolved(schema: Any, root: Schema) -> Any:  # noqa: ANN401 -- JSON
    """The schema with its references replaced by the schemas that they name; records don't contain themselves."""
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            return _resolved(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
        return {key: _resolved(value, root) for key, value in schema.items() if key != "$defs"}
    if isinstance(schema, list):
        return [_resolved(item, root) for item in schema]
    return schema
