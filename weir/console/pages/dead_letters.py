"""Dead letters: reasons, producers, what to do, and replaying them."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from streams.produce.dead_letters import DeadLetterFilter
from streams.produce.resend import DeadLetterResend, ReplayPlan, ResendRequest, plan
from streams.produce.run import check_topics_for_producing
from weir.console.context import Console
from weir.console.pages.shared import Visit, action_id_of, as_json, clean, new_action_id, page, render, see_other
from weir.console.pages.writing import check_current, write
from weir.console.store.dead_letters import MOST_SHOWN, by_producer, by_reason, newest
from weir.contracts import Action
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.errors import UsageError
from weir.topics import DEAD_LETTER, EVENTS, REPLAYS

MOST_WHY_CHARACTERS = 500


def dead_letters(console: Console, visit: Visit) -> Response:
    """By reason and by producer, and the newest."""
    return _shown(console, visit)


def replay(console: Console, visit: Visit) -> Response:
    """Shows what a replay would send; on confirmation with a reason, sends the dead letters and writes the action.

    The transaction that sends a dead letter also records that it was sent, so a form that is submitted twice sends
    nothing twice. The action is written after the sending; if that fails, the same form, sent again, writes it.

    Raises:
        UsageError: the form is not one of this page.
        WeirError: the dead letters could not be sent, or the action could not be written.
    """
    form = visit.form
    reason = _reason(form.get("reason", ""))
    is_dry = form.get("step") != "send"
    until_s = console.clock() if is_dry else _moment(form.get("until", ""))
    request = ResendRequest(DeadLetterFilter([reason] if reason else (), until_s=until_s))
    # Checked before the sending: without the action there would be no record of the person who sent them.
    chosen = "" if is_dry else action_id_of(form)
    why = clean(form.get("why", ""))[:MOST_WHY_CHARACTERS]
    if not is_dry:
        check_current(console)
        if not why:
            raise UsageError("The reason for the replay is missing.", "Go back, and fill in the field.")
    check_topics_for_producing(console.settings, (EVENTS, DEAD_LETTER, REPLAYS))
    planned = plan(console.settings, request)
    if is_dry:
        if visit.wants_json:
            return as_json(planned.summary(0))
        return _shown(console, visit, reason=reason, planned=planned, until=repr(until_s))
    sent = DeadLetterResend(console.settings, request, planned).run() if planned.to_send else 0
    details = planned.summary(sent) | {"reason": reason or None, "until": until_s}
    write(
        console,
        Action(
            action_id=chosen,
            at=console.clock(),
            who=visit.person.name,
            kind="replay_dead_letters",
            why=why,
            details=details,
        ),
    )
    if visit.wants_json:
        return as_json({"done": chosen, **planned.summary(sent)})
    return see_other("/dead-letters", reason=reason, sent=str(sent))


def _shown(
    console: Console, visit: Visit, *, reason: str | None = None, planned: ReplayPlan | None = None, until: str = ""
) -> Response:
    query = visit.query
    wanted = query.get("reason", "") if reason is None else reason
    producer = query.get("producer", "")
    before = query.get("before", "")
    rows = newest(console.store, wanted, producer, _moment(before) if before else None)
    reasons = by_reason(console.store)
    if visit.wants_json:
        return as_json(
            {
                "by_reason": [
                    {"reason": one.reason, "number": one.number, "meaning": one.meaning, "advice": one.advice}
                    for one in reasons
                ],
                "by_producer": [dict(row) for row in by_producer(console.store)],
                "newest": [
                    {key: row[key] for key in row.keys() if key != "head"}  # noqa: SIM118 -- sqlite3.Row iterates over values
                    for row in rows[:MOST_SHOWN]
                ],
            }
        )
    values: dict[str, Any] = {"planned": planned, "until": until, "action_id": new_action_id()}
    return render(
        console,
        visit,
        "dead_letters.html",
        reasons=reasons,
        known=sorted(code.value for code in DeadLetterReason),
        producers=by_producer(console.store),
        rows=rows[:MOST_SHOWN],
        older=repr(rows[MOST_SHOWN - 1]["told_s"]) if len(rows) > MOST_SHOWN else "",
        wanted=wanted,
        producer=producer,
        sent=_number(query.get("sent", "")),
        command=f"weir dead-letters replay{f' --reason {wanted}' if wanted in set(DeadLetterReason) else ''}",
        **values,
    )


def _reason(value: str) -> str:
    if value and value not in set(DeadLetterReason):
        raise UsageError(
            "The reason is unknown.", f"Choose one of {', '.join(sorted(code.value for code in DeadLetterReason))}."
        )
    return value


def _moment(value: str) -> float:
    try:
        at_s = float(value)
    except ValueError:
        at_s = -1.0
    if not 0 <= at_s < 1e11:  # noqa: PLR2004 -- seconds, in the year 5138
        raise UsageError("The form's time is invalid.", "Load the page again.")
    return at_s


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 12 else None  # noqa: PLR2004 -- digits


ROUTES: tuple[BaseRoute, ...] = (
    page("/dead-letters", dead_letters),
    page("/dead-letters/replay", replay, "replay_dead_letters", methods=("POST",)),
)
