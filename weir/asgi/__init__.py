"""For web servers in Python: responds with 429 or 403 to visitors that Weir's limits and flags name."""

from weir.asgi.follow import Follower
from weir.asgi.middleware import Client, WeirMiddleware, by_cookie
from weir.asgi.standing import Refusal, Standing

__all__ = ["Client", "Follower", "Refusal", "Standing", "WeirMiddleware", "by_cookie"]
