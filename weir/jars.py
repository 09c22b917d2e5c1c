"""Kafka's jars for the development broker: fetched once, each compared with the hash in `jars.lock`."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

from weir.errors import WorkError

KAFKA_VERSION = "4.3.1"
DOWNLOADS_AT_A_TIME = 8

Report = Callable[[str], None]


def locked() -> dict[str, str]:
    """Coordinates (`group:artifact:version`) to sha256 of every jar that the broker runs with."""
    lines = files("weir").joinpath("jars.lock").read_text().splitlines()
    pairs = (line.split() for line in lines if line and not line.startswith("#"))
    return {coordinates: digest for digest, coordinates in pairs}


def file_name(coordinates: str) -> str:
    """The jar's name, as Maven has it."""
    _, artifact, version = coordinates.split(":")
    return f"{artifact}-{version}.jar"


def cache_folder() -> Path:
    """Where fetched jars are kept, for all of the user's environments."""
    from platformdirs import user_cache_path  # noqa: PLC0415 -- of the extra `broker`

    return user_cache_path("weir") / f"kafka-{KAFKA_VERSION}"


def kafka_jars(report: Report, folder: Path | None = None) -> list[Path]:
    """The jars in the order of the lock, fetched if they are not there yet; blocks while another process fetches.

    Raises:
        WorkError: they can't be fetched, or their hashes differ from the lock's.
    """
    home = folder or cache_folder()
    notice = f"Fetching Apache Kafka {KAFKA_VERSION} from Maven Central (45 MB, once) to {home}"
    return jars_of(locked(), home, lambda: report(notice))


def jars_of(lock: dict[str, str], home: Path, before_fetching: Callable[[], None] = lambda: None) -> list[Path]:
    """The jars that a lock names, in its order, fetched to `home` if they are not there yet.

    Raises:
        WorkError: as for `kafka_jars`.
    """
    try:
        from filelock import FileLock  # noqa: PLC0415 -- of the extra `broker`
    except ModuleNotFoundError as error:
        raise missing_extra() from error
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / ".lock"):
        if wrong(home, lock):
            before_fetching()
            _fetch(home, lock)
    return [home / file_name(coordinates) for coordinates in lock]


def wrong(home: Path, lock: dict[str, str]) -> list[str]:
    """Coordinates of the jars that are missing or whose hash differs from the lock's."""
    return [coordinates for coordinates, digest in lock.items() if _digest(home / file_name(coordinates)) != digest]


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def _fetch(home: Path, lock: dict[str, str]) -> None:
    """Copies the jars, then compares their hashes: a compared file in Maven's cache could still change."""
    with tempfile.TemporaryDirectory(dir=home) as folder:
        scratch = Path(folder)
        for path in _download(lock):
            shutil.copy(path, scratch)
        bad = wrong(scratch, lock)
        if bad:
            raise WorkError(
                f"The hash of a downloaded jar differs from the expected one: {', '.join(bad)}.",
                "Remove the jar from ~/.m2/repository and try again; if the hash differs again, don't run it.",
            )
        for path in scratch.iterdir():
            path.replace(home / path.name)


def _download(wanted: Iterable[str]) -> list[Path]:
    """Fetches jars by their coordinates. It resolves no dependencies, since these could differ from the lock."""
    try:
        from jgo.config import GlobalSettings  # noqa: PLC0415 -- of the extra `broker`
        from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415 -- likewise
        from jgo.maven import MavenContext  # noqa: PLC0415 -- likewise
    except ModuleNotFoundError as error:
        raise missing_extra() from error
    context = MavenContext(repo_cache=GlobalSettings.load().repo_cache, remote_repos={"central": MAVEN_CENTRAL_URL})

    def download(coordinates: str) -> Path:
        group, artifact, version = coordinates.split(":")
        return Path(context.project(group, artifact).at_version(version).artifact().resolve())

    try:
        with ThreadPoolExecutor(DOWNLOADS_AT_A_TIME) as pool:
            return list(pool.map(download, wanted))
    except Exception as error:  # jgo passes on all errors of the network, the file system and the XML parser
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WorkError(
            f"Jars could not be fetched: {reason.removesuffix('.')}.",
            "Check the connection to Maven Central, or the settings of its mirror or proxy.",
        ) from error


def missing_extra() -> WorkError:
    """The error that the development broker's dependencies are not installed."""
    return WorkError(
        "The development broker is not installed.",
        "Install it with pip install 'weir[broker]', or set WEIR_BOOTSTRAP_SERVERS to a cluster of yours.",
    )
