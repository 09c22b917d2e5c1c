"""The lock and the make targets: what the README's two commands rest on."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from weir import __version__

ROOT = Path(__file__).parents[1]
TOOLS = Path(sys.executable).parent
MAKEFILE = (ROOT / "Makefile").read_text()
LOCK = (ROOT / "requirements.lock").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
# Environments that the lock must serve beside this one.
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def pins(python: str) -> dict[str, Version]:
    """What the lock installs on Linux with this Python."""
    environment = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    found = (Requirement(line.removesuffix("\\")) for line in LOCK.splitlines() if re.match(r"[a-z0-9]", line))
    return {
        canonicalize_name(pin.name): Version(next(iter(pin.specifier)).version)
        for pin in found
        if pin.marker is None or pin.marker.evaluate(environment)
    }


def declared() -> list[Requirement]:
    """Every dependency that the project names, of all extras and groups."""
    project = PROJECT["project"]
    extras = [name for names in project["optional-dependencies"].values() for name in names]
    groups = [name for names in PROJECT["dependency-groups"].values() for name in names]
    return [Requirement(name) for name in [*project["dependencies"], *extras, *groups]]


def test_the_lock_has_what_the_project_declares_on_every_python() -> None:
    for python in PYTHONS:
        locked = pins(python)
        missing = [
            str(wanted)
            for wanted in declared()
            if (wanted.marker is None or wanted.marker.evaluate({"python_version": python}))
            and (
                canonicalize_name(wanted.name) not in locked
                or not wanted.specifier.contains(locked[canonicalize_name(wanted.name)])
            )
        ]
        assert not missing, f"Python {python}: renew the lock with make lock"


def test_every_pin_has_hashes_and_names_no_place() -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", LOCK)
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"://|^-|file:|index-url|find-links", LOCK, re.MULTILINE)


def test_help_names_every_target_that_people_call() -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    makefile = (ROOT / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert targets
    assert [f"make {name} " in said for name in targets[1].split()] == [True] * len(targets[1].split())


def test_an_old_python_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    (tmp_path / "requirements.lock").write_text(LOCK)
    (tmp_path / "pyproject.toml").touch()
    old = tmp_path / "python2"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 2.7.18\nexit 1\n')
    old.chmod(0o755)
    done = subprocess.run(["make", "setup", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Python 2.7.18 is too old" in done.stderr
    absent = subprocess.run(
        ["make", "setup", "PYTHON=no-such-python"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "There is no no-such-python" in absent.stderr


def test_the_changelog_names_the_version() -> None:
    assert f"\n## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_every_link_of_the_readme_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text())
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_workflow_runs_what_a_change_must_pass_on_every_python() -> None:
    job = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["check"]
    assert tuple(job["strategy"]["matrix"]["python"]) == PYTHONS
    assert any(step.get("run", "").endswith("bash .ci/run") for step in job["steps"])


def test_a_hole_in_a_workflow_is_found(tmp_path: Path) -> None:
    planted = tmp_path / ".github" / "workflows" / "ci.yml"
    planted.parent.mkdir(parents=True)
    whole = (ROOT / ".github/workflows/ci.yml").read_text()
    planted.write_text(whole.replace("bash .ci/run", "echo ${{ github.head_ref }}"))
    found = subprocess.run(
        [TOOLS / "zizmor", "--offline", "--quiet", planted], capture_output=True, text=True, check=False
    )
    assert found.returncode != 0
    assert "template-injection" in found.stdout


def test_the_hooks_before_a_commit_are_what_lint_runs() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = [hook for repo in config["repos"] for hook in repo["hooks"]]
    checks = {hook["entry"].split()[0] for hook in hooks if "manual" not in hook.get("stages", ())}
    (recipe,) = re.findall(r"^lint:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    linted = re.findall(r"^\t\$\(BIN\)/([a-z-]+)", recipe, re.MULTILINE)
    assert checks == {f".venv/bin/{tool}" for tool in linted} - {".venv/bin/mypy"}


@pytest.mark.skipif(not (ROOT / ".venv").exists(), reason="the environment is another one than `make setup` makes")
def test_who_follows_the_readme_finds_weir() -> None:
    assert "$ source .venv/bin/activate" in (ROOT / "README.md").read_text()
    command = ["bash", "-c", "source .venv/bin/activate && command -v weir"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == str(ROOT / ".venv" / "bin" / "weir")
