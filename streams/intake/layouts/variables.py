"""The column kinds of nginx's variables and Apache's directives."""

from __future__ import annotations

import re
from collections.abc import Mapping

from streams.intake.layouts import kinds
from streams.intake.layouts.kinds import ColumnKind

NGINX: Mapping[str, ColumnKind] = {
    "remote_addr": kinds.CLIENT,
    "realip_remote_addr": kinds.SKIPPED,
    "http_x_forwarded_for": kinds.FORWARDED,
    "proxy_add_x_forwarded_for": kinds.FORWARDED,
    "proxy_protocol_addr": kinds.FORWARDED,
    "http_x_real_ip": kinds.FORWARDED,
    "http_cf_connecting_ip": kinds.FORWARDED,
    "http_true_client_ip": kinds.FORWARDED,
    "remote_user": kinds.ACCOUNT,
    "time_local": kinds.CLF_TIME,
    "time_iso8601": kinds.ISO_TIME,
    "msec": kinds.EPOCH_S,
    "request": kinds.REQUEST,
    "request_method": kinds.METHOD,
    "request_uri": kinds.URL,
    "uri": kinds.URL,
    "document_uri": kinds.URL,
    "args": kinds.QUERY,
    "query_string": kinds.QUERY,
    "is_args": kinds.QUESTION_MARK,
    "status": kinds.STATUS,
    "body_bytes_sent": kinds.BYTES,
    "bytes_sent": kinds.BYTES,
    "http_referer": kinds.REFERRER,
    "http_user_agent": kinds.USER_AGENT,
    "request_time": kinds.SECONDS,
    "request_length": kinds.NUMBER,
    "connection": kinds.NUMBER,
    "connection_requests": kinds.NUMBER,
    "pid": kinds.NUMBER,
    "server_port": kinds.NUMBER,
    "remote_port": kinds.NUMBER,
    "gzip_ratio": kinds.SECONDS,
    "upstream_addr": kinds.LIST,
    "upstream_status": kinds.LIST,
    "upstream_response_time": kinds.LIST,
    "upstream_connect_time": kinds.LIST,
    "upstream_header_time": kinds.LIST,
    "upstream_response_length": kinds.LIST,
    "upstream_bytes_received": kinds.LIST,
}
"""Column kind by variable name; other variables are stored in the event's properties."""

APACHE: Mapping[str, tuple[str, ColumnKind]] = {
    "h": ("client", kinds.CLIENT),
    "a": ("client", kinds.CLIENT),
    "{c}a": ("peer", kinds.SKIPPED),
    "l": ("ident", kinds.IDENT),
    "u": ("account", kinds.ACCOUNT),
    "r": ("request", kinds.REQUEST),
    "m": ("method", kinds.METHOD),
    "U": ("path", kinds.URL),
    "q": ("query", kinds.QUERY),
    "s": ("status", kinds.STATUS),
    "b": ("bytes", kinds.BYTES),
    "B": ("bytes", kinds.BYTES),
    "O": ("bytes_sent", kinds.BYTES),
    "I": ("bytes_received", kinds.NUMBER),
    "S": ("bytes_transferred", kinds.NUMBER),
    "D": ("request_time_us", kinds.NUMBER),
    "T": ("request_time_s", kinds.NUMBER),
    "{ms}T": ("request_time_ms", kinds.NUMBER),
    "{us}T": ("request_time_us", kinds.NUMBER),
    "{s}T": ("request_time_s", kinds.NUMBER),
    "p": ("port", kinds.NUMBER),
    "P": ("pid", kinds.NUMBER),
    "k": ("keepalive_requests", kinds.NUMBER),
    "v": ("host", kinds.TEXT),
    "V": ("host", kinds.TEXT),
    "A": ("server_address", kinds.TEXT),
    "H": ("protocol", kinds.TEXT),
    "X": ("connection_status", kinds.TEXT),
    "f": ("file", kinds.TEXT),
    "R": ("handler", kinds.TEXT),
    "L": ("log_id", kinds.TEXT),
    "F": ("commit_time_ms", kinds.NUMBER),
}
"""Column name and kind by directive, which is written without `%`, `>`, `<` and lists of status codes."""

HEADERS: Mapping[str, ColumnKind] = {
    "referer": kinds.REFERRER,
    "user-agent": kinds.USER_AGENT,
    "x-forwarded-for": kinds.FORWARDED,
    "x-real-ip": kinds.FORWARDED,
    "cf-connecting-ip": kinds.FORWARDED,
    "true-client-ip": kinds.FORWARDED,
}
"""Column kind by request header, in lower case, for headers that are fields of an event."""

_SINCE_EPOCH = {"sec": kinds.EPOCH_S, "msec": kinds.EPOCH_MS, "usec": kinds.EPOCH_US}


APACHE_TIME = ("time", kinds.CLF_TIME)
"""Column name and kind of `%t`."""


def nginx_kind(name: str) -> ColumnKind:
    """The column kind of an nginx variable."""
    return NGINX.get(name, kinds.TEXT)


def apache_kind(directive: str) -> tuple[str, ColumnKind]:
    """The column name and kind of an Apache directive, which is given without its percent sign.

    Raises:
        ValueError: There is no such directive.
    """
    if found := APACHE.get(directive):
        return found
    argument, letter = directive[1:-2] if directive[0] == "{" else "", directive[-1]
    if argument and letter in APACHE:  # such as %{local}p, %{pid}P, %{c}h
        return f"{APACHE[letter][0]}_{argument}", kinds.TEXT
    if directive == "t":
        return APACHE_TIME
    if letter == "t":
        return "time", _apache_time(argument)
    if letter == "i" and argument:
        return argument, HEADERS.get(argument.lower(), kinds.TEXT)
    if letter in "oeCnxr" and argument:
        return argument, kinds.TEXT
    raise ValueError(f"there is no directive %{directive}")


def time_pattern(directive: str) -> str:
    """The `strftime` pattern of a directive `%{…}t`; empty for other directives and for numbers since 1970."""
    if directive[-1] != "t" or directive[0] != "{":
        return ""
    argument = directive[1:-2].removeprefix("begin:").removeprefix("end:")
    if argument in _SINCE_EPOCH or argument == "%s":
        return ""
    return "%f" if argument in {"msec_frac", "usec_frac"} else argument


def time_kind(pattern: str) -> ColumnKind:
    """The column kind of a `strftime` pattern: a time if the pattern has date and time of day, otherwise a text."""
    written = set(re.findall(r"%(.)", pattern))
    is_whole = bool(written & set("dejFDcx")) and bool(written & set("HITRcX"))
    return kinds.time_by(pattern) if is_whole else kinds.TEXT


def _apache_time(argument: str) -> ColumnKind:
    argument = argument.removeprefix("begin:").removeprefix("end:")
    return _SINCE_EPOCH.get(argument, kinds.EPOCH_S)
