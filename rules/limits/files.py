"""Limits as a YAML file has them, checked."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from rules.document import Document, Strict, as_tuple, read_document, validate
from rules.kinds import another_kind
from rules.limits.assets import ASSET, EXTENSIONS, LONGEST_EXTENSION, TYPES, Assets
from rules.limits.budgets import Budget, Budgets
from rules.limits.distinct import DistinctLimit
from rules.limits.ranges import MOST_RANGES, as_network, read_ranges
from rules.problems import Problem, RulesError
from weir.contracts.event import KNOWN_EVENT_TYPES
from weir.networks import AddressRules, Network

Amount = Annotated[float, Field(gt=0, le=1e9)]
Cost = Annotated[float, Field(ge=0, le=1e6)]
# An id is the last part of the key `kind:subject:limit` in `weir.limits`, so it has no colon.
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Reason = Annotated[str, Field(min_length=1, max_length=300)]
Kind = Literal["visitor", "address", "account"]
Name = Annotated[str, Field(min_length=1, max_length=128)]
COUNTABLE = {
    ("visitor", "items"),
    ("address", "visitors"),
    ("address", "accounts"),
    ("account", "addresses"),
    ("account", "visitors"),
}
"""What may be counted, and of which subject."""
# With an asset's price, a bot could request ten times as many pages before it exceeds the shipped budget.
PAGES = frozenset({"html", "htm", "xhtml", "shtml", "php", "asp", "aspx", "jsp", "jspx", "cgi", "do"})
"""Extensions of pages, which people ask for."""


class BudgetEntry(Strict):
    """One budget."""

    id: Id
    kind: Kind
    """Whose budget it is."""
    capacity: Amount
    """What may be spent at once."""
    refill_per_s: Amount
    """What comes back a second."""
    recovery_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Part of the capacity that must have come back before a crossed limit lets anything through again."""
    costs: Annotated[dict[str, Cost], Field(default_factory=dict)]
    """Cost of an event by its type; `asset` is the cost of any asset whose type is not named."""
    default_cost: Cost = 1.0
    """Cost of an event of any other type."""
    reason: Reason
    """Explanation for people of what it means to exceed the limit."""


class DistinctEntry(Strict):
    """One limit of how many different ones a subject may have."""

    id: Id
    kind: Kind
    """Whose limit it is."""
    of: Literal["visitors", "addresses", "accounts", "items"]
    """What is counted."""
    at_most: Annotated[int, Field(ge=2, le=10_000_000)]
    window_s: Annotated[float, Field(ge=60, le=86_400)] = 3_600.0
    """Counting begins anew so often, in event time."""
    reason: Reason
    """Explanation for people of what it means to exceed the limit."""


class NetworkEntry(Strict):
    """Addresses that are treated in their own way."""

    id: Id
    treat: Literal["trusted", "shared", "crawler"]
    """`trusted`: no budgets at all. `shared`: events cost the address `price` of what they do, and the visitor
    `visitor_price`. `crawler`: no budgets for who gives `user_agent` from these ranges."""
    ranges: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = ()
    """Such as `192.0.2.0/24` or `2001:db8::/32`."""
    ranges_file: str | None = None
    """A file with further ones, beside this one: one a line, or JSON as operators of crawlers publish it."""
    user_agent: Annotated[str, Field(max_length=128)] = ""
    """Of a crawler: a part of its user agent; case is ignored."""
    price: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Of a shared network; 0.05 unless given."""
    visitor_price: Annotated[float, Field(ge=0, le=1)] | None = None
    """Of a shared network; its `price` unless given."""
    reason: Reason
    """For a person: why."""


class AddressEntry(Strict):
    """How addresses are charged that are in no declared network."""

    ipv4_prefix: Annotated[int, Field(ge=16, le=32)] = 32
    """Bits of an IPv4 address that are charged together."""
    ipv6_prefix: Annotated[int, Field(ge=32, le=128)] = 64
    """Bits of an IPv6 address that are charged together."""
    known_after: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Events in a session from which on its visitor is known, and not limited for what others at its address do."""
    known_price: Annotated[float, Field(ge=0, le=1)] = 0.1
    """The part of its cost that a known visitor's event is charged to the address at."""


class AssetsEntry(Strict):
    """Which events are assets, beside those that are anyway."""

    types: Annotated[tuple[Name, ...], BeforeValidator(as_tuple), Field(max_length=200)] = ()
    """Of events."""
    extensions: Annotated[tuple[Name, ...], BeforeValidator(as_tuple), Field(max_length=200)] = ()
    """Of URLs."""
    without: Annotated[tuple[Name, ...], BeforeValidator(as_tuple), Field(max_length=200)] = ()
    """Shipped types and extensions that are no assets here."""


