from __future__ import annotations

from typing import Any

import pytest

from streams.intake.layouts.clients import Trusted
from streams.intake.layouts.templates import layout_of
from tests.streams.intake.layouts.logs import AGENT, COMBINED, event_of, made_of, parser_of
from weir.errors import UsageError

NGINX = """log_format own '$remote_addr - $remote_user [$time_local] "$request" '
                '$status $body_bytes_sent "$http_referer" '
                '"$http_user_agent" "$http_x_forwarded_for" rt=$request_time uct="$upstream_connect_time"';
"""


def read(template: str, line: str, trusted: Trusted | None = None) -> dict[str, Any]:
    (event,) = made_of(parser_of(layout_of(template)), line, trusted=trusted)
    assert isinstance(event, dict), event
    del event["event_id"], event["visitor_id"]
    return event


def test_nginxs_directive_is_read_as_it_stands_in_the_configuration() -> None:
    event = read(NGINX, COMBINED.replace("203.0.113.9", "10.0.0.3") + ' "198.51.100.7" rt=0.178 uct="0.001, 0.002"')
    assert (event["ip"], event["user_agent"]) == ("198.51.100.7", AGENT)
    assert event["properties"] == {"request_time": "0.178", "upstream_connect_time": "0.001, 0.002"}


@pytest.mark.parametrize(
    ("template", "line", "expected"),
    [
        (
            "$remote_addr|$time_iso8601|$request_method|$host|$uri$is_args$args|$status|$http_user_agent",
            f"203.0.113.9|2026-05-17T10:05:03+02:00|GET|www.example.com|/a?b=1|200|{AGENT}",
            {"url": "/a?b=1", "ts": 1779005103.0, "method": "GET", "properties": {"host": "www.example.com"}},
        ),
        (
            "$msec\t$remote_addr\t$request_uri\t$http_user_agent",
            f"1779005103.123\t203.0.113.9\t/a\t{AGENT}",
            {"url": "/a", "ts": 1779005103.123, "user_agent": AGENT},
        ),
        (
            r'LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\" %D" vhost_combined',
            f"www.example.com:443 {COMBINED} 1523",
            {
                "bytes": 2326,
                "account_id": "anna",
                "properties": {"host": "www.example.com", "port": "443", "request_time_us": "1523"},
            },
        ),
        (
            '%a %u %{%d/%b/%Y %T}t.%{msec_frac}t "%m %U%q %H" %s',
            '203.0.113.9 - 17/May/2026 10:05:03.123 "GET /a?b=1 HTTP/1.1" 200',
            {"url": "/a?b=1", "method": "GET", "ts": 1779012303.123},
        ),
        (
            '%h [%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t] "%r"',
            '203.0.113.9 [17/May/2026 10:05:03.5 +0200] "GET / HTTP/1.1"',
            {"ts": 1779005103.5},
        ),
        (
            '%h [%{%d/%b/%Y}t %{%T}t] "%r" %{local}p',
            '203.0.113.9 [17/May/2026 10:05:03] "GET / HTTP/1.1" 443',
            {"ts": 1779012303.0, "properties": {"port_local": "443"}},
        ),
        (
            '$remote_addr [$time_local] "$http_x_forwarded_for" "$http_cf_connecting_ip" "$http_true_client_ip"',
            '10.0.0.3 [17/May/2026:10:05:03 +0000] "-" "198.51.100.7" "6.6.6.6"',
            {"ip": "198.51.100.7"},
        ),
        (
            "$remote_addr | $time_iso8601 | $request | $http_user_agent | $scheme://$host$request_uri",
            "203.0.113.9 | 2026-05-17T10:05:03Z | GET /b HTTP/1.1 | a b | https://www.example.com/a?b",
            {"user_agent": "a b", "url": "/b"},
        ),
        (
            '{"t":"$msec","a":"$remote_addr","r":"$request_method $request_uri -","u":"$http_user_agent"}',
            '{"t":"1779012303.5","a":"203.0.113.9","r":"GET /a?b -","u":"\\xE9 x"}',
            {"ts": 1779012303.5, "method": "GET", "url": "/a?b", "user_agent": "é x"},
        ),
        (
            '%{X-Forwarded-For}i %l %u %{usec}t "%r" %>s %b',
            '198.51.100.7, 10.0.0.3 - - 1779012303000000 "GET /a HTTP/1.1" 200 5',
            {"ip": "198.51.100.7", "ts": 1779012303.0},
        ),
        (
            '{"time":"$time_iso8601","ip":"$remote_addr","status":$status,"req":{"uri":"$request_uri"},"rt":"$request_time"}',
            '{"time":"2026-05-17T10:05:03Z","ip":"203.0.113.9","status":404,"req":{"uri":"/a"},"rt":"0.1"}',
            {"ip": "203.0.113.9", "status": 404, "url": "/a", "ts": 1779012303.0, "properties": {"rt": "0.1"}},
        ),
        (
            '{"@timestamp":"$time_iso8601","client.ip":"$remote_addr","http":{"request":{"method":"$request_method"}}}',
            '{"@timestamp":1779012303000,"client.ip":"203.0.113.9","http":{"request":{"method":"GET"}},"more":[1]}',
            {"ip": "203.0.113.9", "method": "GET", "ts": 1779012303.0},
        ),
    ],
)
def test_a_servers_own_format_is_read_field_for_field(template: str, line: str, expected: dict[str, object]) -> None:
    event = read(template, line)
    assert {name: event.get(name) for name in expected} == expected


