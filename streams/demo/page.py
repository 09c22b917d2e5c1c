"""The status page: the same picture as in the terminal, for a browser on this machine."""

from __future__ import annotations

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import msgspec
from jinja2 import Environment, PackageLoader

from streams.demo.picture import Picture
from weir.broker import HOST

_SAFETY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class StatusPage:
    """Serves on loopback, on any free port, while it is open; set `picture` as often as you like."""

    def __init__(self, metrics: str) -> None:
        self.picture = Picture()
        self._metrics = metrics
        self._template = Environment(loader=PackageLoader("streams.demo", "."), autoescape=True).get_template(
            "page.html"
        )
        self._server = ThreadingHTTPServer((HOST, 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="status-page", daemon=True
        )
        self.address = f"http://{HOST}:{self._server.server_port}"

    def html(self) -> str:
        """The page now. What visitors sent is text in it, never markup."""
        return self._template.render(picture=self.picture, metrics=self._metrics)

    def json(self) -> bytes:
        """The picture now."""
        return msgspec.json.encode(self.picture)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        page = self

        class Handler(BaseHTTPRequestHandler):
            """Answers two addresses, by GET alone."""

            def do_GET(self) -> None:
                if self.path == "/":
                    self._answer(page.html().encode(), "text/html; charset=utf-8")
                elif self.path == "/status.json":
                    self._answer(page.json(), "application/json")
                else:
                    self.send_error(HTTPStatus.NOT_FOUND)

            def log_message(self, *_: object) -> None:
                """Says nothing: the terminal is in use."""

            def _answer(self, body: bytes, content_type: str) -> None:
                self.send_response(HTTPStatus.OK)
                headers = {"Content-Type": content_type, "Content-Length": str(len(body)), **_SAFETY}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        return Handler
