"""What all tests share: a real broker, an installation of one's own on it, the real data, polling to a deadline."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.controls.guards import take_out
from tests.support.broker import begin_run, end_run, shared_broker
from tests.support.polling import eventually
from weir.errors import WeirError
from weir.kafka.admin import admin, create_topics
from weir.settings import SWITCHES, Settings

IN_CI = os.environ.get("CI") == "true"
ROOT = Path(__file__).parents[1]
_numbers = itertools.count(1)

settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("local"), derandomize=True)
settings.load_profile("ci" if IN_CI else "local")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--without GUARD`, for `tests/controls`."""
    parser.addoption("--without", metavar="GUARD", help="take out a guard of tests/controls/guards.py")


def pytest_configure(config: pytest.Config) -> None:
    """Begins the run, in the one process that pytest-xdist's workers belong to."""
    if guard := config.getoption("--without"):
        take_out(guard)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell's background jobs ignore it, and their children inherit that; tests send it to processes of theirs.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the run: no test leaves a broker behind."""
    if not hasattr(config, "workerinput"):
        end_run()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for the broker is a Kafka test, marked or not, so that `-m "not kafka"` never starts one."""
    for item in items:
        if "kafka" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.kafka)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of whoever runs the tests don't reach them; which form of the fold runs is no setting, and does."""
    for name in list(os.environ):
        if name.startswith("WEIR_") and name not in SWITCHES:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def kafka() -> str:
    """Bootstrap servers of a real broker that all tests of a run share."""
    try:
        return shared_broker()
    except WeirError as error:
        if IN_CI:
            raise
        pytest.skip(f"no broker: {error}")


@pytest.fixture
def new_installation(kafka: str) -> Iterator[Callable[..., Settings]]:
    """Makes settings for an installation that nobody else uses, with all its topics; `overrides` are settings.

    Topics are deleted afterwards: hundreds of them would slow the broker down.
    """
    made: list[Settings] = []

    def make(*, topics: bool = True, **overrides: object) -> Settings:
        name = f"t{os.getpid()}-{next(_numbers)}"
        chosen: dict[str, object] = {
            "bootstrap_servers": kafka,
            "application_id": f"{name}-app",
            "topic_prefix": name,
            "partitions": 2,
            "web_port": 0,
            "model_key": "a key for tests",
        }
        installation = Settings(**(chosen | overrides))  # type: ignore[arg-type]  # pydantic checks them
        made.append(installation)
        if topics:
            create_topics(installation)
        return installation

    yield make
    for installation in made:
        client = admin(installation)
        there = client.list_topics(timeout=10).topics
        names = [name for name, _ in installation.names.all() if name in there]
        if names:
            for future in client.delete_topics(names).values():
                future.result()


@pytest.fixture
def installation(new_installation: Callable[..., Settings]) -> Settings:
    """An installation with its topics, two partitions each; `new_installation` makes others."""
    return new_installation()


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Gives the path of a real data set beside the project; skips the test where it is absent."""

    def find(name: str) -> Path:
        path = ROOT.parent / "shared" / "data" / name
        if not path.exists():
            pytest.skip(f"the real data set {name} is not beside the project")
        return path

    return find


@pytest.fixture(scope="session", name="eventually")
def _eventually() -> Callable[..., object]:
    """`tests.support.polling.eventually`, for those who would rather be handed it."""
    return eventually
