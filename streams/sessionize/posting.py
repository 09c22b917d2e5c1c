"""POSTs of a session: logins, forms, and the time between the load of a page and the POST from it.

All measures use event time, so the order of arrival changes nothing as long as the load and the POST are both stored.
Counts of a merged session are sums, and the stored loads and POSTs of both sessions are compared once more.
"""

from __future__ import annotations

from bisect import insort_right
from operator import attrgetter

from streams.sessionize import caps
from streams.sessionize.open_session import OpenSession
from streams.sessionize.paths import PathInfo, path_info
from streams.sessionize.state import PageLoad, Posting, RecentPost
from weir.contracts.fast import FastEvent

QUICK_S = 2.0
"""A POST at most this long after the load of its page is quick: a person can't read and fill in a form in this time."""
FAILED = frozenset({401, 403, 422})
"""Statuses of a failed login; Rails answers 422 with the form."""
_HALF_MICROSECOND = 5e-7
"""Times are exact to the microsecond, doubles of this size to a quarter of it."""
_OK = 200
_by_time = attrgetter("ts")


def fold_posting(session: OpenSession, event: FastEvent, ts: float, info: PathInfo | None) -> None:
    """Adds an event to the session's loads or POSTs; `info` are the facts of its URL, if it has one."""
    method = event.method
    if method == "POST":
        _fold_post(session, event, ts, info)
    elif event.type == "login":
        _fold_login(session, event.status, is_page=False)
    elif info is not None and event.type == "page_view" and (method is None or method == "GET"):
        _fold_load(session, PageLoad(ts, info.hashed))


def merge_posting(first: OpenSession, other: OpenSession) -> None:
    """Adds the loads and POSTs of `other` to `first`."""
    theirs = other.posting
    if theirs is not None:
        ours = _posting(first)
        ours.logins += theirs.logins
        ours.logins_failed += theirs.logins_failed
        ours.form_posts += theirs.form_posts
        ours.quick_posts += theirs.quick_posts
        if theirs.quickest_s >= 0.0 and not 0.0 <= ours.quickest_s <= theirs.quickest_s:
            ours.quickest_s = theirs.quickest_s
        for path, count in theirs.paths.items():
            _count_path(ours, path, count)
        for post in theirs.recent:
            _await_load(first, ours, post)
    for load in other.loads or ():
        _fold_load(first, load)


def _posting(session: OpenSession) -> Posting:
    if session.posting is None:
        session.posting = Posting(paths={}, recent=[])
    return session.posting


def _fold_post(session: OpenSession, event: FastEvent, ts: float, info: PathInfo | None) -> None:
    if info is None:
        if event.type == "login":
            _fold_login(session, event.status, is_page=False)
        return
    if info.is_login or event.type == "login":
        _fold_login(session, event.status, is_page=info.is_login_page)
    posting = _posting(session)
    _count_path(posting, info.hashed, 1)
    referrer = 0
    if info.is_form:
        posting.form_posts += 1
        if event.referrer:
            referrer = path_info(event.referrer).hashed
    _await_load(session, posting, RecentPost(ts, info.hashed, referrer))


def _fold_login(session: OpenSession, status: int | None, *, is_page: bool) -> None:
    posting = _posting(session)
    posting.logins += 1
    if status in FAILED or (is_page and status == _OK):
        posting.logins_failed += 1


def _count_path(posting: Posting, path: int, by: int) -> None:
    paths = posting.paths
    if path in paths or len(paths) < caps.POSTED_PATHS:
        paths[path] = paths.get(path, 0) + by


def _await_load(session: OpenSession, posting: Posting, post: RecentPost) -> None:
    """Compares a POST with the stored loads, and stores it for loads that arrive later."""
    for load in session.loads or ():
        _compare(posting, load, post)
    insort_right(posting.recent, post, key=_by_time)
    if len(posting.recent) > caps.RECENT_POSTS:
        del posting.recent[0]


def _fold_load(session: OpenSession, load: PageLoad) -> None:
    loads = session.loads
    if loads is None:
        session.loads = [load]
    else:
        if load.ts >= loads[-1].ts:
            loads.append(load)
        else:
            insort_right(loads, load, key=_by_time)
        if len(loads) > caps.LOADS:
            del loads[0]
    posting = session.posting
    if posting is not None:
        for post in posting.recent:
            _compare(posting, load, post)


def _compare(posting: Posting, load: PageLoad, post: RecentPost) -> None:
    """Measures the time between a load and a POST if the load is that of the POST's page."""
    after_s = post.ts - load.ts
    if after_s < 0.0 or load.path not in (post.path, post.referrer):
        return
    if posting.quickest_s < 0.0 or after_s < posting.quickest_s:
        posting.quickest_s = after_s
    if not post.is_quick and after_s <= QUICK_S + _HALF_MICROSECOND:
        post.is_quick = True
        posting.quick_posts += 1