def test_the_strings_of_the_shipped_layouts_read_as_they_do() -> None:
    nginx = (
        '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
        '"$http_referer" "$http_user_agent"'
    )
    apache = r"%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\""
    shipped = event_of("combined", COMBINED)
    for template in (nginx, f"'{nginx}'", apache, apache.replace("\\", "")):
        assert read(template, COMBINED).items() <= shipped.items()


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("combined", "neither nginx variables"),
        ("$time_local $request_uri", "no column for the client"),
        ('$remote_addr "$request"', "no column for the time"),
        ("$remote_addr [$time_local] $http_user_agent $status", "http_user_agent can contain spaces"),
        ("$remote_addr [$time_local] $request_uri$status", "directly before"),
        ("%h %t %y", "no directive %y"),
        ('{"ip": ', "not valid JSON"),
    ],
)
def test_a_format_that_cannot_be_read_is_refused_with_what_to_do(template: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as refusal:
        layout_of(template)
    assert refusal.value.hint


def test_a_whole_configuration_is_searched_for_its_one_format() -> None:
    conf = f"# comment with log_format in it\nhttp {{\n  {NGINX}\n  access_log /var/log/access.log own;\n}}\n"
    assert layout_of(conf) == layout_of(NGINX)
    apache = 'LogFormat "%h %t \\"%r\\"" own\nCustomLog /var/log/access.log own\n'
    assert layout_of(apache) == layout_of('%h %t "%r"')


def test_of_several_formats_one_must_be_given() -> None:
    with pytest.raises(UsageError, match="2 formats: own, other"):
        layout_of(NGINX + "log_format other '$remote_addr';")


@pytest.mark.parametrize(
    ("template", "line"),
    [
        (
            "$time_iso8601|$request|$http_user_agent|$remote_addr",
            "2026-05-17T10:05:03Z|GET / HTTP/1.1|x|6.6.6.6 |203.0.113.9",
        ),
        (
            "$time_iso8601 [$http_user_agent] [$http_x_forwarded_for]",
            "2026-05-17T10:05:03Z [x] [6.6.6.6] [] [203.0.113.9]",
        ),
        ("$remote_addr|$remote_user|$request|$time_iso8601", "203.0.113.9|-|GET /a|b HTTP/1.1|2026-05-17T10:05:03Z"),
    ],
)
def test_a_client_that_writes_the_formats_own_separator_makes_no_columns(template: str, line: str) -> None:
    (problem,) = made_of(parser_of(layout_of(template)), line)
    assert isinstance(problem, str)
