"""Makes an event of a line's column values, for all layouts."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from xxhash import xxh3_128_hexdigest

from streams.intake.layouts.clients import Trusted, client_of
from streams.intake.layouts.kinds import Field
from streams.intake.layouts.times import iso_time
from weir.contracts import Event
from weir.contracts.base import longest
from weir.contracts.event import FREE_TEXTS

Values = Mapping[Field, object]
_NOTHING = frozenset({"-", ""})
_LONGEST = {
    name: most
    for name in ("account_id", "url", "referrer", "user_agent", "method", "ip")
    if (most := longest(Event, name)) is not None
}
"""Maximum length of an event's fields."""
_KEPT = {name: most + (name in FREE_TEXTS) for name, most in _LONGEST.items()}
"""Length to which a line's texts are cut. A free text keeps one character more than an event may have, so that the
decoder cuts and marks the text, as it does for events of other sources."""


class NoClientError(ValueError):
    """The line has no client address, so its event would have no visitor."""


def event_of(
    values: Values, properties: dict[str, str], trusted: Trusted, *, absolute: bool = False
) -> dict[str, object]:
    """Makes an event without an id.

    `visitor_id` is a hash of the client's address and user agent. `type` is `page_view` for GET and `request` for other
    methods: a POST may be a login, a search or a comment, which the log doesn't show.

    Args:
        values: Texts of the columns, and the time in seconds.
        properties: Further values that are stored with the event.
        trusted: The site's own proxies.
        absolute: Whether the URL includes the site's own scheme and host.

    Raises:
        NoClientError: The line has no client address.
        ValueError: The line has no time, or a number is invalid.

    """
    address = client_of(_text(values.get(Field.CLIENT)), _text(values.get(Field.FORWARDED)), trusted)
    if address is None:
        raise NoClientError("The line has no client: both its address and its forwarded addresses are empty.")
    method, url = _request(values)
    if absolute and url is not None:
        url, host = _without_site(url)
        if host:
            properties.setdefault("host", host)
    user_agent = _text(values.get(Field.USER_AGENT))
    event: dict[str, object] = {
        "visitor_id": xxh3_128_hexdigest(f"{address}\0{user_agent or ''}".encode()),
        "account_id": _text(values.get(Field.ACCOUNT)),
        "type": "page_view" if method == "GET" else "request",
        "ts": _time(values),
        "url": url,
        "referrer": _text(values.get(Field.REFERRER)),
        "user_agent": user_agent,
        "ip": address,
        "method": method,
        "status": _number(values.get(Field.STATUS)),
        "bytes": _number(values.get(Field.BYTES)),
        "properties": properties or None,
    }
    for name, most in _KEPT.items():
        text = event[name]
        # Long texts are cut and not refused: otherwise a client could hide its requests by sending long texts.
        if isinstance(text, str) and len(text) > most:
            event[name] = text[:most]
            if name not in FREE_TEXTS:
                event["properties"] = properties | {"cut": name}
    return {name: value for name, value in event.items() if value is not None}


def method_and_url(request: str | None) -> tuple[str | None, str | None]:
    """Splits a request line into method and target; other text, such as TLS on a plain port, is returned as target."""
    if request is None:
        return None, None
    method, space, rest = request.partition(" ")
    if not space or not method.isascii() or not method.replace("-", "").isalpha() or not method.isupper():
        return None, request
    target, _, protocol = rest.rpartition(" ")
    return method, target if target and protocol.startswith("HTTP/") else rest


def _request(values: Values) -> tuple[str | None, str | None]:
    if Field.REQUEST in values:
        method, url = method_and_url(_text(values[Field.REQUEST]))
        if url is not None:
            return method, url
    else:
        method = None
    method = method or _text(values.get(Field.METHOD))
    url = _text(values.get(Field.URL))
    query = _text(values.get(Field.QUERY))
    if url is not None and query is not None and "?" not in url:
        url = f"{url}?{query.removeprefix('?')}"
    return method, url


def _without_site(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, ""
    if parts.scheme not in {"http", "https", "ws", "wss"} or not parts.netloc:
        return url, ""
    rest = url[url.index("//") + 2 + len(parts.netloc) :]
    return rest if rest.startswith("/") else f"/{rest}", parts.hostname or ""


def _time(values: Values) -> float:
    ts = values.get(Field.TIME)
    if isinstance(ts, float):
        return ts
    date, clock = values.get(Field.DATE), values.get(Field.CLOCK)
    if date is None or clock is None:
        raise ValueError("The line has no time.")
    return iso_time(f"{date}T{clock}")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value not in _NOTHING else None


def _number(value: object) -> int | None:
    # int() gets 20 digits at most, as clients can send thousands; 20 digits already exceed the event's bounds.
    return int(value[:20]) if isinstance(value, str) and value[:1] not in _NOTHING else None
