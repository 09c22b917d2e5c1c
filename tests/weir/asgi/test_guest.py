"""The middleware as a guest: in an application that has modules of its own with the names of Weir's packages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import weir

NAMES = ("rules", "models", "streams")
APPLICATION = """
import rules, models, streams
from weir.asgi import Client, Follower, Refusal, Standing, WeirMiddleware, by_cookie

assert all(one.OURS for one in (rules, models, streams))
print(WeirMiddleware.__name__)
"""


def test_an_application_with_rules_models_and_streams_of_its_own_can_use_the_middleware(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text("OURS = True\n")
    (tmp_path / "application.py").write_text(APPLICATION)
    # As where Weir is installed beside the application, which comes first on the path.
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(weir.__file__).parents[1]}"}
    ran = subprocess.run(
        [sys.executable, "application.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, "WeirMiddleware\n"), ran.stderr
