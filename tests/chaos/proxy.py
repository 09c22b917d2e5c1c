"""A TCP proxy between workers and a broker, which delays, cuts and half-opens connections."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
CHUNK = 65_536


class Proxy:
    """Listens on one port of loopback and passes on to another; a context manager with a thread of its own."""

    def __init__(self, port: int, to: int) -> None:
        self.port = port
        self._to = to
        self.delay_s = 0.0
        """Each piece is held back for so long."""
        self._holding = False
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._free: asyncio.Event

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hold(holding=False)
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def cut(self) -> None:
        """Ends every connection at once, with a reset."""
        self._loop.call_soon_threadsafe(self._abort)

    def hold(self, *, holding: bool) -> None:
        """Half-open: connections stand, and nothing passes; what waits goes on afterwards."""
        self._loop.call_soon_threadsafe(self._free.clear if holding else self._free.set)

    def _abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._free = asyncio.Event()
        self._free.set()
        server = self._loop.run_until_complete(asyncio.start_server(self._connect, HOST, self.port))
        self._started.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError):
            await self._free.wait()
            there, back = await asyncio.open_connection(HOST, self._to)
            self._writers.add(back)
            await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
            self._writers.discard(back)
        self._writers.discard(writer)
        writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(CHUNK):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                await self._free.wait()
                writer.write(piece)
                await writer.drain()
        writer.transport.abort()
