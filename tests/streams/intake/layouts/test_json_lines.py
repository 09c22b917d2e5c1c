from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.intake.layouts.layout import JsonLayout
from tests.streams.intake.layouts.logs import event_of, layout, made_of, parser_of, problem_of

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def caddy(**changes: object) -> str:
    found = layout("caddy")
    assert isinstance(found, JsonLayout)
    content = json.loads(found.sample)
    request = content["request"] | changes.pop("request", {})
    return json.dumps(content | changes | {"request": request})


def test_caddys_line_becomes_an_event_with_the_clients_address_before_the_connections() -> None:
    event = event_of("caddy", caddy(request={"remote_ip": "10.0.0.3"}, ts="2026/05/17 10:05:03".replace("/", "-")))
    assert (event["ip"], event["url"], event["status"], event["ts"]) == ("203.0.113.9", "/a?b=1", 200, 1779012303.0)
    assert "account_id" not in event


def test_traefiks_account_is_who_is_logged_in() -> None:
    found = layout("traefik")
    line = found.sample.replace('"ClientUsername":"-"', '"ClientUsername":"anna"')
    assert event_of("traefik", line)["account_id"] == "anna"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"level":"info","ts":1.0,"msg":"server running"}', "no 'request.method'"),
        ("{", "not a JSON object"),
        ("[]", "not a JSON object"),
        (caddy(status="never"), "'status' is 'never'"),
        (caddy(request={"client_ip": "a b"}), "'request.client_ip' is 'a b'"),
    ],
)
def test_other_lines_are_refused_by_what_is_missing_or_wrong(line: str, says: str) -> None:
    assert says in problem_of("caddy", line)


@given(JSON, st.sampled_from(["status", "ts", "user_id", "size", "request"]))
def test_no_value_raises(value: object, name: str) -> None:
    content = json.loads(layout("caddy").sample)
    content[name] = value
    assert len(made_of(parser_of(layout("caddy")), json.dumps(content))) == 1