class BudgetsFile(Strict):
    """A file of limits."""

    version: Annotated[str, Field(min_length=1, max_length=64)]
    addresses: AddressEntry = AddressEntry()
    assets: AssetsEntry = AssetsEntry()
    # Each event is charged to each budget; each network is part of every partition's state.
    budgets: Annotated[tuple[BudgetEntry, ...], BeforeValidator(as_tuple), Field(max_length=50)]
    distinct: Annotated[tuple[DistinctEntry, ...], BeforeValidator(as_tuple), Field(max_length=20)] = ()
    networks: Annotated[tuple[NetworkEntry, ...], BeforeValidator(as_tuple), Field(max_length=500)] = ()


def read_budgets(path: Path | None = None) -> Budgets:
    """The limits of a file; the shipped ones without one.

    Raises:
        RulesError: the file can't be read, or is refused.
    """
    read = check_budgets(path)
    if isinstance(read, list):
        raise RulesError(read)
    return read


def check_budgets(path: Path | None = None) -> Budgets | list[Problem]:
    """The limits of a file, or everything that is wrong with it."""
    document = read_document(path or resources.files("rules.limits") / "default.yaml")
    if isinstance(document, Problem):
        return [document]
    # First: a file of another kind would be refused with one problem for each of its fields.
    checked = another_kind(document, "limits") or validate(BudgetsFile, document)
    if isinstance(checked, list):
        return checked
    folder = path.parent if path is not None else Path()
    networks, problems = _networks(document, checked, folder)
    problems += [*_twice(document, checked), *_contradictions(document, checked), *_uncountable(document, checked)]
    problems += _wrong_assets(document, checked.assets)
    return sorted(problems) if problems else _assembled(checked, networks)


def _assembled(checked: BudgetsFile, networks: tuple[Network, ...]) -> Budgets:
    budgets = [Budget(**entry.model_dump(), version=checked.version) for entry in checked.budgets]
    return Budgets(
        version=checked.version,
        visitor=tuple(budget for budget in budgets if budget.kind == "visitor"),
        address=tuple(budget for budget in budgets if budget.kind == "address"),
        account=tuple(budget for budget in budgets if budget.kind == "account"),
        distinct=tuple(DistinctLimit(**entry.model_dump(), version=checked.version) for entry in checked.distinct),
        networks=networks,
        addresses=AddressRules(**checked.addresses.model_dump()),
        assets=_assets(checked.assets),
    )


def _assets(entry: AssetsEntry) -> Assets:
    # `without` has types, which count as written, and extensions, which count in any case and with or without a dot.
    without = {*entry.without, *map(_plain, entry.without)}
    types = TYPES.union(entry.types) - without
    extensions = EXTENSIONS.union(map(_plain, entry.extensions)) - without
    return Assets(tuple(sorted(types)), tuple(sorted(extensions)))


def _plain(extension: str) -> str:
    """An extension as it is looked up: in lower case, and without the dot."""
    return extension.lower().removeprefix(".")


def _wrong_assets(document: Document, entry: AssetsEntry) -> Iterator[Problem]:
    for text in entry.extensions:
        plain = _plain(text)
        # Only what follows the last dot of a path is compared, so `tar.gz` would match no URL.
        last = plain.rpartition(".")[2]
        place = ("assets", "extensions")
        if not plain.isalnum() or not plain.isascii():
            hint = f"Write {last}: what follows the last dot counts." if last.isalnum() else "Write letters and digits."
            yield document.problem(f"{text!r} is no extension.", hint, *place)
        elif len(plain) > LONGEST_EXTENSION:
            hint = f"Write at most {LONGEST_EXTENSION} characters."
            yield document.problem(f"The extension {text!r} is too long.", hint, *place)
        elif plain in PAGES:
            yield document.problem(f"{text!r} is the extension of pages.", "Remove it: people request pages.", *place)
    for text in entry.types:
        # Events that a person causes must pay in full: a tenth of the price allows a bot ten times as many.
        if text in KNOWN_EVENT_TYPES:
            message = f"Events of the type {text} are what people do."
            yield document.problem(message, "Take it out, or give it a cost in costs.", "assets", "types")
    for text in entry.without:
        if text not in TYPES and _plain(text) not in EXTENSIONS:
            hint = "Write shipped types and extensions; see docs/limits.md."
            yield document.problem(f"{text!r} is not among the shipped assets.", hint, "assets", "without")
        elif text in entry.types or _plain(text) in map(_plain, entry.extensions):
            yield document.problem(f"{text!r} is both added and left out.", "Keep one.", "assets", "without")


