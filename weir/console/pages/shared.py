"""Shared by all pages: the user, permissions, the check that a form is the console's own, and responses."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from weir.console.access.roles import MAY, Person
from weir.console.access.tickets import Ticket
from weir.console.context import Console
from weir.console.html import environment, inert
from weir.console.store.reading import StoreMissingError
from weir.console.store.search import LONGEST_NUMBER
from weir.errors import UsageError, WeirError, WorkError

COOKIE = "weir-console"
MOST_FIELDS = 64
_templates = environment()
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, with its user."""

    request: Request
    person: Person
    ticket: Ticket
    form: Mapping[str, str]

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of the request's URL."""
        return self.request.query_params

    @property
    def wants_json(self) -> bool:
        """Whether a program asks: `?format=json`, or by its `Accept`."""
        return is_for_program(self.request)


Handler = Callable[[Console, Visit], Response]


class ForbiddenError(WeirError):
    """The user's role does not permit the action."""


def page(path: str, handler: Handler, action: str = "look", *, methods: Sequence[str] = ("GET",)) -> Route:
    """A page's route: users who may do `action` get the response of `handler`, which runs on a separate thread."""

    async def endpoint(request: Request) -> Response:
        console: Console = request.app.state.console
        ticket = console.door.tickets.read(request.cookies.get(COOKIE))
        is_new = ticket is None
        ticket = ticket or console.door.tickets.new()
        address = request.client.host if request.client else ""
        try:
            person = await run_in_threadpool(console.door.person, ticket, request.headers, address)
            if person is None:
                return _to_log_in(request)
            _check_role(person, action)
            form = await _own_form(console, request, ticket) if request.method == "POST" else {}
            visit = Visit(request, person, ticket, form)
            answer = await run_in_threadpool(handler, console, visit)
        except WeirError as error:
            answer = error_page(console, request, error)
        if is_new and request.method == "GET":
            set_cookie(console, answer, ticket)
        return answer

    return Route(path, endpoint, methods=list(methods))


def is_for_program(request: Request) -> bool:
    """Whether a program asks: `?format=json`, or by its `Accept`."""
    return request.query_params.get("format") == "json" or request.headers.get("accept", "") == "application/json"


def set_cookie(console: Console, answer: Response, ticket: Ticket) -> None:
    """Sets the browser's cookie to its ticket."""
    answer.set_cookie(
        COOKIE,
        console.door.tickets.cookie(ticket),
        httponly=True,
        samesite="lax",
        secure=console.settings.console_https,
        path="/",
    )


def render(console: Console, visit: Visit | None, template: str, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401 -- whatever the template shows
    """The page of a template."""
    person = visit.person if visit is not None else None
    text = _templates.get_template(template).render(
        console=console,
        person=person,
        may=person.may if person is not None else lambda _: False,
        token=console.door.tickets.form_token(visit.ticket) if visit is not None else "",
        now_s=console.clock(),
        progress=console.follower.progress,
        here=visit.request.url.path if visit is not None else "",
        new_id=new_action_id,
        **values,
    )
    return HTMLResponse(text, status)


def new_action_id() -> str:
    """An id for an action that a form may send: the same form sent twice is one action."""
    return secrets.token_hex(16)


def action_id_of(form: Mapping[str, str]) -> str:
    """The id of a form's action, which the page chose.

    Raises:
        UsageError: the id is not one that a page chose.
    """
    value = form.get("action", "")
    if len(value) != 32 or not all(char in "0123456789abcdef" for char in value):  # noqa: PLR2004 -- 16 bytes
        raise UsageError("The form has no id of an action.", "Load the page again.")
    return value


def as_json(value: object, name: str = "") -> Response:
    """A value as JSON; with a name, as a file to save."""
    headers = {"content-disposition": f'attachment; filename="{name}"'} if name else {}
    return Response(msgspec.json.encode(value, enc_hook=str), media_type="application/json", headers=headers)


def as_csv(rows: Iterable[Sequence[object]], name: str) -> Response:
    """Rows as a CSV file; values that a spreadsheet would read as formulas are marked as text."""
    file = io.StringIO()
    writer = csv.writer(file)
    for row in rows:
        writer.writerow([csv_cell(value) for value in row])
    return Response(
        file.getvalue().encode(),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def csv_cell(value: object) -> object:
    """A value that no spreadsheet reads as a formula (OWASP, "CSV Injection")."""
    if not isinstance(value, str):
        return value
    return f"'{value}" if value.startswith(_FORMULA) else value


def see_other(path: str, **query: str) -> Response:
    """Redirects to another page of the console after a form."""
    return RedirectResponse(f"{path}?{urlencode(query)}" if query else path, 303)


def own_path(address: str) -> str:
    """The path of an address that a browser sent; the front page if the address is of another site."""
    try:
        parts = urlsplit(address)
    except ValueError:  # such as half an IPv6 address
        return "/"
    is_own = (
        not parts.scheme and not parts.netloc and parts.path.startswith("/") and not address.startswith(("//", "/\\"))
    )
    return address if is_own and address.isprintable() and "\\" not in address else "/"


def error_page(console: Console, request: Request, error: WeirError) -> Response:
    """An error as a page with its hint."""
    status = 500
    for kind, code in ((ForbiddenError, 403), (StoreMissingError, 503), (UsageError, 400), (WorkError, 503)):
        if isinstance(error, kind):
            status = code
            break
    if is_for_program(request):
        answer = as_json({"error": error.message, "hint": error.hint})
        answer.status_code = status
        return answer
    is_waiting = isinstance(error, StoreMissingError)
    return render(console, None, "error.html", status, title=error.message, hint=error.hint, is_waiting=is_waiting)


def _check_role(person: Person, action: str) -> None:
    if not person.may(action):
        raise ForbiddenError(
            f"The role {person.role} may not do this: it takes the role {MAY[action]}.",
            "Ask an operator of this console.",
        )


async def _own_form(console: Console, request: Request, ticket: Ticket) -> Mapping[str, str]:
    """The form of a request.

    Raises:
        ForbiddenError: a page of another site or of another browser sent the form.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise ForbiddenError("Another site sent this form.", "Open the console itself, and try again there.")
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise ForbiddenError("Another site sent this form.", "Open the console itself, and try again there.")
    async with request.form(max_files=0, max_fields=MOST_FIELDS) as form:
        found = {name: value for name, value in form.items() if isinstance(value, str)}
    if not console.door.tickets.is_own_form(ticket, found.get("token", "")):
        raise ForbiddenError(
            "The form is not this browser's, or it is from before a log-in.", "Load the page again, and try again."
        )
    # A multipart form names its encoding, and some encodings give unpaired surrogates, which can't be stored.
    return {name: value[:4_096].encode(errors="replace").decode() for name, value in found.items()}


def _to_log_in(request: Request) -> Response:
    if request.method != "GET" or is_for_program(request):
        return Response("Log in first.\n", 401, media_type="text/plain")
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return see_other("/log-in", next=wanted)


def whole_number(text: str) -> int | None:
    """A number in a query; None if the text is not a number, or is longer than any number of the console."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None


def clean(text: str) -> str:
    """A person's input on one line, without control characters."""
    return " ".join(inert(text).split())
