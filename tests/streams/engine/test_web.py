from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from streams.engine.web import WebServer
from weir.errors import ClusterError
from weir.settings import Settings


class Plain:
    """A worker that says what it was told to say."""

    is_ready = False
    is_alive = True

    def status(self) -> Mapping[str, Any]:
        return {"stages": ["score"]}

    def metrics(self) -> bytes:
        return b"weir_ready 0.0\n"


def ask(watched: Plain, *paths: str) -> list[httpx.Response]:
    async def serve() -> list[httpx.Response]:
        server = WebServer(Settings(web_port=0), watched)
        address = await server.start()
        try:
            async with httpx.AsyncClient(base_url=address) as client:
                return [await client.get(path) for path in paths]
        finally:
            await server.stop()

    return asyncio.run(serve())


def test_probes_answer_with_their_status_code() -> None:
    watched = Plain()
    assert [answer.status_code for answer in ask(watched, "/ready", "/live")] == [503, 200]
    watched.is_ready, watched.is_alive = True, False
    assert [answer.status_code for answer in ask(watched, "/ready", "/live")] == [200, 503]


def test_status_is_json_and_metrics_are_text() -> None:
    status, metrics = ask(Plain(), "/", "/metrics")
    assert json.loads(status.text) == {"stages": ["score"]}
    assert metrics.text == "weir_ready 0.0\n"
    assert metrics.headers["content-type"].startswith("text/plain")


def test_a_port_that_is_taken_is_told_in_a_sentence() -> None:
    async def twice() -> None:
        first = WebServer(Settings(web_port=0), Plain())
        address = await first.start()
        second = WebServer(Settings(web_port=int(address.rsplit(":", 1)[1])), Plain())
        try:
            with pytest.raises(ClusterError, match="can't listen"):
                await second.start()
        finally:
            await first.stop()
            await second.stop()

    asyncio.run(twice())
