from __future__ import annotations

from streams.intake.formats import w3c
from streams.intake.layouts.w3c import W3cParser
from tests.streams.intake.layouts.logs import AGENT, made_of

CLOUDFRONT = (
    "#Version: 1.0\n"
    "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
    "cs(User-Agent) cs-uri-query x-host-header\n"
    "2026-05-17\t10:05:03\tFRA50-P3\t2210\t203.0.113.9\tGET\td0.example.net\t/a\t200\t-\t"
    f"{AGENT.replace(' ', '%20')}\tb=1\twww.example.com"
)


def test_an_iis_file_names_its_own_columns() -> None:
    (event,) = made_of(W3cParser(), *w3c.SAMPLE.splitlines())
    assert isinstance(event, dict)
    assert (event["ip"], event["url"], event["ts"]) == ("203.0.113.9", "/list.aspx?page=2", 1779012303.0)
    assert event["user_agent"].startswith("Mozilla/5.0 (Windows NT 10.0; Win64")
    assert event["referrer"] == "https://www.example.com/default.aspx"


def test_cloudfronts_tabs_and_percent_signs_are_undone() -> None:
    (event,) = made_of(W3cParser(), *CLOUDFRONT.splitlines())
    assert isinstance(event, dict)
    assert (event["user_agent"], event["url"], event["bytes"]) == (AGENT, "/a?b=1", 2210)


def test_columns_change_where_the_file_says_so() -> None:
    first, second, third = made_of(
        W3cParser(),
        "2026-05-17 10:05:03 203.0.113.9",
        "#Fields: time date c-ip",
        "10:05:03 2026-05-17 203.0.113.9",
        "#Fields: date time c-ip cs-uri-stem",
        "2026-05-17 10:05:03 203.0.113.9",
    )[:3]
    assert "No #Fields line" in str(first)
    assert isinstance(second, dict)
    assert "3 columns, the #Fields line 4" in str(third)


def test_a_fields_line_without_the_client_is_refused_by_name() -> None:
    (problem,) = made_of(W3cParser(), "#Fields: date time cs-uri-stem")
    assert "no c-ip" in str(problem)
