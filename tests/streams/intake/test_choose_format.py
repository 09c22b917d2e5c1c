from __future__ import annotations

from pathlib import Path

import pytest

from streams.intake.choose_format import Chosen, FormatRequest, choose
from streams.intake.files import read
from streams.intake.layouts.clients import Trusted
from streams.intake.line import Line
from tests.streams.intake.layouts.logs import AGENT, COMBINED, event_of
from tests.streams.intake.layouts.test_json_lines import caddy
from weir.errors import UsageError, WeirError, WorkError


def look(*lines: str, asked: FormatRequest | None = None) -> Chosen:
    head = [(number, line.encode()) for number, line in enumerate(lines, 1)]
    chosen = choose("access.log", head, asked or FormatRequest(), Trusted())
    assert chosen is not None
    return chosen


def refusal(*lines: str, asked: FormatRequest | None = None) -> str:
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


def test_a_column_without_a_name_never_hides_the_clients_address() -> None:
    lines = [f'{COMBINED.replace("203.0.113.9", "10.0.0.3")} rt=0.1 "198.51.100.{n}"' for n in range(1, 5)]
    said = refusal(*lines)
    assert "column 11 is '198.51.100.1', which looks like the client's address" in said
    assert "combined would use 10.0.0.3" in said
    # The server's own address is the same in each line, and a port tells an upstream's.
    assert look(*[f'{COMBINED} rt=0.1 "198.51.100.80"'] * 4).name == "combined"
    assert look(*[f'{COMBINED} rt=0.1 "198.51.100.{n}:8080"' for n in range(4)]).name == "combined"


def test_nginxs_main_names_the_forwarded_addresses() -> None:
    line = COMBINED.replace("203.0.113.9", "10.0.0.3") + ' "198.51.100.7"'
    assert look(line).name == "main"


@pytest.mark.parametrize("name", ["combined", "access-log", "w3c", "caddy", "common"])
def test_a_named_log_layout_that_fits_no_line_is_refused(name: str) -> None:
    if name == "w3c":
        assert look("nothing of that kind", asked=FormatRequest(name)).fitting == 0
    else:
        assert "can't be read" in refusal("nothing of that kind", asked=FormatRequest(name))


def test_a_wrong_name_and_two_ways_of_saying_it_are_the_callers_mistakes() -> None:
    with pytest.raises(UsageError, match="no format csv"):
        look(COMBINED, asked=FormatRequest("csv"))
    with pytest.raises(UsageError, match="Both --format"):
        look(COMBINED, asked=FormatRequest("combined", "$remote_addr"))


def test_a_servers_own_format_that_does_not_fit_is_refused_with_the_column() -> None:
    with pytest.raises(WorkError, match=r"No line fits the requested layout. Line 1: --log-format: Column 2 is '-'"):
        look(COMBINED, asked=FormatRequest(None, "$remote_addr [$time_local] $status"))


def test_an_empty_file_has_no_format() -> None:
    assert choose("access.log", [(1, b""), (2, b"  ")], FormatRequest(), Trusted()) is None


def test_public_addresses_that_forward_for_others_are_the_operators_to_name() -> None:
    lines = [f'{COMBINED.replace("203.0.113.9", f"203.0.113.{n}")} "198.51.100.{n}"' for n in range(10, 20)]
    said = refusal(*lines)
    assert "line 1 by 203.0.113.10 for 198.51.100.10" in said
    assert "--set trusted_proxies=203.0.113.10" in said
    head = [(number, line.encode()) for number, line in enumerate(lines, 1)]
    for decided in ("203.0.113.0/24", "private"):
        chosen = choose("access.log", head, FormatRequest(), Trusted([decided]))
        assert chosen is not None
        assert chosen.name == "main"


def test_a_few_made_up_forwarded_addresses_are_not_believed_and_refuse_nothing() -> None:
    made_up = COMBINED + ' "198.51.100.7"'
    assert look(*[COMBINED + ' "-"'] * 5, made_up).name == "main"


REST = COMBINED.partition(" [")[2]


@pytest.mark.parametrize(
    "line",
    [
        f"203.0.113.9 10.0.0.3 - - [{REST}",  # Apache's %{X-Forwarded-For}i before %h
        f"203.0.113.9 www.example.com - - [{REST}",  # $remote_addr $host - $remote_user
        f"203.0.113.9 - HIT [{REST}",
        f"203.0.113.9 - HIT rt=0.1 [{REST}",
        f"10.0.0.3 - 198.51.100.7 [{REST}",
        f"10.0.0.3 - 198.51.100.7 - anna [{REST}",
        COMBINED.replace("https://example.com/", AGENT, 1).rsplit(' "', 1)[0] + ' "-"',
        f'10.0.0.3 - - [{REST.rsplit(chr(34) + "https", 1)[0]}"{AGENT}" "198.51.100.7"',
        f'10.0.0.3 - - [{REST.rsplit(chr(34) + "https", 1)[0]}"198.51.100.7" "{AGENT}"',
    ],
)
def test_columns_in_other_places_are_never_taken_for_the_layouts_own(line: str) -> None:
    assert "can't be read" in refusal(line, line)


def test_forwarded_addresses_in_the_last_column_need_no_quotes() -> None:
    assert look(COMBINED.replace("203.0.113.9", "10.0.0.3") + " 198.51.100.7").name == "main-unquoted"


def test_one_odd_forwarded_list_refuses_no_file() -> None:
    line = COMBINED.replace("203.0.113.9", "10.0.0.3")
    lines = [f'{line} "198.51.100.{n}"' for n in range(20)]
    chosen = look(*lines, f'{line} ""', f'{line} "<script>"', f'{line} "198.51.100.7,"')
    assert (chosen.name, chosen.fitting) == ("main", 23)


def test_a_time_that_cannot_be_read_is_what_the_refusal_names() -> None:
    assert "'17/May/2015:10:05:03 CEST' is not a time" in refusal(COMBINED.replace("+0200", "CEST"))


def test_one_odd_account_changes_no_layout() -> None:
    odd = f"198.51.100.66 - 10.0.0.1 [{REST}"
    assert look(*[COMBINED] * 99, odd).name == "combined"


def test_a_servers_own_addresses_are_no_clients(tmp_path: Path) -> None:
    inside = [f"{COMBINED.replace('203.0.113.9', f'10.1.2.{n}')} 0.01 192.0.2.{80 + n % 2}" for n in range(20)]
    (tmp_path / "log").write_text("\n".join(inside))
    found = list(read(None, str(tmp_path / "log")))
    assert len([line for line in found if isinstance(line, Line)]) == 20
    outside = [line.replace("10.1.2.", "198.51.100.") for line in inside]
    assert look(*outside).name == "combined"
    assert look(outside[0]).name == "combined"


def test_brackets_and_ports_in_a_forwarded_list_are_read() -> None:
    lines = [f"[2001:db8::{n}]:443, 10.0.0.3 - - [{REST}" for n in range(1, 5)]
    assert look(*lines).name == "forwarded-combined"


def test_several_headers_of_forwarded_addresses_are_one_list() -> None:
    line = caddy(request={"client_ip": "10.0.0.3", "headers": {"X-Forwarded-For": ["192.0.2.66", "203.0.113.9"]}})
    assert event_of("caddy", line)["ip"] == "203.0.113.9"
