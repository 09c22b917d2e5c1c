"""Records as text: one line each, without control characters."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from streams.dead_letter import dead_letter_line
from weir.cli.output import clock_time
from weir.contracts import Action, Answers, Event, Flag, Label, Limit, Review, Score, Session
from weir.contracts.fast import decoder
from weir.kafka.records import LogRecord
from weir.times import BadTimeError, to_epoch_s
from weir.topics import ACTIONS, ANSWERS, DEAD_LETTER, EVENTS, FLAGS, LABELS, LATE, LIMITS, REVIEWS, SCORES, SESSIONS

MAX_TEXT = 80

_action = decoder(Action)
_answers = decoder(Answers)
_flag = decoder(Flag)
_limit = decoder(Limit)
_review = decoder(Review)
_session = decoder(Session)
_event = decoder(Event)
_label = decoder(Label)
_score = decoder(Score)


def line_of(topic: str, record: LogRecord) -> str:
    """A record of the topic with this name (without prefix) as one line of text."""
    try:
        return printable(_LINES[topic](record))
    except (msgspec.DecodeError, UnicodeDecodeError, BadTimeError):
        return f"{_arrived(record)}  not readable, {len(record.value or b'')} bytes (--json shows them)"


def json_line(topic: str, record: LogRecord) -> str:
    """A record of the topic with this name (without prefix) as one line of JSON; unreadable bytes are base64."""
    if topic == DEAD_LETTER.name:
        return dead_letter_line(record.key, record.value, record.headers).decode()
    value = record.value or b"null"
    try:
        msgspec.json.decode(value)
        if b"\n" in value or b"\r" in value:
            # JSON of a producer may have line breaks between its tokens.
            value = msgspec.json.format(value, indent=-1)
        return value.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.json.encode({"base64": value}).decode()


def printable(text: str) -> str:
    """The text with control characters replaced by a replacement sign."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def shortened(text: str | None, at_most: int = MAX_TEXT) -> str:
    """The beginning of the text."""
    text = text or ""
    return text if len(text) <= at_most else f"{text[: at_most - 1]}…"


def text_headers(record: LogRecord) -> dict[str, str]:
    """The record's headers as strings."""
    return {name: value.decode(errors="replace") for name, value in record.headers}


def _arrived(record: LogRecord) -> str:
    return clock_time(record.timestamp / 1000)


def _flag_line(record: LogRecord) -> str:
    flag = _flag(record.value or b"")
    score = "" if flag.score is None else f"  score {flag.score:.2f}"
    why = "; ".join(reason.text for reason in flag.reasons[:3])
    subject = f"{shortened(flag.visitor_id, 36)}  session {flag.session_id} r{flag.revision}"
    return f"{clock_time(flag.ts)}  {flag.verdict:<8} {flag.stage:<13} {subject}{score}  {shortened(why, 2 * MAX_TEXT)}"


def _limit_line(record: LogRecord) -> str:
    limit = _limit(record.value or b"")
    spent = f"{limit.observed:g} in {limit.window_s:g} s"
    until = f"until {clock_time(limit.until)}, retry after {limit.retry_after_s:g} s"
    return f"{limit.kind:<8} {shortened(limit.subject, 36)}  {limit.limit}  {spent}  {until}"


def _review_line(record: LogRecord) -> str:
    review = _review(record.value or b"")
    score = "" if review.score is None else f"  score {review.score:.2f}"
    why = "; ".join(reason.text for reason in review.reasons[:3])
    subject = f"{shortened(review.visitor_id, 36)}  session {review.session_id}"
    return f"{clock_time(review.ts)}  {review.why:<8} {subject}{score}  {shortened(why, 2 * MAX_TEXT)}"


def _answers_line(record: LogRecord) -> str:
    answers = _answers(record.value or b"")
    in_force = [
        f"{one.verdict} until {clock_time(one.until)}: {shortened(one.source, 36)} answered {one.label}"
        for one in answers.answers[-3:]
    ]
    subject = shortened(answers.visitor_id, 36)
    return f"{_arrived(record)}  {subject}  {'; '.join(in_force) or 'no answer in force'}"


