from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.command import weir

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "limits.yaml"
SET = ("--set", f"limits_file={EXAMPLE}")


def test_the_shipped_limits_and_the_example_are_well() -> None:
    assert weir("limits", "check").code == 0
    assert weir("limits", "check", str(EXAMPLE)).code == 0


def test_everything_that_is_wrong_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "limits.yaml"
    file.write_text('version: "1"\nbudgets: []\nnetworks:\n  - {id: a, treat: shared, ranges: [x], reason: why}\n')
    called = weir("limits", "check", str(file), "--json")
    assert called.code != 0
    assert [(row["line"], "is no network" in row["message"]) for row in called.rows()] == [(4, True)]


def test_limits_are_listed_with_networks() -> None:
    called = weir("limits", "list", *SET, "--json")
    rows = {row["limit"]: row for row in called.rows()}
    assert rows["address-requests"]["then"] == "30 a second"
    assert rows["address-visitors"]["at_most"] == "5000 visitors"
    assert rows["searchbot"]["then"] == "2 ranges"


def test_an_address_is_explained() -> None:
    def explained(address: str, user_agent: str = "") -> Any:  # noqa: ANN401 -- a row as it was printed
        called = weir("limits", "explain", address, "--user-agent", user_agent, *SET, "--json")
        assert called.code == 0
        (row,) = called.rows()
        return row

    assert explained("192.0.2.200")["price"] == 0.05
    assert explained("2001:db8:1:2ff::1")["charged_as"] == "2001:db8:1:200::/56"
    assert explained("203.0.113.130", "ExampleSearchBot/1")["crawler"] == "searchbot"
    assert explained("203.0.113.3", "ExampleSearchBot/1")["impostor_of"] == "searchbot"
    assert (
        "the address is in none of its ranges"
        in weir("limits", "explain", "::1", "--user-agent", "examplesearchbot", *SET).out
    )


def test_what_is_no_address_and_no_file_is_told() -> None:
    assert "is not an IPv4 or IPv6 address: it is charged as a token" in weir("limits", "explain", "3f2a9c").out
    assert weir("limits", "explain", "").code == 2
    for command in (("limits", "check"), ("limits", "list"), ("business", "check"), ("business", "list")):
        called = weir(*command, "nobody.yaml")
        assert (called.code, "nobody.yaml does not exist." in called.err) == (2, True)
