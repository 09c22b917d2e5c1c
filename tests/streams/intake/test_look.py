from __future__ import annotations

import pytest

from streams.intake.layouts.clients import Trusted
from streams.intake.look import Asked, Chosen, choose
from tests.streams.intake.layouts.logs import AGENT, COMBINED
from weir.errors import UsageError, WeirError, WorkError


def look(*lines: str, asked: Asked | None = None) -> Chosen:
    head = [(number, line.encode()) for number, line in enumerate(lines, 1)]
    chosen = choose("access.log", head, asked or Asked(), Trusted())
    assert chosen is not None
    return chosen


def refusal(*lines: str, asked: Asked | None = None) -> str:
    with pytest.raises(WeirError) as refused:
        look(*lines, asked=asked)
    assert refused.value.hint
    return str(refused.value)


def test_most_lines_decide_and_the_rest_is_counted() -> None:
    chosen = look(COMBINED, COMBINED, "oops")
    assert (chosen.name, chosen.fitting, chosen.looked_at) == ("combined", 2, 3)


def test_what_fits_no_layout_is_refused_with_the_two_nearest_and_why() -> None:
    line = COMBINED.replace("2326 ", "2326 1523 ")
    said = refusal(line, line)
    assert "Line 1: combined: Column 8 is '1523' where combined has the referrer." in said
    assert "main: Column 8 is '1523'" in said
    assert "--log-format" in said


def test_a_file_of_another_kind_is_refused() -> None:
    assert "access.log can't be read" in refusal("2026-05-17T10:05:03Z INFO  shop.orders order=1001 accepted in 12 ms")
    assert "can't be read" in refusal('{"level":"info","msg":"started"}')


@pytest.mark.parametrize("agent", ["sqlmap/1.7#stable (https://sqlmap.org)", AGENT, "curl/8.5"])
@pytest.mark.parametrize("other", ["www.example.com", "-"])
def test_a_column_before_the_user_agent_never_hides_it(agent: str, other: str) -> None:
    line = COMBINED.replace(f'"{AGENT}"', f'"{other}" "{agent}"')
    said = refusal(line, line)
    assert f"column 10 is '{agent[:20]}" in said
    assert "looks like the user agent" in said


def test_versions_of_protocols_are_no_user_agents() -> None:
    assert look(f'{COMBINED.replace(AGENT, "-")} "HTTP/1.1" TLSv1.3').name == "combined"


def test_a_file_that_two_layouts_read_differently_is_refused_until_one_is_named() -> None:
    # A proxy's address at the start and a client's in quotes at the end, or a site asked for by its address.
    line = COMBINED.replace("203.0.113.9", "10.0.0.3") + ' "198.51.100.7"'
    assert look(line).name == "main"
    assert look(line, asked=Asked("combined")).name == "combined"


@pytest.mark.parametrize("name", ["combined", "access-log", "w3c", "caddy", "common"])
def test_a_named_log_layout_that_fits_no_line_is_refused(name: str) -> None:
    if name == "w3c":
        assert look("nothing of that kind", asked=Asked(name)).fitting == 0
    else:
        assert "can't be read" in refusal("nothing of that kind", asked=Asked(name))


def test_a_wrong_name_and_two_ways_of_saying_it_are_the_callers_mistakes() -> None:
    with pytest.raises(UsageError, match="no format csv"):
        look(COMBINED, asked=Asked("csv"))
    with pytest.raises(UsageError, match="exclude each other"):
        look(COMBINED, asked=Asked("combined", "$remote_addr"))


def test_a_servers_own_format_that_does_not_fit_is_refused_with_the_column() -> None:
    with pytest.raises(
        WorkError, match=r"No line fits the layout that was named. Line 1: --log-format: Column 2 is '-'"
    ):
        look(COMBINED, asked=Asked(None, "$remote_addr [$time_local] $status"))


def test_an_empty_file_has_no_format() -> None:
    assert choose("access.log", [(1, b""), (2, b"  ")], Asked(), Trusted()) is None
