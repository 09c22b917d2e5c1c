from __future__ import annotations

import re
import tomllib
from pathlib import Path

from weir.settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "deploy" / "Dockerfile").read_text()


def copied() -> set[str]:
    """What the image is built from."""
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", TEXT, re.MULTILINE)
    return {name for line in lines for name in line.split()}


def test_what_is_copied_is_there_and_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert all((ROOT / name).exists() for name in copied())
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == copied()


def test_every_package_of_the_project_is_in_the_image() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert packages <= copied()


def test_dependencies_are_those_of_the_lock_with_their_hashes() -> None:
    installs = re.findall(r"(?:pip|uv pip) install ([^\\\n]*)", TEXT)
    assert len(installs) == 3
    for options in installs:
        assert "requirements.lock" in options or "--require-hashes -r uv.lock" in options


def test_it_does_not_run_as_root_and_says_its_ports() -> None:
    last = TEXT.rpartition("FROM ")[2]
    assert re.search(r"^USER (?!root)\w+$", last, re.MULTILINE)
    assert f"EXPOSE {Settings().web_port} {Settings().console_port}\n" in last
