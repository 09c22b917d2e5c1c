"""What a session posts.

Silences: a path is compared without scheme, host, query, fragment, parameters and closing slashes, in lower case. POSTs
to more than 32 paths count for the first 32. The 4 newest loads by time are remembered, and the 4 newest POSTs that no
load explains yet; of equal times the one folded later is newer. A POST is looked at before it can push another out, as
is a load. A merge takes over the other's POSTs first, then its loads.
"""

from __future__ import annotations

import re
from bisect import insort_right
from typing import NamedTuple

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
    """A POST that no load explains yet."""

    moment: int
    paths: frozenset[str]


class Posting:
    """Logins, forms and POSTs of a session."""

    def __init__(self) -> None:
        self.attempts = self.failures = self.forms = self.quick = 0
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
        for path, count in other.paths.items():
            self._count(path, count)
        for post in other.waiting:
            self._wait(post)
        for moment, path in other.loads:
            self._load(moment, path)

    def record(self) -> dict[str, int]:
        """Its part of the session's record."""
        return {
            "login_attempts": self.attempts,
            "login_failures": self.failures,
            "form_posts": self.forms,
            "posts_to_one_url": max(self.paths.values(), default=0),
            "quick_posts": self.quick,
        }

    def _count(self, path: str, by: int) -> None:
        if path in self.paths or len(self.paths) < MAX_PATHS:
            self.paths[path] = self.paths.get(path, 0) + by

    def _wait(self, post: Post) -> None:
        if any(explains(moment, path, post) for moment, path in self.loads):
            self.quick += 1
        else:
            insort_right(self.waiting, post, key=_moment)
            self.waiting = self.waiting[-MAX_WAITING:]

    def _load(self, moment: int, path: str) -> None:
        still = [post for post in self.waiting if not explains(moment, path, post)]
        self.quick += len(self.waiting) - len(still)
        self.waiting = still
        insort_right(self.loads, (moment, path), key=_moment)
        self.loads = self.loads[-MAX_LOADS:]


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


def explains(moment: int, path: str, post: Post) -> bool:
    """Whether a load makes a POST a quick one."""
    return path in post.paths and moment <= post.moment <= moment + QUICK


def _moment(one: tuple[int, object]) -> int:
    return one[0]
