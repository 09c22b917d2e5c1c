"""Logging in and out, and the one-time link for the person who started the console on this machine."""

from __future__ import annotations

import asyncio

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from weir.console.access.door import LINK
from weir.console.access.tickets import Ticket, stamp_of
from weir.console.access.users import LONGEST_NAME
from weir.console.context import Console
from weir.console.pages.shared import COOKIE, error_page, own_path, render, see_other, set_cookie
from weir.errors import UsageError

_AT_ONCE = 2
"""Passwords that are checked at once: each takes 64 MiB and a core for a moment."""
_checking = asyncio.Semaphore(_AT_ONCE)


async def log_in_page(request: Request) -> Response:
    """The form; without users, the front page."""
    console: Console = request.app.state.console
    if console.door.users is None:
        return _nobody_logs_in(console, request)
    return _form(console, request, own_path(request.query_params.get("next", "/")))


async def log_in(request: Request) -> Response:
    """A name and a password."""
    console: Console = request.app.state.console
    if console.door.users is None:
        return _nobody_logs_in(console, request)
    ticket = console.door.tickets.read(request.cookies.get(COOKIE))
    async with request.form(max_files=0, max_fields=8) as form:
        name, password, wanted, token = (
            str(form.get(field, "")).encode(errors="replace").decode()
            for field in ("name", "password", "next", "token")
        )
    wanted = own_path(wanted or "/")
    if ticket is None or not console.door.tickets.is_own_form(ticket, token):
        return _form(console, request, wanted, "The form was from before. Try again.", 400)
    address = request.client.host if request.client else ""
    keys = (f"name {name[: LONGEST_NAME + 1]}", f"address {address}")
    wait_s = console.attempts.wait_s(keys, console.clock())
    if wait_s > 0:
        answer = _form(console, request, wanted, f"Too many tries. Wait {wait_s:.0f} s.", 429)
        answer.headers["retry-after"] = str(max(1, round(wait_s)))
        return answer
    # It counts before it is checked, so that many tries at once get no more checks than one by one.
    console.attempts.fail(keys, console.clock())
    async with _checking:
        user = await run_in_threadpool(console.door.users.log_in, name, password)
    if user is None:
        return _form(console, request, wanted, "That name and password don't go together.", 401)
    console.attempts.succeed(keys)
    done = RedirectResponse(wanted, 303)
    set_cookie(console, done, console.door.tickets.new(user.name, stamp_of(user.hash)))
    return done


async def log_out(request: Request) -> Response:
    """Ends the browser's session."""
    console: Console = request.app.state.console
    ticket = console.door.tickets.read(request.cookies.get(COOKIE))
    async with request.form(max_files=0, max_fields=8) as form:
        token = str(form.get("token", ""))
    done = see_other("/")
    if ticket is not None and console.door.tickets.is_own_form(ticket, token):
        done.delete_cookie(COOKIE, path="/")
    return done


async def enter(request: Request) -> Response:
    """The one-time link: lets this browser in as operator."""
    console: Console = request.app.state.console
    if console.door.is_open and console.door.tickets.use_link(request.path_params["link"]):
        done = see_other("/")
        set_cookie(console, done, console.door.tickets.new(console.door.local_name, LINK))
        return done
    ticket = console.door.tickets.read(request.cookies.get(COOKIE))
    if ticket is not None and ticket.stamp == LINK:
        return see_other("/")
    return error_page(
        console,
        request,
        UsageError(
            "This link was used already, or is of another start of the console.",
            "Start the console again: it prints a new one.",
        ),
    )


def _form(console: Console, request: Request, wanted: str, problem: str = "", status: int = 200) -> Response:
    ticket = console.door.tickets.read(request.cookies.get(COOKIE))
    is_new = ticket is None
    ticket = ticket or Ticket(console.door.tickets.new().browser, "", "")
    token = console.door.tickets.form_token(ticket)
    answer = render(console, None, "log_in.html", status, wanted=wanted, problem=problem, form_token=token)
    if is_new:
        set_cookie(console, answer, ticket)
    return answer


def _nobody_logs_in(console: Console, request: Request) -> Response:
    if console.door.is_open:
        return see_other("/")
    return error_page(
        console,
        request,
        UsageError("This console accepts log-ins only from its proxy.", "Open the console through that proxy."),
    )


ROUTES: tuple[BaseRoute, ...] = (
    Route("/log-in", log_in_page, methods=["GET"]),
    Route("/log-in", log_in, methods=["POST"]),
    Route("/log-out", log_out, methods=["POST"]),
    Route("/enter/{link}", enter, methods=["GET"]),
)
