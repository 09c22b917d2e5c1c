"""Kafka's jars for the development broker: fetched once, each compared with the hash in `jars.lock`."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from importlib.resources import files
from pathlib import Path

from weir.errors import WorkError

KAFKA_VERSION = "4.3.1"
ENDPOINT = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.slf4j:slf4j-simple:1.7.36"

Report = Callable[[str], None]


def locked() -> dict[str, str]:
    """File name to sha256 of every jar that the broker runs with."""
    lines = files("weir").joinpath("jars.lock").read_text().splitlines()
    pairs = (line.split() for line in lines if line and not line.startswith("#"))
    return {name: digest for digest, name in pairs}


def cache_folder() -> Path:
    """Where fetched jars are kept, for all of the user's environments."""
    from platformdirs import user_cache_path  # noqa: PLC0415 -- of the extra `broker`

    return user_cache_path("weir") / f"kafka-{KAFKA_VERSION}"


def kafka_jars(report: Report, folder: Path | None = None) -> list[Path]:
    """The jars in the order of the lock, fetched if they are not there yet; blocks while another process fetches.

    Raises:
        WorkError: they can't be fetched, or are not the ones that the lock names.
    """
    from filelock import FileLock  # noqa: PLC0415 -- of the extra `broker`

    home = folder or cache_folder()
    home.mkdir(parents=True, exist_ok=True)
    lock = locked()
    with FileLock(home / ".lock"):
        if wrong(home, lock):
            report(f"Fetching Apache Kafka {KAFKA_VERSION} from Maven Central (45 MB, once) to {home}")
            _fetch(home, lock)
    return [home / name for name in lock]


def wrong(home: Path, lock: dict[str, str]) -> list[str]:
    """Names of the jars that are missing or not as the lock says."""
    return [name for name, digest in lock.items() if _digest(home / name) != digest]


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def _fetch(home: Path, lock: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory(dir=home) as scratch:
        fetched = {path.name: path for path in _resolve(Path(scratch))}
        strange = sorted(fetched.keys() - lock.keys())
        bad = [name for name, digest in lock.items() if name not in fetched or _digest(fetched[name]) != digest]
        if bad or strange:
            raise WorkError(
                f"The fetched Kafka is not the one that Weir names: {', '.join(bad + strange)}.",
                "Remove the named jars from ~/.m2/repository and try again; if it stays so, don't run them.",
            )
        for name, path in fetched.items():
            shutil.move(path, home / name)


def _resolve(scratch: Path) -> Iterable[Path]:
    try:
        import jgo  # noqa: PLC0415 -- of the extra `broker`
    except ModuleNotFoundError as error:
        raise missing_extra() from error
    try:
        return [Path(path) for path in jgo.build(ENDPOINT, cache_dir=scratch).all_jars]
    except Exception as error:  # jgo lets through whatever the network, the file system and XML raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WorkError(
            f"Apache Kafka could not be fetched: {reason}.",
            "Check the connection to Maven Central, or the mirror and proxy that this machine needs for it.",
        ) from error


def missing_extra() -> WorkError:
    """The development broker's own dependencies are not installed."""
    return WorkError(
        "The development broker is not installed.",
        "Install it with pip install 'weir[broker]', or set WEIR_BOOTSTRAP_SERVERS to a cluster of yours.",
    )
