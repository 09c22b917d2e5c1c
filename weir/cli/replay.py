"""`weir replay`: processes files with the workers' code, without Kafka."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from rules.heuristics.own_pack_check import check_own_pack
from streams.intake.files import Inputs
from streams.replay.labels import read_labels
from streams.replay.plots import check_plots
from streams.replay.report import check_report, write_report
from streams.replay.run import Replay
from streams.replay.sinks import FileSink
from streams.replay.summary import ReplaySummary
from streams.stages import Resources
from weir.cli.input_files import (
    ALLOWED,
    AllowUnreadable,
    LineFormat,
    LogFormat,
    check_readable,
    open_inputs,
    say_problems,
)
from weir.cli.input_files import as_json as inputs_as_json
from weir.cli.options import Json, with_flags
from weir.cli.output import print_json, progress
from weir.cli.replay_summary import show_summary
from weir.cli.replay_tables import check_tables, replay_tables, say_tables
from weir.errors import UsageError
from weir.kafka.records import LogRecord
from weir.settings import Settings, load
from weir.topics import DEAD_LETTER, FLAGS, LATE, LIMITS, SCORES, SESSIONS, Topic

command = typer.Typer()
PROGRESS_EVERY = 500


def _output(topic: str, *names: str) -> Any:  # noqa: ANN401 -- as typer has it
    return typer.Option(*names, help=f"Write the records of {topic} here, one a line.", rich_help_panel="Output files")


@command.command()
@with_flags
def replay(  # noqa: PLR0913 -- one parameter an option
    flags: dict[str, str],
    *,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Files to read; - is standard input.")],
    line_format: LineFormat = None,
    log_format: LogFormat = None,
    allow_unreadable: AllowUnreadable = ALLOWED,
    labels: Annotated[Path | None, typer.Option(help="Labels to learn from, JSON lines.")] = None,
    sessions: Annotated[Path | None, _output("sessions")] = None,
    flags_file: Annotated[Path | None, _output("flags", "--flags")] = None,
    scores: Annotated[Path | None, _output("scores")] = None,
    limits: Annotated[Path | None, _output("limits")] = None,
    late: Annotated[Path | None, _output("late")] = None,
    dead_letters: Annotated[Path | None, _output("dead-letter")] = None,
    table: Annotated[
        str | None,
        typer.Option(
            "--table",
            metavar="FOLDER",
            help="Write sessions, flags, late events, labels and examples as Delta tables in this folder.",
            rich_help_panel="Output files",
        ),
    ] = None,
    append: Annotated[
        bool,
        typer.Option(
            "--append",
            help="Add rows to the folder's tables; a file that is replayed twice gives its rows twice.",
            rich_help_panel="Output files",
        ),
    ] = False,
    report: Annotated[Path | None, typer.Option(help="Write an HTML page with figures and plots here.")] = None,
    gap: Annotated[float | None, typer.Option(help="Seconds of silence after which a session ends.")] = None,
    grace: Annotated[
        float | None, typer.Option(help="Seconds after a session's end for which late events count.")
    ] = None,
    anomaly: Annotated[
        bool,
        typer.Option("--anomaly", help="Add to scores how unusual each closed session is; takes two seconds longer."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Run files through all stages without Kafka: to try Weir on yesterday's log before deploying it."""
    settings = replay_settings(flags, gap, grace, anomaly=anomaly)
    if report is not None:
        check_plots()
        check_report(report)
    answers = read_labels(labels) if labels else []
    inputs = open_inputs(files, line_format, log_format, settings, quiet=as_json)
    paths = {
        SESSIONS: sessions,
        FLAGS: flags_file,
        SCORES: scores,
        LIMITS: limits,
        LATE: late,
        DEAD_LETTER: dead_letters,
    }
    started_s = time.time()
    resources = Resources.from_settings(settings, now=lambda: started_s, check_own=check_own_pack)
    # Tables first: if their folder is refused, the output files of an earlier replay must still exist.
    with replay_tables(table, settings, is_append=append) as tables, FileSink(paths) as sink:

        def write(topic: Topic, record: LogRecord) -> None:
            sink(topic, record)
            if tables is not None:
                tables(topic, record)

        work = Replay(resources, answers, write, started_s)
        summary = run(work, inputs, started_s)
    if report is not None:
        write_report(report, summary, work.figures, files)
    if as_json:
        rows = {} if tables is None else {"tables": tables.rows}
        print_json(summary.model_dump() | {"inputs": inputs_as_json(inputs)} | rows)
    else:
        show_summary(summary)
        say_problems(inputs, summary.taken, summary.events.get("late", 0))
        say_tables(tables, table)
    check_tables(tables, table)
    check_readable(inputs, allow_unreadable)


def replay_settings(
    flags: dict[str, str], gap: float | None, grace: float | None, *, anomaly: bool = False
) -> Settings:
    """The settings in force, with the changes for a replay.

    Without a model key a random key is used, since snapshots end with the replay. Half-space trees are on only with
    `anomaly`, since the import of River takes longer than a short replay.
    """
    settings = load(**{"gap_s": gap, "grace_s": grace} | flags)
    own: dict[str, Any] = {"anomaly": anomaly}
    if settings.model_key is None:
        own["model_key"] = SecretStr(secrets.token_hex(32))
    return settings.model_copy(update=own)


def run(work: Replay, inputs: Inputs, started_s: float) -> ReplaySummary:
    """Reads all lines, with a progress bar.

    Raises:
        UsageError: the input has no lines.
    """
    count = 0
    with progress("replay", unit="lines") as advance:
        for count, line in enumerate(inputs.read(), 1):
            work.read(line)
            if count % PROGRESS_EVERY == 0:
                advance(PROGRESS_EVERY)
        advance(count % PROGRESS_EVERY)
        if not count:
            raise UsageError("The input has no lines.", "Check the file and its --format.")
        return work.finish(time.time() - started_s)