def _networks(document: Document, checked: BudgetsFile, folder: Path) -> tuple[tuple[Network, ...], list[Problem]]:
    networks: list[Network] = []
    problems: list[Problem] = []
    for number, entry in enumerate(checked.networks):
        place = ("networks", number)
        ranges = list(entry.ranges)
        if entry.ranges_file is not None:
            read = read_ranges(folder / entry.ranges_file)
            if isinstance(read, str):
                problems.append(
                    document.problem(f"{entry.id}: {read}", "Its path counts from this file.", *place, "ranges_file")
                )
            else:
                ranges += read
        problems += _wrong_network(document, entry, ranges, place)
        # With 0.05, a visitor's own budgets allow as much as for twenty people, who look alike where logs have no
        # cookie.
        price = entry.price if entry.price is not None else 0.05
        networks.append(
            Network(
                id=entry.id,
                treat=entry.treat,
                ranges=tuple(ranges),
                user_agent=entry.user_agent,
                price=price if entry.treat == "shared" else 1.0,
                visitor_price=(
                    (entry.visitor_price if entry.visitor_price is not None else price)
                    if entry.treat == "shared"
                    else 1.0
                ),
            )
        )
    # The bound holds for the whole file, because its networks are part of each partition's state.
    count = sum(len(network.ranges) for network in networks)
    if count > MOST_RANGES:
        message = f"All networks together have {count} ranges; {MOST_RANGES} are taken."
        problems.append(document.problem(message, "Merge neighbours, or give wider ones.", "networks"))
    return tuple(networks), problems


def _wrong_network(
    document: Document, entry: NetworkEntry, ranges: list[str], place: tuple[str, int]
) -> Iterator[Problem]:
    if not ranges:
        yield document.problem(f"{entry.id} has no ranges.", "Give ranges or ranges_file.", *place)
    for text in entry.ranges:
        network = as_network(text)
        if network is None:
            yield document.problem(f"{entry.id}: {text!r} is no network.", "Write 192.0.2.0/24.", *place, "ranges")
        # If such a network were trusted, no budget would apply anywhere.
        elif not network.prefixlen:
            yield document.problem(
                f"{entry.id}: {text} contains all addresses.", "Give a longer prefix.", *place, "ranges"
            )
    # Without it, every client from these ranges would have no budgets, with any user agent.
    if entry.treat == "crawler" and not entry.user_agent:
        yield document.problem(f"{entry.id}: a crawler has no user_agent.", "Add the user_agent.", *place)
    if entry.treat != "crawler" and entry.user_agent:
        message = f"{entry.id}: user_agent has no effect if treat is {entry.treat}."
        yield document.problem(message, "Remove the user_agent, or set treat to crawler.", *place, "user_agent")
    if entry.treat != "shared" and entry.price is not None:
        yield document.problem(f"{entry.id}: only a shared network has a price.", "Take it out.", *place, "price")
    if entry.treat != "shared" and entry.visitor_price is not None:
        message = f"{entry.id}: only a shared network has a visitor_price."
        yield document.problem(message, "Take it out.", *place, "visitor_price")


def _twice(document: Document, checked: BudgetsFile) -> Iterator[Problem]:
    # Budgets and limits share the keys of their sums and of `weir.limits`.
    limits = [("budgets", number, entry.id) for number, entry in enumerate(checked.budgets)]
    limits += [("distinct", number, entry.id) for number, entry in enumerate(checked.distinct)]
    networks = [("networks", number, entry.id) for number, entry in enumerate(checked.networks)]
    for places in (limits, networks):
        seen: set[str] = set()
        for section, number, name in places:
            if name in seen:
                yield document.problem(f"{name} is given twice.", "Give each its own id.", section, number, "id")
            seen.add(name)


def _contradictions(document: Document, checked: BudgetsFile) -> Iterator[Problem]:
    for number, entry in enumerate(checked.budgets):
        place = ("budgets", number)
        level = entry.capacity * entry.recovery_share
        dearest = max([entry.default_cost, *entry.costs.values()])
        # A recovered bucket holds `level`: a dearer event would cross the limit again as soon as the limit has ended.
        if dearest > level:
            yield document.problem(
                f"{entry.id}: an event may cost {dearest:g}, and only {level:g} have come back when it recovers.",
                "Raise capacity or recovery_share, or lower the cost.",
                *place,
            )
        if entry.costs.get(ASSET, 0.0) > entry.default_cost:
            yield document.problem(
                f"{entry.id}: an asset costs {entry.costs[ASSET]:g}, and a page {entry.default_cost:g}.",
                "Lower the cost of assets: browsers load assets without a person's request.",
                *place,
                "costs",
            )
        if dearest == 0:
            yield document.problem(f"{entry.id} can never be crossed: all is free.", "Give a cost.", *place)


def _uncountable(document: Document, checked: BudgetsFile) -> Iterator[Problem]:
    for number, entry in enumerate(checked.distinct):
        if (entry.kind, entry.of) not in COUNTABLE:
            possible = ", ".join(f"{of} of a {kind}" for kind, of in sorted(COUNTABLE))
            message = f"{entry.id}: {entry.of} of a {entry.kind} are not counted."
            yield document.problem(message, f"Possible are {possible}.", "distinct", number, "of")
