"""The worker's web server: `/ready`, `/live`, `/metrics` and a small status, for probes, Prometheus and people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from aiohttp import web

from weir.errors import ClusterError
from weir.settings import Settings

_TEXT = "text/plain; version=0.0.4"


class Watched(Protocol):
    """What the server reports."""

    @property
    def is_ready(self) -> bool:
        """Assigned, recovered, followers read, not rebalancing."""

    @property
    def is_alive(self) -> bool:
        """Offsets advance, or there is nothing to read."""

    def status(self) -> Mapping[str, Any]:
        """For people: what runs here and how far it is."""

    def metrics(self) -> bytes:
        """In Prometheus' text format."""


class WebServer:
    """Serves on the running loop; a loop that hangs answers no probe, and that is meant."""

    def __init__(self, settings: Settings, watched: Watched) -> None:
        self._host, self._port = settings.web_host, settings.web_port
        self._watched = watched
        app = web.Application()
        app.add_routes(
            [
                web.get("/", self._status),
                web.get("/ready", self._ready),
                web.get("/live", self._live),
                web.get("/metrics", self._metrics),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)

    async def start(self) -> str:
        """Begins to serve; returns the address.

        Raises:
            ClusterError: the port is taken.
        """
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            raise ClusterError(
                f"The web server can't listen on {self._host}:{self._port}: {error.strerror}.",
                "Give this worker a port of its own with WEIR_WEB_PORT.",
            ) from error
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def stop(self) -> None:
        """Ends serving."""
        await self._runner.cleanup()

    async def _ready(self, _: web.Request) -> web.Response:
        return _answer("ready", yes=self._watched.is_ready)

    async def _live(self, _: web.Request) -> web.Response:
        return _answer("live", yes=self._watched.is_alive)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=self._watched.metrics(), headers={"Content-Type": _TEXT})

    async def _status(self, _: web.Request) -> web.Response:
        return web.Response(text=json.dumps(self._watched.status(), indent=2), content_type="application/json")


def _answer(question: str, *, yes: bool) -> web.Response:
    return web.Response(text=f"{question}\n" if yes else f"not {question}\n", status=200 if yes else 503)
