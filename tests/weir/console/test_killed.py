"""A console that is killed while people answer loses no answer and writes none twice."""

from __future__ import annotations

import os
import random
import re
import secrets
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.support.console import review, session
from tests.support.polling import PATIENCE_S, eventually
from weir.broker import free_port
from weir.contracts import Action, Label
from weir.contracts.fast import decoder, encode
from weir.kafka.reader import read_all
from weir.kafka.records import Output
from weir.kafka.sender import send
from weir.settings import Settings
from weir.topics import ACTIONS, LABELS, REVIEWS, SESSIONS

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
ANSWERS = 24
KILLED_AT = (2, 7, 11, 16, 20)
read_label, read_action = decoder(Label), decoder(Action)


class ConsoleProcess:
    """`weir console` as a process, that can be killed and started again on the same port."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._environment = os.environ | {
            "WEIR_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
            "WEIR_APPLICATION_ID": settings.application_id,
            "WEIR_TOPIC_PREFIX": settings.topic_prefix,
            "WEIR_CONSOLE_FOLDER": str(folder / "store"),
        }
        self._log = folder / "console.log"
        self.start()

    def start(self) -> None:
        """Starts it, and returns at once."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "weir.cli.main", "console", "--port", str(self.port), "--name", "ana"],
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """`kill -9`."""
        self._process.kill()
        self._process.wait(PATIENCE_S)


def produce(settings: Settings, number: int) -> None:
    outputs = []
    for n in range(number):
        key = f"v{n}".encode()
        outputs.append(Output(SESSIONS, key, encode(session(f"s{n}", f"v{n}"))))
        outputs.append(Output(REVIEWS, f"s{n}".encode(), encode(review(f"s{n}", f"v{n}"))))
    send(settings, outputs, "sessions")


def test_a_killed_console_loses_no_answer_and_doubles_none(
    new_installation: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = new_installation()
    produce(settings, ANSWERS)
    console = ConsoleProcess(settings, tmp_path)
    random_ = random.Random(7)
    try:
        with httpx.Client(base_url=console.address, timeout=20) as client:
            eventually(lambda: f"<b>{ANSWERS}</b>" in text_of(client, "/review"), what="all questions")
            found = re.search(r'name="token" value="([0-9a-f]+)"', text_of(client, "/review"))
            assert found is not None
            told = {}
            for n in range(ANSWERS):
                form = {"token": found[1], "action": secrets.token_hex(16), "session": f"s{n}", "kind": "bad"}
                told[form["action"]] = f"s{n}"
                killer = threading.Timer(random_.uniform(0.0, 0.03), restart, [console]) if n in KILLED_AT else None
                if killer is not None:
                    killer.start()
                eventually(partial(is_taken, client, form), what="the answer to be taken")
                if killer is not None:
                    killer.join()
    finally:
        console.kill()
    actions = [read_action(record.value or b"") for record in read_all(settings, ACTIONS)]
    labels = [read_label(record.value or b"") for record in read_all(settings, LABELS)]
    assert Counter(action.action_id for action in actions) == Counter(told.keys())
    assert Counter(label.session_id for label in labels) == Counter(told.values())


def restart(console: ConsoleProcess) -> None:
    console.kill()
    console.start()


def is_taken(client: httpx.Client, form: dict[str, str]) -> bool:
    """Sends an answer as the page does: again with the same id, until it is answered."""
    try:
        return client.post("/review/answer", data=form).status_code == 303
    except httpx.TransportError:
        return False


def text_of(client: httpx.Client, path: str) -> str:
    try:
        return client.get(path).text
    except httpx.TransportError:
        return ""
