"""Refuses files whose lines fit a layout but may have another one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from streams.intake.layouts.candidates import column_name, hidden_clients, untrusted_forwarded_address
from streams.intake.layouts.clients import Trusted, forwarded_addresses
from streams.intake.layouts.fitting import Fit
from streams.intake.layouts.kinds import Field
from streams.intake.layouts.reading import event_of
from streams.intake.line import RawLine
from weir.errors import WorkError

_AGENT = re.compile(r"(?!HTTP/|TLS|text/|image/)[A-Za-z][\w.!-]{1,40}/v?[0-9]")
"""Beginning of a user agent: product and version (RFC 9110, section 10.1.5). Few other columns look like that."""
_COMPARED = ("ip", "account_id", "ts", "method", "url", "status", "referrer", "user_agent")


def refuse_hidden_agent(source: str, lines: Sequence[RawLine], fit: Fit) -> None:
    """Refuses a file whose user agent seems to be in another column than the layout's.

    Raises:
        WorkError: Another column looks like the user agent in most of the lines.
    """
    hidden: dict[int, str] = {}
    for at, row in fit.rows.items():
        agent, referrer = (str(row.values.get(field, "")) for field in (Field.USER_AGENT, Field.REFERRER))
        address = next((text for text in (referrer, agent) if forwarded_addresses(text)), None)
        if address is not None:
            hidden[at] = f"'{address[:60]}' is where {fit.parser.layout.name} has a referrer or a user agent"
        elif _AGENT.match(agent) is None:
            others = [("the referrer", referrer), *((column_name(name).lower(), text) for name, text in row.extras)]
            found = next(((where, text) for where, text in others if _AGENT.match(text)), None)
            if found is not None:
                hidden[at] = f"{found[0]} is '{found[1][:60]}', which looks like the user agent"
    if 2 * len(hidden) <= len(fit.rows):
        return
    at, why = next(iter(hidden.items()))
    raise WorkError(
        f"{source} can't be read as {fit.parser.layout.name}: in line {lines[at][0]}, {why}.",
        "Give the server's own format with --log-format.",
    )


def server_addresses(source: str, lines: Sequence[RawLine], fit: Fit, trusted: Trusted) -> frozenset[str]:
    """Public addresses of the site's servers, found in columns that the layout doesn't name.

    A column with few addresses for many clients has server addresses.

    Raises:
        WorkError: In most of the lines, such a column has another address than the client's, and the column has so many
            different addresses that they may be the clients'.
    """
    own: set[str] = set()
    clients = {_event(fit, at, trusted).get("ip") for at in fit.rows}
    columns: dict[str, dict[int, tuple[str, str]]] = {}
    for at, row in fit.rows.items():
        ip = str(_event(fit, at, trusted).get("ip"))
        for name, text in hidden_clients(row, ip, trusted):
            columns.setdefault(name, {})[at] = (ip, text)
    for name, others in columns.items():
        texts = {text for _, text in others.values()}
        is_alone = len(fit.rows) == 1 and all(trusted.has(ip) for ip, _ in others.values())
        are_clients = is_alone or (len(texts) > 1 and 2 * len(texts) >= len(clients))
        if 2 * len(others) <= len(fit.rows):
            continue
        if are_clients:
            at, (ip, text) = next(iter(others.items()))
            layout = fit.parser.layout.name
            raise WorkError(
                f"{source} can't be read as {layout}: in line {lines[at][0]}, {column_name(name).lower()} is "
                f"'{text[:60]}', which looks like the client's address, but {layout} would use {ip}.",
                "Give the server's own format with --log-format, such as $http_x_forwarded_for for that column.",
            )
        own |= texts
    return frozenset(own)


def refuse_unknown_proxy(source: str, lines: Sequence[RawLine], fit: Fit, trusted: Trusted) -> None:
    """Refuses a file in which most requests were forwarded by an address that is not known as a proxy.

    The address may be a proxy of the site, or clients may send forged headers. Only the operator knows which.

    Raises:
        WorkError: Most of the lines are such requests.
    """
    unknown = {}
    for at, row in fit.rows.items():
        ip = str(_event(fit, at, trusted).get("ip"))
        forwarded_for = untrusted_forwarded_address(row, ip)
        if forwarded_for is not None:
            unknown[at] = (ip, forwarded_for)
    if 2 * len(unknown) <= len(fit.rows):
        return
    at, (ip, forwarded) = next(iter(unknown.items()))
    raise WorkError(
        f"{source}: {len(unknown)} of the first {len(fit.rows)} lines were forwarded by an unknown address, such as "
        f"line {lines[at][0]} by {ip} for {forwarded}. Weir can't know whether {ip} is a proxy of your site.",
        f"If it is, name all your proxies: --set trusted_proxies={ip}. If not: --set trusted_proxies=private.",
    )


def refuse_ambiguous(source: str, lines: Sequence[RawLine], one: Fit, other: Fit, trusted: Trusted) -> None:
    """Refuses a file that two layouts fit equally well and read differently.

    Raises:
        WorkError: The layouts read a field differently.
    """
    for at in one.rows.keys() & other.rows.keys():
        first, second = (_event(fit, at, trusted) for fit in (one, other))
        for name in _COMPARED:
            if first.get(name) != second.get(name) and name in first and name in second:
                names = [fit.parser.layout.name for fit in (one, other)]
                raise WorkError(
                    f"{source} can be read in two ways: in line {lines[at][0]} the {name} is '{first[name]}' as "
                    f"{names[0]} and '{second[name]}' as {names[1]}.",
                    f"Name the right one with --format {names[0]} or --format {names[1]}.",
                )


def _event(fit: Fit, at: int, trusted: Trusted) -> dict[str, object]:
    row = fit.rows[at]
    try:
        return event_of(row.values, dict(row.properties), trusted, absolute=fit.parser.absolute)
    except ValueError:
        return {}
