"""Facts about a URL's path without host and query: login, form, depth, and template."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from xxhash import xxh3_64_intdigest, xxh32_intdigest

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
_NUMBERED = re.compile(r"(?<=/)[0-9a-f-]{8,}(?=[/.]|$)|[0-9]+")
"""An id in a path: a segment of hexadecimal digits and hyphens, or any number."""


class PathInfo(NamedTuple):
    """Facts about a path."""

    hashed: int
    template: int
    """Hash of the path with ids and numbers replaced, so that all articles of a shop have one template."""
    depth: int
    """Number of segments."""
    is_login: bool
    """Whether a request to the path is a login."""
    is_login_page: bool
    """Whether the path is an HTML login page, where status 200 means that the login failed."""
    is_form: bool


def url_info(url: str) -> tuple[int, PathInfo]:
    """The hash of a URL, and the facts about its path.

    URLs with a query are not cached: most occur once, and would evict the pages of the site, which occur often.
    """
    if len(url) <= _LONGEST_CACHED and "?" not in url:
        return _cached_url(url)
    return xxh3_64_intdigest(url.encode()), path_info(url)


def path_info(url: str) -> PathInfo:
    """The facts about a URL's path, without host, query, parameters and closing slash, in lower case."""
    path = url
    if "#" in path:
        path = path.partition("#")[0]
    if "?" in path:
        path = path.partition("?")[0]
    return _cached_info(path) if len(path) <= _LONGEST_CACHED else _info(path)


def _info(path: str) -> PathInfo:
    path = _ORIGIN.sub("", path.partition(";")[0]).lower().rstrip("/")
    template = _NUMBERED.sub("0", path)
    is_page = _LOGIN_PAGE.search(path) is not None
    return PathInfo(
        # 0 means no path in `Posting` and `PreviousEvent`, so it must not be a hash.
        hashed=xxh32_intdigest(path.encode()) or 1,
        template=xxh32_intdigest(template.encode()),
        depth=path.count("/"),
        is_login=is_page or _LOGIN_API.search(path) is not None,
        is_login_page=is_page and _API.search(path) is None,
        is_form=_FORM.search(path) is not None,
    )


_cached_info = lru_cache(_CACHED)(_info)
_cached_url = lru_cache(_CACHED)(lambda url: (xxh3_64_intdigest(url.encode()), path_info(url)))
