from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from rules.limits.assets import Assets
from rules.limits.budgets import Budget
from rules.limits.files import check_budgets, read_budgets
from rules.problems import RulesError

ENTRY: dict[str, Any] = {
    "id": "burst",
    "kind": "visitor",
    "capacity": 60.0,
    "refill_per_s": 1.0,
    "reason": "Faster than people.",
}


def problems(file: Path, *entries: dict[str, Any]) -> list[str]:
    file.write_text(yaml.safe_dump({"version": "3", "budgets": list(entries)}))
    found = check_budgets(file)
    return [str(problem) for problem in found] if isinstance(found, list) else []


def test_the_shipped_budgets_are_well_for_visitors_and_addresses() -> None:
    budgets = read_budgets()
    assert budgets.visitor
    assert budgets.address


def test_budgets_are_read_with_the_files_version(tmp_path: Path) -> None:
    file = tmp_path / "limits.yaml"
    assert not problems(file, ENTRY, ENTRY | {"id": "logins", "kind": "address", "costs": {"login": 5.0}})
    budgets = read_budgets(file)
    assert budgets.visitor == (
        Budget(id="burst", kind="visitor", capacity=60.0, refill_per_s=1.0, reason="Faster than people.", version="3"),
    )
    assert [(budget.id, budget.costs) for budget in budgets.address] == [("logins", {"login": 5.0})]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"capacity": 0.0}, "capacity"),
        ({"capacity": float("inf")}, "capacity"),
        ({"refill_per_s": -1.0}, "refill_per_s"),
        ({"kind": "everybody"}, "kind"),
        ({"capacity": "sixty"}, "capacity"),
        ({"capacty": 1.0}, "Did you mean capacity?"),
        ({"recovery_share": 0.0}, "recovery_share"),
        ({"costs": {"login": 50.0}}, "an event may cost 50, and only 30 have come back"),
        ({"default_cost": 0.0}, "can never be crossed"),
    ],
)
def test_what_can_not_be_is_refused_with_its_line(tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    found = problems(tmp_path / "limits.yaml", ENTRY | changed)
    assert any(told in problem and "limits.yaml:" in problem for problem in found), found


def test_an_id_may_stand_only_once(tmp_path: Path) -> None:
    assert "given twice" in problems(tmp_path / "limits.yaml", ENTRY, ENTRY)[0]


DISTINCT: dict[str, Any] = {"id": "places", "kind": "account", "of": "addresses", "at_most": 5, "reason": "Why."}
OFFICE: dict[str, Any] = {"id": "office", "treat": "shared", "ranges": ["192.0.2.0/24"], "reason": "Our own."}
BOT: dict[str, Any] = OFFICE | {"id": "bot", "treat": "crawler", "user_agent": "ExampleBot"}


def written(file: Path, **sections: object) -> Path:
    file.write_text(yaml.safe_dump({"version": "3", "budgets": [ENTRY], **sections}))
    return file


def found(file: Path, **sections: object) -> list[str]:
    outcome = check_budgets(written(file, **sections))
    return [str(problem) for problem in outcome] if isinstance(outcome, list) else []


def test_distinct_limits_networks_and_rules_of_addresses_are_read(tmp_path: Path) -> None:
    sections = {"distinct": [DISTINCT], "networks": [OFFICE, BOT], "addresses": {"ipv6_prefix": 48}}
    budgets = read_budgets(written(tmp_path / "limits.yaml", **sections))
    assert [(limit.id, limit.at_most, limit.version) for limit in budgets.distinct] == [("places", 5, "3")]
    assert [(network.id, network.price) for network in budgets.networks] == [("office", 0.05), ("bot", 1.0)]
    assert (budgets.addresses.ipv6_prefix, budgets.addresses.ipv4_prefix) == (48, 32)


@pytest.mark.parametrize(
    ("section", "entry", "told"),
    [
        ("distinct", DISTINCT | {"of": "items"}, "items of a account are not counted"),
        ("distinct", DISTINCT | {"id": "burst"}, "given twice"),
        ("distinct", DISTINCT | {"at_most": 0}, "at_most"),
        ("networks", OFFICE | {"ranges": ["192.0.2.0/99"]}, "is no network"),
        ("networks", OFFICE | {"ranges": ["0.0.0.0/0"]}, "contains all addresses"),
        ("networks", OFFICE | {"ranges": []}, "has no ranges"),
        ("networks", OFFICE | {"user_agent": "Bot"}, "user_agent has no effect"),
        ("networks", BOT | {"user_agent": ""}, "a crawler has no user_agent"),
        ("networks", BOT | {"price": 0.5}, "only a shared network has a price"),
        ("networks", BOT | {"visitor_price": 0.5}, "only a shared network has a visitor_price"),
        ("networks", OFFICE | {"visitor_price": 2.0}, "visitor_price"),
        ("networks", OFFICE | {"ranges_file": "none.txt"}, "can't be read"),
        ("networks", OFFICE | {"treat": "trustd"}, "treat"),
    ],
)
def test_limits_and_networks_that_can_not_be_are_refused(
    tmp_path: Path, section: str, entry: dict[str, Any], told: str
) -> None:
    problems = found(tmp_path / "limits.yaml", **{section: [entry]})
    assert any(told in problem and "limits.yaml:" in problem for problem in problems), problems


def test_networks_may_not_share_an_id(tmp_path: Path) -> None:
    assert "given twice" in found(tmp_path / "limits.yaml", networks=[OFFICE, OFFICE])[0]


def test_visitors_of_a_shared_network_pay_its_price_unless_they_have_one_of_their_own(tmp_path: Path) -> None:
    sections = [OFFICE | {"price": 0.2}, OFFICE | {"id": "shop", "visitor_price": 1.0}, BOT]
    networks = read_budgets(written(tmp_path / "limits.yaml", networks=sections)).networks
    assert [(network.price, network.visitor_price) for network in networks] == [(0.2, 0.2), (0.05, 1.0), (1.0, 1.0)]


def test_assets_are_the_shipped_ones_unless_the_file_says_more(tmp_path: Path) -> None:
    assert read_budgets(written(tmp_path / "limits.yaml")).assets == Assets()
    assert {"asset", "tile"} <= set(Assets().types)
    assert {"png", "js", "woff2", "pbf"} <= set(Assets().extensions)


def test_assets_are_added_in_any_writing_and_taken_out(tmp_path: Path) -> None:
    section = {"types": ["thumbnail"], "extensions": [".GLB", "ktx2"], "without": ["MP4", "tile"]}
    assets = read_budgets(written(tmp_path / "limits.yaml", assets=section)).assets
    assert set(assets.types) == {*Assets().types, "thumbnail"} - {"tile"}
    assert set(assets.extensions) == {*Assets().extensions, "glb", "ktx2"} - {"mp4"}


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"extensions": ["tar.gz"]}, "'tar.gz' is no extension. Write gz"),
        ({"extensions": ["/img/"]}, "'/img/' is no extension. Write letters and digits"),
        ({"extensions": ["."]}, "is no extension"),
        ({"extensions": [""]}, "assets.extensions.0"),
        ({"extensions": ["abcdefghijkl"]}, "too long"),
        ({"extensions": ["html"]}, "is the extension of pages"),
        ({"extensions": [264]}, "Put it between quotes"),
        ({"extensions": "png"}, "Write a list"),
        ({"types": ["page_view"]}, "page_view are what people do"),
        ({"without": ["docx"]}, "is not among the shipped assets"),
        ({"extensions": ["png"], "without": ["png"]}, "both added and left out"),
        ({"extension": ["png"]}, "Did you mean extensions?"),
    ],
)
def test_assets_that_can_not_be_are_refused(tmp_path: Path, section: dict[str, Any], told: str) -> None:
    problems = found(tmp_path / "limits.yaml", assets=section)
    assert any(told in problem and "limits.yaml:" in problem for problem in problems), problems


