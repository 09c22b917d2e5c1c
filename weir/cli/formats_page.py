"""Writes `docs/formats.md` from the declarations of the formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType

from streams.intake.formats import ga4, posthog, segment, snowplow
from streams.intake.formats.registry import FORMATS, LAYOUTS, W3C, LineOrder
from streams.intake.layouts.kinds import ColumnKind, Field
from streams.intake.layouts.layout import JsonColumn, LayoutColumn
from streams.intake.layouts.variables import APACHE, HEADERS, NGINX
from streams.intake.layouts.w3c import FIELDS as W3C_FIELDS

EXPORTS: dict[str, ModuleType] = {"snowplow": snowplow, "segment": segment, "posthog": posthog, "ga4": ga4}

_INTRODUCTION = """\
`weir replay`, `weir produce`, `weir rules simulate`, `check --on` and `stats`, and `weir business simulate` read these
files. `--format` takes a name of the table. Without it Weir chooses the format by the first 100 lines of each file, and
prints the format and how many of the lines fit. If fewer than half of the lines fit any format, or if two layouts read
them differently, then the file is refused, and the error message names the wrong column.

Files may be packed with gzip, bzip2, xz or zstd, and begin with a byte order mark. UTF-16 is refused: convert it first
(`iconv -f UTF-16 -t UTF-8`). Several files are read in order of time, so the order of their names has no effect:
`access.log*` gives the same events as one sorted file of these lines. Lines of servers' logs are sorted within the
grace period (`grace_s`), since servers write a request when it ends. Of lines at the same time, pages are read first,
then files that pages load, then the rest in the order of bytes. A line that is more than `max_ahead_s` ahead of the
lines around it gets the time of the earliest of the next 20 lines. A file that is given twice, or its copy, is read
once.
"""

_LOGS = """\
All of them become events in the same way:

- `visitor_id` is a hash of the client's address and user agent, `account_id` is the account that is logged in.
- `event_id` is a hash of the line's bytes, and the line's number among equal lines of the input.
- `type` is `page_view` for GET and `request` for all other methods: a POST may be a login, a search or a post, and
  the log does not have the difference.
- `url` is path and query as they were requested. Escapes (`\\x22`, `\\"`, `""`) are decoded, and `-` is no value.
- The client is the last address, of the forwarded list and then the connection, that is not a proxy of the site.
  Private addresses are such proxies, and those in the setting `trusted_proxies`. If most lines come from public
  addresses that forward others, then the file is refused until this setting has the site's proxies (`private`: the
  site has no others).
- Columns behind a layout's last one are carried in `properties`, by their name (`rt=0.178`) or number (`column_10`),
  and counted. Any other column that a layout does not have is an error: the line is refused with the column's number.
- The prefix of a line by syslog, journald, Kubernetes (CRI) or Docker Compose is skipped.
"""

_OWN = """\
## Your server's own format

`--log-format` takes the format from the server's configuration: the string of nginx's `log_format` or Apache's
`LogFormat`, the whole directive, or a configuration that has one such directive.

```console
$ weir replay docs/examples/own.log --log-format "$(cat docs/examples/nginx.conf)"
```

```console (needs a log of Apache's)
$ weir replay access.log --log-format '%h %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\" %D'
```

JSON lines are read by a JSON object whose values are nginx's variables, as in nginx's formats with `escape=json`.
Names with dots and nested objects both match:

```console (needs a log in JSON)
$ weir replay access.json --log-format '{"@timestamp": "$time_iso8601", "client": {"ip": "$remote_addr"},
    "http.request.method": "$request_method", "url": "$request_uri", "agent": "$http_user_agent"}'
```

A format must name the client and the time. A column that can contain spaces (the user agent, the referrer, the request
line) must be last, in quotes, or end with a character that it can't hold.
"""


def formats_page(note: str) -> str:
    """The text of the page; `note` is a comment about its source."""
    return "\n".join(
        ["# Formats of files", "", note, "", _INTRODUCTION, *_overview(), _OWN, *_variables(), *_sections()]
    )


def _overview() -> Iterator[str]:
    order = {
        LineOrder.ARRIVAL: "in the order of the file",
        LineOrder.NEARLY_BY_TIME: "sorted within the grace period",
        LineOrder.NONE: "sorted, which holds the file in memory",
    }
    rows = [(f"`{one.name}`", one.meaning, order[one.order]) for one in FORMATS.values()]
    yield table(("`--format`", "is", "lines are read"), rows)


def _variables() -> Iterator[str]:
    yield "Variables with a field of an event; all other variables and directives are kept in `properties`:\n"
    rows = [(f"`${name}`", _what(kind)) for name, kind in NGINX.items() if kind.field is not Field.PROPERTY]
    yield table(("nginx", "is"), rows)
    apache = {f"`%{name}`": kind for name, (_, kind) in APACHE.items()} | {"`%t`, `%{…}t`": NGINX["time_local"]}
    apache |= {f"`%{{{name}}}i`": kind for name, kind in HEADERS.items()}
    rows = [(name, _what(kind)) for name, kind in apache.items() if kind.field is not Field.PROPERTY]
    yield table(("Apache", "is"), rows)


def _sections() -> Iterator[str]:
    yield "## Servers' logs\n"
    yield _LOGS
    for layout in LAYOUTS:
        yield f"### {layout.name}\n"
        yield f"{layout.meaning}. {f'Configuration: {layout.config}.' if layout.config else ''}".strip() + "\n"
        yield table(("column", "is"), [(f"`{_written(column)}`", _what(column.kind)) for column in layout.columns])
        yield _code(layout.sample)
    yield f"### {W3C}\n"
    yield f"{FORMATS[W3C].meaning}. Times are UTC. Fields that an event does not have are skipped.\n"
    yield table(("field", "is"), [(f"`{name}`", _what(kind)) for name, kind in W3C_FIELDS.items()])
    yield _code(FORMATS[W3C].sample)
    yield "## Exports of events\n"
    for name, module in EXPORTS.items():
        yield f"### {name}\n"
        yield f"{FORMATS[name].meaning}. If a field of the event has several sources, the first with a value counts.\n"
        yield table(("field of the export", "field of the event"), [(f"`{a}`", f"`{b}`") for a, b in module.FIELDS])
        yield f"Not kept: {'; '.join(module.LOST)}.\n"
        yield _code(module.SAMPLE.decode())


def _written(column: LayoutColumn | JsonColumn) -> str:
    if isinstance(column, JsonColumn):
        return column.name
    return f"{column.before.strip()}{column.name}{column.after}" + (" …" if column.optional else "")


def _what(kind: ColumnKind) -> str:
    return {Field.NOTHING: "skipped", Field.PROPERTY: "kept in `properties`"}.get(kind.field, str(kind.field))


def _code(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
