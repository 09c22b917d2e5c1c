"""`weir workflow`: runs or exports graphs of steps, such as the retraining of a model."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from weir.cli.options import Json, with_settings
from weir.cli.output import print_json, say
from weir.errors import UsageError, WorkError
from weir.settings import Settings
from weir.tables.extra import check_extra

if TYPE_CHECKING:
    from streams.workflow.declaration import Workflow
    from streams.workflow.run import StepResult

app = typer.Typer(no_args_is_help=True, help="Run or export a workflow, and publish its candidate.")
FOLDER = Path("deploy/workflows")
_Named = Annotated[str, typer.Argument(metavar="WORKFLOW", help="A name in deploy/workflows, or a YAML file.")]
_Replace = Annotated[
    list[str] | None, typer.Option("--replace", metavar="STEP=COMMAND", help="Another command for a step; repeat.")
]


@app.command()
@with_settings
def run(  # noqa: PLR0913 -- one parameter an option
    settings: Settings,
    *,
    workflow: _Named,
    table: Annotated[
        str | None, typer.Option("--table", metavar="URI", help="Folder or object store; table_uri unless given.")
    ] = None,
    folder: Annotated[Path, typer.Option("--folder", help="Where results are kept.")] = Path("build/workflow"),
    replace: _Replace = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Steps that run at once.")] = min(4, os.cpu_count() or 1),
    fresh: Annotated[
        bool, typer.Option("--fresh", help="After an unfinished run, begin with the tables' newest version.")
    ] = False,
    keep: Annotated[
        int, typer.Option(min=1, help="Results of each step to keep; older ones are removed after the run.")
    ] = 5,
    publish: Annotated[
        bool, typer.Option("--publish", help="Write the candidate to Kafka, if it passed the gate.")
    ] = False,
    dot: Annotated[bool, typer.Option("--dot", help="Print the graph for Graphviz.")] = False,
    as_json: Json = False,
) -> None:
    """Run a workflow here. Steps that ran before on the same inputs are not run again.

    After a run that failed or was killed, the next run continues where it ended.
    """
    if as_json and dot:
        raise UsageError("--json and --dot are both given.", "Choose one of them.")
    declared = _declared(workflow, replace or ())
    root = table or settings.table_uri
    if "table" in declared.given and not root:
        raise UsageError("The tables' folder or store is not set.", "Name it by --table or the setting table_uri.")
    check_extra("A workflow's run")
    from streams.workflow.content import setting_values  # noqa: PLC0415 -- `--help` needs no workflow
    from streams.workflow.picture import as_dot, as_text  # noqa: PLC0415 -- only this command needs it
    from streams.workflow.run import Run  # noqa: PLC0415 -- likewise
    from streams.workflow.store import Store  # noqa: PLC0415 -- likewise

    given = {"table": root or ""} | setting_values(declared, settings)
    this_run = Run(declared, given, Store(folder / declared.name), jobs=jobs, is_fresh=fresh, keep=keep, report=say)
    results = this_run.run()
    if as_json:
        for result in results:
            print_json(_as_object(result))
    else:
        sys.stdout.write((as_dot if dot else as_text)(declared, this_run.results) + "\n")
    failed = [result for result in results if result.state == "failed"]
    if failed:
        raise WorkError(failed[0].why, f"{failed[0].hint} Run it again: results of finished steps are kept.".strip())
    candidate = next((result.paths["candidate"] for result in results if "candidate" in result.paths), None)
    if candidate is None:
        if publish:
            raise UsageError(f"The workflow {declared.name} makes no candidate.", "Leave out --publish.")
        return
    _say_decision(candidate)
    if publish:
        _publish(settings, candidate)


@app.command("publish")
@with_settings
def publish_candidate(
    settings: Settings, *, candidate: Annotated[Path, typer.Argument(help="The file candidate.json of a run.")]
) -> None:
    """Sign a candidate that passed the gate, and write it to the models topic, for the trainer."""
    _publish(settings, candidate)


@app.command()
def export(
    *,
    workflow: _Named,
    to: Annotated[Literal["argo"], typer.Option("--to", help="The system to export for.")] = "argo",
    replace: _Replace = None,
) -> None:
    """Print a workflow as a manifest of Argo Workflows."""
    from streams.workflow.argo import to_argo  # noqa: PLC0415 -- only this command needs it

    del to  # there is one system so far
    sys.stdout.write(to_argo(_declared(workflow, replace or ())))


def _declared(name: str, replaced: Sequence[str]) -> Workflow:
    from streams.workflow.declaration import load_workflow  # noqa: PLC0415 -- `--help` needs no YAML

    declared = load_workflow(_file(name))
    for pair in replaced:
        step, equals, command = pair.partition("=")
        if not equals:
            raise UsageError(
                f"--replace {pair} is not of the form STEP=COMMAND.", 'For example: train="python my_train.py".'
            )
        declared = declared.replace(step, command)
    return declared


def _file(name: str) -> Path:
    if name.endswith((".yaml", ".yml")):
        return Path(name)
    root = Path(__file__).parents[2]
    found = [one / FOLDER / f"{name}.yaml" for one in (Path(), root) if (one / FOLDER / f"{name}.yaml").is_file()]
    if not found:
        raise UsageError(f"There is no workflow {name} in {FOLDER}.", "Name a YAML file.")
    return found[0]


def _as_object(result: StepResult) -> dict[str, object]:
    return {
        "step": result.name,
        "state": result.state,
        "seconds": round(result.seconds, 3),
        "attempts": result.attempts,
        "why": result.why or None,
        "outputs": {name: str(path) for name, path in result.paths.items()},
    }


def _say_decision(candidate: Path) -> None:
    from streams.workflow.candidate import read_candidate  # noqa: PLC0415 -- imports the models

    found = read_candidate(candidate)
    say(f"The gate {'accepts the candidate' if found.passed else 'refuses the candidate'}. {found.why}")
    say(f"The candidate is {candidate}.")


def _publish(settings: Settings, path: Path) -> None:
    from streams.workflow.candidate import read_candidate, signed_record  # noqa: PLC0415 -- imports the models
    from weir.kafka.sender import send  # noqa: PLC0415 -- imports Kafka's client

    key = settings.model_key.get_secret_value().encode() if settings.model_key is not None else None
    version, output = signed_record(read_candidate(path), key)
    send(settings, [output], "the candidate")
    say(
        f"Version {version} is published. The trainer puts it into shadow with the next example that it reads, "
        "or refuses it: `weir models list --decisions` shows which and why."
    )