def test_the_cost_of_an_asset_may_not_be_above_that_of_a_page(tmp_path: Path) -> None:
    assert not problems(tmp_path / "limits.yaml", ENTRY | {"costs": {"asset": 1.0}})
    (problem,) = problems(tmp_path / "limits.yaml", ENTRY | {"costs": {"asset": 1.5}})
    assert "an asset costs 1.5, and a page 1." in problem


@pytest.mark.parametrize(
    "text",
    [
        '{"prefixes": [{"ipv4Prefix": "203.0.113.0/25"}, {"ipv6Prefix": "2001:db8::/32"}]}',
        "# as published\n203.0.113.0/25\n2001:db8::/32 # more\n",
    ],
)
def test_ranges_come_from_a_file_as_operators_publish_them(tmp_path: Path, text: str) -> None:
    (tmp_path / "bot.txt").write_text(text)
    bot = {name: value for name, value in BOT.items() if name != "ranges"} | {"ranges_file": "bot.txt"}
    (network,) = read_budgets(written(tmp_path / "limits.yaml", networks=[bot])).networks
    assert network.ranges == ("203.0.113.0/25", "2001:db8::/32")


@pytest.mark.parametrize("text", ["", "{}", '{"prefixes": 3}', '{"prefixes": [3]}', "{", "no network", "0.0.0.0/0"])
def test_a_file_that_has_no_ranges_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "bot.txt").write_text(text)
    assert found(tmp_path / "limits.yaml", networks=[BOT | {"ranges_file": "bot.txt"}])


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="can't be read"):
        read_budgets(tmp_path / "nobody.yaml")
