"""Every command that the documentation shows is run, in order, page by page, in a scratch folder."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.polling import PATIENCE_S
from weir.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")] if path.exists())
FENCE = re.compile(r"^```console(?P<note>[^\n]*)\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND_TIMEOUT_S = PATIENCE_S


@dataclass(frozen=True)
class Command:
    """A shown command; `note` says that it fails, as it should, or why it can't be run here, if so."""

    text: str
    note: str

    @property
    def fails(self) -> bool:
        """Whether the page says so."""
        return self.note.startswith("(fails: ")


def commands(page: Path) -> list[Command]:
    """The lines behind `$ ` in a page's console blocks, continued lines joined."""
    found = []
    for fence in FENCE.finditer(page.read_text()):
        body = fence["body"].replace("\\\n", " ")
        found += [Command(line[2:], fence["note"].strip()) for line in body.splitlines() if line.startswith("$ ")]
    return found


def runnable(page: Path) -> list[Command]:
    """Commands that a test can run."""
    return [command for command in commands(page) if not command.note or command.fails]


def test_every_page_shows_its_commands_in_console_blocks() -> None:
    stray = {
        f"{page.name}: {line}"
        for page in PAGES
        for line in FENCE.sub("", page.read_text()).splitlines()
        if re.match(r"^\s*(\$ )?(weir|make) [a-z-]+( |$)", line)
    }
    assert not stray


def test_a_command_that_is_not_run_says_why() -> None:
    notes = {command.note for page in PAGES for command in commands(page)} - {""}
    assert all(re.fullmatch(r"\(.{10,}\)", note) for note in notes), notes


@pytest.mark.kafka
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", [page for page in PAGES if runnable(page)], ids=lambda page: page.stem)
def test_commands_of_a_page_do_what_the_page_says(page: Path, installation: Settings, tmp_path: Path) -> None:
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TERM": "dumb",
        "WEIR_BOOTSTRAP_SERVERS": installation.bootstrap_servers,
        "WEIR_APPLICATION_ID": installation.application_id,
        "WEIR_TOPIC_PREFIX": installation.topic_prefix,
        "WEIR_PARTITIONS": str(installation.partitions),
        "WEIR_MODEL_KEY": "a key for the documentation's tests",
        "WEIR_WEB_PORT": "0",
    }
    with background(tmp_path, environment) as start:
        for command in runnable(page):
            if command.text.endswith(" &"):
                start(command.text.removesuffix(" &"))
                continue
            done = subprocess.run(
                ["bash", "-c", command.text],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=COMMAND_TIMEOUT_S,
                stdin=subprocess.DEVNULL,
                check=False,
            )
            assert done.returncode == command.fails, f"$ {command.text}\n{done.stdout}\n{done.stderr}"
    shutil.rmtree(tmp_path, ignore_errors=True)


@contextmanager
def background(folder: Path, environment: dict[str, str]) -> Iterator[Callable[[str], None]]:
    """Gives a function that starts a command and leaves it running; all are ended on the way out."""
    running: list[subprocess.Popen[bytes]] = []

    def start(command: str) -> None:
        with (folder / f"background-{len(running)}.log").open("wb") as log:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command}"], cwd=folder, env=environment, stdout=log, stderr=log
            )
        running.append(process)

    try:
        yield start
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            assert process.wait(PATIENCE_S) == 0, "a worker in the background did not end cleanly"