def _session_line(record: LogRecord) -> str:
    session = _session(record.value or b"")
    state = "open"
    if session.final:
        state = "merged" if session.merged_into else "split" if session.split else "final"
    kinds = ", ".join(f"{count} {kind}" for kind, count in session.counts.items())
    subject = f"{shortened(session.visitor_id, 36)}  session {session.session_id} r{session.revision}"
    lasted = f"{session.duration_s:.0f} s"
    return f"{clock_time(session.start)}  {state:<6} {subject}  {session.events} events in {lasted}: {shortened(kinds)}"


def _dead_letter_line(record: LogRecord) -> str:
    headers = text_headers(record)
    where = "/".join(headers.get(name) or "?" for name in ("topic", "partition", "offset"))
    letter = f"letter {record.partition}:{record.offset}"
    size = f"{len(record.value or b'')} bytes"
    return (
        f"{_arrived(record)}  {headers.get('reason', '?'):<15} {where}  {size}  {letter}  {headers.get('detail', '')}"
    )


def _late_line(record: LogRecord) -> str:
    event = _event(record.value or b"")
    what = f"{event.type}  {shortened(event.url)}"
    return f"{clock_time(to_epoch_s(event.ts))}  {shortened(event.visitor_id, 36)}  {what}"


def _event_line(record: LogRecord) -> str:
    event = _event(record.value or b"")
    texts = "  ".join(shortened(text) for text in (event.url, event.query, event.title, event.text) if text)
    subject = f"{shortened(event.visitor_id, 36)}  event {shortened(event.event_id, 36)}"
    return f"{clock_time(to_epoch_s(event.ts))}  {shortened(event.type, 16):<12} {subject}  {texts}"


def _score_line(record: LogRecord) -> str:
    score = _score(record.value or b"")
    value = "no score" if score.score is None else f"score {score.score:.2f}"
    model = "" if score.model is None else f" by {shortened(f'{score.model.id} {score.model.version}', 36)}"
    role = "" if score.champion or score.score is None else " (a candidate's)"
    verdict = f"{score.verdict or 'no verdict'} by {score.stage or 'no stage'}"
    rules = f"  {shortened(', '.join(score.rules), 2 * MAX_TEXT)}" if score.rules else ""
    return (
        f"{clock_time(score.ts)}  session {score.session_id} r{score.revision}  {value}{model}{role}  {verdict}{rules}"
    )


def _label_line(record: LogRecord) -> str:
    label = _label(record.value or b"")
    about = f"session {label.session_id}" if label.session_id else "the visitor"
    kind = f" ({shortened(label.category, 36)})" if label.category else ""
    return f"{clock_time(label.ts)}  {label.label}{kind}  {about}  by {shortened(label.source, 36)}"


def _action_line(record: LogRecord) -> str:
    action = _action(record.value or b"")
    label = f" {action.label}" if action.label else ""
    about = f"session {action.session_id}" if action.session_id else "no session"
    author = f"by {shortened(action.who, 36)}"
    return f"{clock_time(action.at)}  {action.kind}{label}  {about}  {author}  {shortened(action.why)}"


_LINES: Mapping[str, Callable[[LogRecord], str]] = {
    FLAGS.name: _flag_line,
    LIMITS.name: _limit_line,
    REVIEWS.name: _review_line,
    SESSIONS.name: _session_line,
    ANSWERS.name: _answers_line,
    DEAD_LETTER.name: _dead_letter_line,
    LATE.name: _late_line,
    EVENTS.name: _event_line,
    SCORES.name: _score_line,
    LABELS.name: _label_line,
    ACTIONS.name: _action_line,
}
TOPICS = tuple(topic.name for topic in (FLAGS, LIMITS, REVIEWS, SESSIONS, ANSWERS, DEAD_LETTER, LATE))
"""Names of the topics that can be followed."""
