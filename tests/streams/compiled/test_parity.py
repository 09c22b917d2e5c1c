"""Both forms fold any log into the same bytes: outputs, counts, and changes of the state."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from random import Random

import pytest

from streams.compiled.form import VARIABLE, decide
from streams.compiled.sources import Sources
from tests.streams.compiled.trees import ROOT, build_or_skip, run_in

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).with_name("folding.py")


@pytest.fixture(scope="module")
def compiled_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This tree if it is compiled as it is now, else a copy of it that is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(VARIABLE, raising=False)
        if decide(Sources()).is_compiled:
            return ROOT
        copy = tmp_path_factory.mktemp("compiled")
        ignored = shutil.ignore_patterns("built", "__pycache__")
        for package in ("streams", "weir", "rules", "models"):
            shutil.copytree(ROOT / package, copy / package, ignore=ignored)
        build_or_skip(Sources(copy))
        return copy


@pytest.mark.parametrize("seed", [1, 2, 3, None])
def test_both_forms_give_the_same_bytes(compiled_root: Path, seed: int | None) -> None:
    seed = Random().randrange(1 << 30) if seed is None else seed
    path = os.pathsep.join([str(compiled_root), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    told = {}
    for switch in ("1", "0"):
        more = {"PYTHONPATH": path, VARIABLE: switch, "PYTHONHASHSEED": "0", "PYTHONIOENCODING": "utf-8:surrogatepass"}
        done = run_in(compiled_root, str(SCRIPT), str(seed), **more)
        assert done.returncode == 0, done.stderr
        told[done.stderr.strip()] = done.stdout
    assert sorted(told) == ["compiled", "plain"]
    assert len(told["plain"]) > 100_000
    assert told["compiled"] == told["plain"], f"the forms differ for the seed {seed}"
