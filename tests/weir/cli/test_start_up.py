"""What `weir replay` imports: River alone takes longer to import than a short replay takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HEAVY = {
    "aiokafka",
    "confluent_kafka",
    "deltalake",
    "faust",
    "matplotlib",
    "numpy",
    "pandas",
    "pyarrow",
    "river",
    "scipy",
}
LINE = (
    '203.0.113.{} - - [17/May/2015:10:{:02d}:00 +0000] "GET /page/{} HTTP/1.1" 200 100 "-" '
    '"Mozilla/5.0 (compatible; Searchbot/2.1; +http://search.example/bot.html)"\n'
)


def imported(code: str) -> set[str]:
    """The heavy packages that a new interpreter has loaded after `code`."""
    code += "\nimport sys; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return HEAVY & set(done.stderr.splitlines()[-1].split())


def test_the_import_of_replay_pulls_in_nothing_heavy() -> None:
    assert imported("import weir.cli.main, weir.cli.replay") == set()


def replay(folder: Path, *options: str) -> tuple[set[str], Path]:
    """The heavy packages that a replay of 60 crawlers loads, and its summary."""
    log = folder / "access.log"
    log.write_text("".join(LINE.format(number, number % 60, number) for number in range(60)), encoding="utf-8")
    summary = folder / "summary.json"
    arguments = ["replay", str(log), "--format", "access-log", "--json", *options]
    code = (
        "import contextlib, pathlib\n"
        "from weir.cli.main import main\n"
        f"with pathlib.Path({str(summary)!r}).open('w') as out, contextlib.redirect_stdout(out):\n"
        f"    try: main({arguments!r})\n"
        "    except SystemExit as end: assert not end.code"
    )
    return imported(code), summary


def test_a_short_replay_with_crawlers_pulls_in_nothing_heavy(tmp_path: Path) -> None:
    """Its sessions close, some are watched, and the weak labels of the crawlers reach the trainer."""
    loaded, summary = replay(tmp_path)
    assert loaded == set()
    assert json.loads(summary.read_bytes())["learning"]["examples"] == {"weak bad": 60}


def test_a_replay_that_tells_how_unusual_sessions_are_pulls_in_river(tmp_path: Path) -> None:
    """60 sessions of one partition are enough to build half-space trees."""
    assert "river" in replay(tmp_path, "--anomaly", "--set", "partitions=1")[0]
