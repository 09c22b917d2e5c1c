"""The check of an operator's own pack against ordinary texts at the start, made once for each state of the pack.

The outcome is kept in the user's cache folder, under a hash of all that it depends on: the patterns, the corpora and
the code that decodes and matches. The project's tests check shipped packs, `weir rules publish` checks published ones.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from rules.heuristics.counterexamples import excess_matches
from rules.heuristics.pack import Pack
from rules.problems import Problem, RulesError

SLOW_S = 1.0
"""A check that takes longer is logged. The largest shipped pack takes 0.4 s, most of it for composing the corpora."""
HINT = "Make it ask for more than the words, put it into shadow, or give it a weight below 0.5."
_CODE = Path(__file__).parent
_decode = msgspec.json.Decoder(dict[str, str]).decode
log = logging.getLogger("weir.rules")


def check_own_pack(file: Path, pack: Pack) -> None:
    """Passes if no pattern of the pack matches more ordinary texts than its bound allows.

    Args:
        file: The file that the pack was read from.
        pack: The pack; patterns that are not in force are not checked.

    Raises:
        RulesError: a pattern exceeds its bound; the error names the pattern, its rate and some of the texts.
    """
    path = _cache_file(pack)
    messages = _cached(path)
    if messages is None:
        started_s = time.monotonic()
        messages = excess_matches(pack.patterns_in_force)
        took_s = time.monotonic() - started_s
        is_kept = _keep(path, messages)
        if took_s > SLOW_S:
            log.warning("slow check against ordinary texts: pack=%s seconds=%.1f kept=%s", pack.name, took_s, is_kept)
    if messages:
        raise RulesError(excess_problems(str(file), pack, messages))


def excess_problems(file: str, pack: Pack, messages: Mapping[str, str]) -> list[Problem]:
    """The errors for patterns that exceed their bound, each with its line in the file.

    Args:
        file: The file, as the errors name it.
        pack: The pack that was read from it.
        messages: For each pattern that exceeds its bound, an error message.
    """
    lines = pack.lines or {}
    return [Problem(file, lines.get(one.partition(".")[0], 0), message, HINT) for one, message in messages.items()]


def _cache_file(pack: Pack) -> Path | None:
    """Where the outcome for this pack is kept; None if the user has no cache folder."""
    patterns = [
        (one.id, one.field, one.expression, one.weight, one.level, one.shadow) for one in pack.patterns_in_force
    ]
    digest = hashlib.sha256(_code_hash() + msgspec.json.encode(sorted(patterns))).hexdigest()
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        # The XDG specification wants relative paths to be ignored.
        folder = named if named.is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None
    return folder / "weir" / "counterexamples" / f"{digest}.json"


@cache
def _code_hash() -> bytes:
    """Of the sources that compose, decode and match texts: hashing them takes 2 ms, composing the texts 300 ms."""
    sources = sorted(_CODE.rglob("*.py"))
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).digest()


def _cached(path: Path | None) -> dict[str, str] | None:
    try:
        return None if path is None else _decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _keep(path: Path | None, messages: Mapping[str, str]) -> bool:
    """Writes the outcome for the next start; False if it can't be written, which costs the next start the check."""
    if path is None:
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Workers may start together, and one may be killed while it writes: no start reads half a file.
        scratch = path.with_suffix(f".{os.getpid()}")
        scratch.write_bytes(msgspec.json.encode(messages))
        scratch.replace(path)
    except OSError as error:
        log.info("outcome of the check against ordinary texts not kept: file=%s error=%s", path, error)
        return False
    return True
