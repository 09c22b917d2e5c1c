"""A proxy before a broker that holds one request back, and has its client believe that the connection is lost."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.polling import PATIENCE_S

HOST = "127.0.0.1"
END_TXN = 26
"""Kafka's number of the request that ends a transaction."""


class HoldingProxy:
    """Passes frames of Kafka's protocol on; the next `END_TXN` after `hold` waits for `let_go`."""

    def __init__(self, port: int, to: int) -> None:
        self._listening = socket.create_server((HOST, port))
        self._to = to
        self._is_to_hold = threading.Event()
        self._held: tuple[socket.socket, bytes] | None = None
        self._was_answered = threading.Event()
        self._open: list[socket.socket] = [self._listening]

    def hold(self) -> None:
        """Holds the next end of a transaction, and cuts its client."""
        self._is_to_hold.set()

    def let_go(self) -> None:
        """Sends on what was held, and returns when the broker has answered it."""
        assert self._held is not None
        broker, frame = self._held
        self._was_answered.clear()
        broker.sendall(frame)
        assert self._was_answered.wait(PATIENCE_S)

    def accept(self) -> None:
        """Serves clients until `close`."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def close(self) -> None:
        """Cuts everything."""
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _serve(self, client: socket.socket) -> None:
        broker = socket.create_connection((HOST, self._to))
        self._open += [client, broker]
        threading.Thread(target=self._answer, args=(broker, client), daemon=True).start()
        with contextlib.suppress(OSError):
            while frame := _frame(client):
                if struct.unpack_from(">h", frame, 4)[0] == END_TXN and self._is_to_hold.is_set():
                    self._is_to_hold.clear()
                    self._held = (broker, frame)
                    client.shutdown(socket.SHUT_RDWR)
                    return
                broker.sendall(frame)

    def _answer(self, broker: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while answer := broker.recv(65_536):
                if self._held and self._held[0] is broker:
                    self._was_answered.set()
                else:
                    client.sendall(answer)


def _frame(source: socket.socket) -> bytes:
    head = _exactly(source, 4)
    return head + _exactly(source, struct.unpack(">i", head)[0]) if head else b""


def _exactly(source: socket.socket, length: int) -> bytes:
    got = b""
    while len(got) < length:
        piece = source.recv(length - len(got))
        if not piece:
            return b""
        got += piece
    return got


@contextmanager
def holding_proxy(port: int, to: int) -> Iterator[HoldingProxy]:
    """A proxy that serves while the context lasts."""
    proxy = HoldingProxy(port, to)
    threading.Thread(target=proxy.accept, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()
