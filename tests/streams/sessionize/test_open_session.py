from __future__ import annotations

from typing import Any

import msgspec
import pytest

from streams.sessionize.open_session import OpenSession, decode_visitor, encode_visitor, of_wire, to_wire
from streams.sessionize.state import NEVER, PreviousEvent, SessionBytes, VisitorBytes

FIELDS = SessionBytes.__struct_fields__


def numbered(name: str) -> SessionBytes:
    """A session of which each number is another, so that two that change places are seen."""
    values: dict[str, Any] = {
        field.name: float(at) if field.type is float else at
        for at, field in enumerate(msgspec.structs.fields(SessionBytes), 1)
        if field.type in {int, float}
    }
    return SessionBytes(identity=name.encode(), entry_url="/a", exit_url="/b", trail=[PreviousEvent(1.0)], **values)


def test_a_session_is_written_and_read_field_by_field() -> None:
    wire = numbered("one")
    one = of_wire(wire)
    assert {name: getattr(one, name) for name in FIELDS} == msgspec.structs.asdict(wire)
    assert to_wire(one) == msgspec.structs.astuple(wire)


def test_a_visitor_has_the_bytes_that_the_written_form_has() -> None:
    wire = VisitorBytes([numbered("one"), numbered("two")], {7: 1, 8: 2})
    data = msgspec.msgpack.encode(wire)
    assert encode_visitor(decode_visitor(data)) == data


def test_a_new_session_is_what_its_written_form_is_by_default() -> None:
    given: tuple[Any, ...] = (5.0, 1, b"id", 4.0, 3.0, 2, 1)
    assert to_wire(OpenSession(*given)) == msgspec.structs.astuple(SessionBytes(*given))
    assert OpenSession(*given).entry_ts == NEVER


def test_bytes_of_an_older_version_get_what_is_new_by_default() -> None:
    whole = msgspec.structs.astuple(numbered("one"))
    short = msgspec.msgpack.encode([[whole[: FIELDS.index("loads")]], {}, {}])
    (one,) = decode_visitor(short).sessions
    assert (one.loads, one.posting, one.trail, one.moves) == (None, None, None, None)


def test_what_is_no_visitor_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_visitor(b"\x01")
