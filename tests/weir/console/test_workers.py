from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from weir.console.workers import WorkerSeen, WorkerWatch

Answer = Callable[[str], bytes]


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """A web server that answers each path with these bytes; its address."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            while True:
                try:
                    one, _ = server.accept()
                except OSError:
                    return
                with one:
                    request = one.recv(65_536).decode()
                    one.sendall(answer(request.split(" ")[1]))

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def test_a_worker_that_does_not_speak_http_counts_as_down() -> None:
    with answering(lambda _: b"SSH-2.0-no web server\r\n") as address:
        watch = WorkerWatch([address])
        watch.look()
    assert watch.workers() == [WorkerSeen(address, is_up=False)]


def test_rates_are_unknown_while_no_worker_answers() -> None:
    served = {"/metrics": b'weir_events_total{outcome="folded"} 5\n', "/": b"{}", "/ready": b"ready"}
    with answering(lambda path: b"HTTP/1.0 200 OK\r\n\r\n" + served[path]) as address:
        watch = WorkerWatch([address])
        watch.look()
        watch.look()
        assert watch.outcomes_per_s() == {"folded": 0.0}
    watch.look()
    assert watch.outcomes_per_s() == {}
