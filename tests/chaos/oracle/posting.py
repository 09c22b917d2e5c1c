"""What a session posts.

Silences: a path is compared without scheme, host, query, fragment, parameters and closing slashes, in lower case. POSTs
to more than 32 paths count for the first 32. The 4 newest loads by time are remembered, and the 4 newest POSTs; of
equal times the one folded later is newer. A POST is looked at before it can push another out, as is a load. A merge
takes over the other's POSTs first, then its loads.
"""

from __future__ import annotations

import re
from bisect import insort_right
from typing import Any, NamedTuple

from tests.chaos.oracle.moments import seconds_of
from tests.chaos.oracle.reading import Fields

MAX_PATHS, MAX_LOADS, MAX_WAITING = 32, 4, 4
QUICK = 2_000_000
SUFFIXES = ("", ".php", ".asp", ".aspx", ".jsp", ".htm", ".html", ".do", ".action", ".cgi")
PAGES = frozenset(
    name + suffix
    for name in ("login", "log-in", "log_in", "signin", "sign-in", "sign_in", "wp-login")
    for suffix in SUFFIXES
) | {"j_security_check", "administrator"}
FORMS = frozenset(
    name + suffix
    for suffix in SUFFIXES
    for name in (
        *("wp-comments-post", "comment", "comments", "contact", "contactus", "contact-us", "contact_us"),
        *(f"{what}{comments}" for what in ("-", "add", "post", "new") for comments in ("comment", "comments")),
        *(f"{what}-{comments}" for what in ("add", "post", "new") for comments in ("comment", "comments")),
        *("contactform", "contact-form", "contact_form", "guestbook", "guest-book", "register", "registration"),
        *("signup", "sign-up", "feedback", "posting"),
        *(f"new{dash}{what}" for dash in ("", "-") for what in ("reply", "thread", "topic", "post")),
    )
)


class Post(NamedTuple):
    """A POST, and whether a load has made it a quick one."""

    moment: int
    paths: frozenset[str]
    is_quick: bool = False


class Posting:
    """Logins, forms and POSTs of a session."""

    def __init__(self) -> None:
        self.attempts = self.failures = self.forms = self.quick = 0
        self.soonest: int | None = None
        self.paths: dict[str, int] = {}
        self.loads: list[tuple[int, str]] = []
        self.waiting: list[Post] = []

    def fold(self, event: Fields, moment: int) -> None:
        """Adds an event."""
        path = None if event["url"] is None else plain_path(event["url"])
        is_post = event["method"] == "POST"
        if event["type"] == "login" or (is_post and path is not None and (is_page(path) or is_interface(path))):
            self.attempts += 1
            shows_form = is_post and path is not None and is_page(path) and not is_interface(path)
            self.failures += event["status"] in (401, 403, 422) or (shows_form and event["status"] == 200)
        if path is None:
            return
        if is_post:
            paths = {path}
            self._count(path, 1)
            if FORMS & set(path.split("/")[1:]):
                self.forms += 1
                if event["referrer"]:
                    paths.add(plain_path(event["referrer"]))
            self._wait(Post(moment, frozenset(paths)))
        elif event["type"] == "page_view" and event["method"] in (None, "GET"):
            self._load(moment, path)

    def absorb(self, other: Posting) -> None:
        """Adds another session's."""
        self.attempts += other.attempts
        self.failures += other.failures
        self.forms += other.forms
        self.quick += other.quick
        if other.soonest is not None:
            self._note(other.soonest)
        for path, count in other.paths.items():
            self._count(path, count)
        for post in other.waiting:
            self._wait(post)
        for moment, path in other.loads:
            self._load(moment, path)

    def record(self) -> dict[str, object]:
        """Its part of the session's record."""
        return {
            "login_attempts": self.attempts,
            "login_failures": self.failures,
            "form_posts": self.forms,
            "posts_to_one_url": max(self.paths.values(), default=0),
            "quick_posts": self.quick,
            "quickest_post_s": None if self.soonest is None else seconds_of(self.soonest),
        }

    def _count(self, path: str, by: int) -> None:
        if path in self.paths or len(self.paths) < MAX_PATHS:
            self.paths[path] = self.paths.get(path, 0) + by

    def _wait(self, post: Post) -> None:
        for moment, path in self.loads:
            post = self._compared(moment, path, post)
        insort_right(self.waiting, post, key=_moment)
        self.waiting = self.waiting[-MAX_WAITING:]

    def _load(self, moment: int, path: str) -> None:
        self.waiting = [self._compared(moment, path, post) for post in self.waiting]
        insort_right(self.loads, (moment, path), key=_moment)
        self.loads = self.loads[-MAX_LOADS:]

    def _compared(self, moment: int, path: str, post: Post) -> Post:
        if path not in post.paths or moment > post.moment:
            return post
        self._note(post.moment - moment)
        if post.is_quick or post.moment > moment + QUICK:
            return post
        self.quick += 1
        return post._replace(is_quick=True)

    def _note(self, after: int) -> None:
        self.soonest = after if self.soonest is None else min(self.soonest, after)


def plain_path(url: str) -> str:
    """A URL's path as it is compared."""
    url = url.split("#", 1)[0].split("?", 1)[0].split(";", 1)[0]
    with_host = re.match(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//", url)
    if with_host:
        _, slash, rest = url[with_host.end() :].partition("/")
        url = slash + rest
    return url.lower().rstrip("/")


def is_page(path: str) -> bool:
    """Whether a person logs in there, or a program that takes its place."""
    return "/" in path and (path.rsplit("/", 1)[1] in PAGES or path.endswith("/administrator/index.php"))


def is_interface(path: str) -> bool:
    """Whether it is a program's way to log in: an answer of 200 says nothing against it."""
    if "/" not in path:
        return False
    *folders, last = path.split("/")
    is_called = any(folder in ("api", "rest") or re.fullmatch("v[0-9]+", folder) for folder in folders)
    return (is_called and is_page(path)) or last in ("auth", "session", "sessions", "xmlrpc.php")


def _moment(one: tuple[Any, ...]) -> int:
    return int(one[0])
