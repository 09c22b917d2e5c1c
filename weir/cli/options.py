"""Options that commands share, and the settings that they give."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from weir.errors import UsageError
from weir.settings import Settings, load
from weir.times import BadTimeError, to_epoch_s

BootstrapServers = Annotated[
    str | None,
    typer.Option("--bootstrap-servers", help="Brokers, as host:port,host:port.", rich_help_panel="Settings"),
]
ApplicationId = Annotated[
    str | None,
    typer.Option("--application-id", help="Prefix of groups and transactional ids.", rich_help_panel="Settings"),
]
TopicPrefix = Annotated[
    str | None, typer.Option("--topic-prefix", help="Prefix of the topics.", rich_help_panel="Settings")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Any setting; repeat for more.", rich_help_panel="Settings"),
]
Json = Annotated[bool, typer.Option("--json", help="JSON lines instead of a table.")]

_COMMON: dict[str, Any] = {
    "bootstrap_servers": BootstrapServers,
    "application_id": ApplicationId,
    "topic_prefix": TopicPrefix,
    "sets": Set,
}


def moment(option: str, text: str) -> float:
    """Epoch seconds of a time as ISO 8601, seconds or milliseconds.

    Raises:
        UsageError: the text is not a time.
    """
    try:
        given: float | str = float(text)
    except ValueError:
        given = text
    try:
        return to_epoch_s(given)
    except BadTimeError as error:
        raise UsageError(f"{option} {text} is not a time.", "For example: 2026-01-31T09:30:00Z.") from error


def flags(
    bootstrap_servers: str | None = None,
    application_id: str | None = None,
    topic_prefix: str | None = None,
    sets: Sequence[str] | None = None,
) -> dict[str, str]:
    """Settings that were given on the command line.

    Raises:
        UsageError: a `--set` is not `key=value`, or names no setting.
    """
    given: dict[str, str] = {}
    for pair in sets or ():
        key, equals, value = pair.partition("=")
        name = key.strip().replace("-", "_")
        if not equals:
            raise UsageError(f"--set {pair} is not of the form key=value.", "For example: --set gap_s=900")
        if name not in Settings.model_fields:
            raise UsageError(f"There is no setting {name}.", "`weir settings` lists them all.")
        given[name] = value
    common = {
        "bootstrap_servers": bootstrap_servers,
        "application_id": application_id,
        "topic_prefix": topic_prefix,
    }
    return given | {name: value for name, value in common.items() if value is not None}


def with_flags(function: Callable[..., None]) -> Callable[..., None]:
    """Adds the common options to a command; its first parameter is a dict of the options that were given."""
    signature = inspect.signature(function, eval_str=True)
    _, *own = signature.parameters.values()
    common = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in _COMMON.items()
    ]

    @functools.wraps(function)
    def command(**values: Any) -> None:  # noqa: ANN401 -- an option may have any type
        given = flags(**{name: values.pop(name) for name in _COMMON})
        function(given, **values)

    own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    parameters = [*own, *common]
    # Typer reads both attributes.
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def with_settings(function: Callable[..., None]) -> Callable[..., None]:
    """Adds `--bootstrap-servers`, `--application-id`, `--topic-prefix` and `--set` to a command.

    The function's first parameter takes the `Settings` that follow from file, environment and these flags:

        @command.command()
        @with_settings
        def tail(settings: Settings, topic: Annotated[str, typer.Argument()]) -> None: ...
    """

    @functools.wraps(function)
    def command(given: dict[str, str], **values: Any) -> None:  # noqa: ANN401 -- an option may have any type
        function(load(**given), **values)

    return with_flags(command)
