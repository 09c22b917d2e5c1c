"""`weir limits`: checks and lists limits, and explains those of an address."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rules.limits.budgets import Budgets, load_budgets
from rules.limits.files import check_budgets
from weir.cli.options import Json, with_settings
from weir.cli.output import console, show
from weir.cli.rules_files import must_be_files, show_problems
from weir.errors import UsageError
from weir.networks import Networks
from weir.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Check and list limits, and explain those of an address.")
LimitsPath = Annotated[Path | None, typer.Argument(metavar="[LIMITS]", help="The file in the settings unless given.")]


@app.command()
@with_settings
def check(settings: Settings, *, limits: LimitsPath = None, as_json: Json = False) -> None:
    """Report all errors of a file of limits at once."""
    must_be_files([limits] if limits else [])
    found = check_budgets(limits or settings.limits_file)
    problems = found if isinstance(found, list) else []
    show_problems(problems, as_json=as_json)


@app.command("list")
@with_settings
def list_limits(settings: Settings, *, limits: LimitsPath = None, as_json: Json = False) -> None:
    """List budgets, limits of distinct values, and networks."""
    must_be_files([limits] if limits else [])
    budgets = load_budgets(limits or settings.limits_file)
    show(_rows(budgets), ("kind", "limit", "at_most", "then", "reason"), as_json=as_json, empty="There are no limits.")


@app.command()
@with_settings
def explain(
    settings: Settings,
    *,
    address: Annotated[str, typer.Argument(help="An IPv4 or IPv6 address.")],
    user_agent: Annotated[str, typer.Option("--user-agent", help="The client's user agent.")] = "",
    as_json: Json = False,
) -> None:
    """Show the subject and price of an address, and whether its user agent's crawler is genuine."""
    if not address.strip():
        raise UsageError("ADDRESS is empty.", "Give an address, such as 192.0.2.1 or 2001:db8::1.")
    budgets = load_budgets(settings.limits_file)
    networks = Networks(budgets.networks, budgets.addresses)
    place = networks.place(address)
    row = {
        "charged_as": place.subject,
        "price": place.price,
        "visitor_price": place.visitor_price,
        "has_no_budget": place.frees(user_agent),
        "crawler": networks.crawler(address, user_agent) or "",
        "impostor_of": networks.impostor(address, user_agent) or "",
    }
    show([row], tuple(row), as_json=as_json)
    if not as_json and not networks.is_address(address):
        console().print("This is not an IPv4 or IPv6 address: it is charged as a token, like a hashed address.")
    if not as_json and row["impostor_of"]:
        console().print(f"The user agent is that of {row['impostor_of']}, but the address is in none of its ranges.")


def _rows(budgets: Budgets) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [
        {
            "kind": budget.kind,
            "limit": budget.id,
            "at_most": f"{budget.capacity:g} at once",
            "then": f"{budget.refill_per_s:g} a second",
            "reason": budget.reason,
        }
        for budget in budgets.by_id.values()
    ]
    rows += [
        {
            "kind": limit.kind,
            "limit": limit.id,
            "at_most": f"{limit.at_most} {limit.of}",
            "then": f"in {limit.window_s:g} s",
            "reason": limit.reason,
        }
        for limit in budgets.distinct
    ]
    rows.append(
        {
            "kind": "asset",
            "limit": "types, extensions",
            "at_most": f"{len(budgets.assets.types)} types",
            "then": f"{len(budgets.assets.extensions)} extensions",
            "reason": "Requests that pages make; `asset` in costs is their cost.",
        }
    )
    rows += [
        {"kind": "network", "limit": network.id, "at_most": network.treat, "then": f"{len(network.ranges)} ranges"}
        for network in budgets.networks
    ]
    return [{"reason": ""} | row for row in rows]
