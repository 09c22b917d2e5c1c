"""What a session posts: logins tried, forms filled in, and how soon after the load of their page.

All of it goes by event time, so that the order of arrival changes nothing, as long as no more loads and POSTs lie
between than are remembered. Counts of a merged session are the sums; what is remembered of both is compared once more.
"""

from __future__ import annotations

import re
from bisect import insort_right
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from xxhash import xxh32_intdigest

from streams.sessionize import caps
from streams.sessionize.state import OpenSession, PageLoad, Posting, RecentPost
from weir.contracts.fast import FastEvent

QUICK_S = 2.0
"""A POST this soon after its page was loaded is quick: nobody reads and fills in a form in this time."""
FAILED = frozenset({401, 403, 422})
"""Statuses that refuse a login; 422 is how Rails shows the form once more."""
_HALF_MICROSECOND = 5e-7
"""Times are exact to the microsecond, doubles of this size to a quarter of it."""
_OK = 200
_EXTENSION = r"(\.(php|aspx?|jsp|html?|do|action|cgi))?"
_LOGIN_PAGE = re.compile(
    rf"/((log|sign)[-_]?in|wp-login){_EXTENSION}$|/j_security_check$|/administrator(/index\.php)?$", re.ASCII
)
_LOGIN_API = re.compile(r"/(auth|sessions?)$|/xmlrpc\.php$", re.ASCII)
_API = re.compile(r"(^|/)(api|rest|v[0-9]+)/", re.ASCII)
_FORM = re.compile(
    r"/(wp-comments-post|((add|post|new)?-?)comments?|contact([-_]?(us|form))?|guest-?book|regist(er|ration)|sign-?up"
    rf"|feedback|posting|new-?(reply|thread|topic|post)){_EXTENSION}(/|$)",
    re.ASCII,
)
_ORIGIN = re.compile(r"^([a-z][a-z0-9+.-]*:)?//[^/]*", re.IGNORECASE)
_CACHED = 16_384
_LONGEST_CACHED = 512
_by_time = attrgetter("ts")


class PathInfo(NamedTuple):
    """What a path says of a POST to it."""

    hashed: int
    is_login: bool
    is_login_page: bool
    """An answer of 200 shows the login form once more."""
    is_form: bool


def path_info(url: str) -> PathInfo:
    """What a URL's path says: without host, query, parameters and closing slash, in lower case."""
    path = url
    if "#" in path:
        path = path.partition("#")[0]
    if "?" in path:
        path = path.partition("?")[0]
    return _cached_info(path) if len(path) <= _LONGEST_CACHED else _info(path)


def fold_posting(session: OpenSession, event: FastEvent, ts: float) -> None:
    """Adds the event, which happened at `ts`, to what the session loads and posts."""
    method, url = event.method, event.url
    if method == "POST":
        _fold_post(session, event, ts)
    elif event.type == "login":
        _fold_login(session, event.status, is_page=False)
    elif url is not None and event.type == "page_view" and (method is None or method == "GET"):
        _fold_load(session, PageLoad(ts, path_info(url).hashed))


def merge_posting(first: OpenSession, other: OpenSession) -> None:
    """Adds what `other` loaded and posted to `first`."""
    theirs = other.posting
    if theirs is not None:
        ours = _posting(first)
        ours.logins += theirs.logins
        ours.logins_failed += theirs.logins_failed
        ours.form_posts += theirs.form_posts
        ours.quick_posts += theirs.quick_posts
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


def _fold_post(session: OpenSession, event: FastEvent, ts: float) -> None:
    if event.url is None:
        if event.type == "login":
            _fold_login(session, event.status, is_page=False)
        return
    info = path_info(event.url)
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
    """Counts a POST whose page's load is known as quick; otherwise the POST waits for the load."""
    if any(_is_quick(load, post) for load in session.loads or ()):
        posting.quick_posts += 1
        return
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
    if posting is not None and posting.recent:
        waiting = [post for post in posting.recent if not _is_quick(load, post)]
        posting.quick_posts += len(posting.recent) - len(waiting)
        posting.recent = waiting


def _is_quick(load: PageLoad, post: RecentPost) -> bool:
    return load.path in (post.path, post.referrer) and 0.0 <= post.ts - load.ts <= QUICK_S + _HALF_MICROSECOND


def _info(path: str) -> PathInfo:
    path = _ORIGIN.sub("", path.partition(";")[0]).lower().rstrip("/")
    is_page = _LOGIN_PAGE.search(path) is not None
    return PathInfo(
        # 0 stands for no path.
        hashed=xxh32_intdigest(path.encode()) or 1,
        is_login=is_page or _LOGIN_API.search(path) is not None,
        is_login_page=is_page and _API.search(path) is None,
        is_form=_FORM.search(path) is not None,
    )


_cached_info = lru_cache(_CACHED)(_info)
