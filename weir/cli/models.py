"""`weir models`: lists versions and decisions, and promotes or rolls back a version without the gate."""

from __future__ import annotations

import getpass
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from models.gate.since import since
from models.serving.ledger import Ledger
from models.serving.snapshot import model_of, record_key, sign
from models.training.rebuild import Rebuilt, rebuild
from streams.train.task import trainer_config
from weir.cli.models_plots import drawn
from weir.cli.models_replay import replay
from weir.cli.options import Json, with_settings
from weir.cli.output import clock_time, print_json, progress, say, show
from weir.contracts.fast import decoder, encode
from weir.contracts.model_record import Champion, Decision, Snapshot
from weir.contracts.training import TrainingExample
from weir.errors import SettingsError
from weir.kafka.reader import read_all
from weir.kafka.records import Output
from weir.kafka.sender import send
from weir.settings import Settings
from weir.topics import MODELS, TRAINING

app = typer.Typer(no_args_is_help=True, help="List, show, promote, roll back and evaluate models.")

By = Annotated[str | None, typer.Option("--by", help="Name of the decision's author; yours unless given.")]
Why = Annotated[str, typer.Option("--why", help="The decision's reason, which is kept with it.")]
_SEND_HINT = "`weir models list` shows the champion; try again when the cluster is reachable."


@app.command("list")
@with_settings
def list_versions(
    settings: Settings,
    *,
    decisions: Annotated[bool, typer.Option("--decisions", help="All decisions, refusals too.")] = False,
    as_json: Json = False,
) -> None:
    """Versions that passed the gate, with the share of the visitors that each scores for; or all decisions."""
    ledger = _ledger(settings)
    if decisions:
        rows = [_decision_row(ledger.decisions[number]) for number in sorted(ledger.decisions)]
        show(rows, ("number", "when", "kind", "version", "by", "why"), as_json=as_json, empty="No decisions yet.")
        return
    show(
        [_version_row(snapshot, ledger) for snapshot in ledger.snapshots.values()],
        ("version", "stage", "visitors", "when", "family", "examples", "learned from", "auc", "log loss"),
        as_json=as_json,
        empty="There is no model yet: sessions are judged without one until there are enough labels.",
    )


@app.command("show")
@with_settings
def show_version(
    settings: Settings,
    *,
    version: Annotated[str, typer.Argument(help="As `list` shows it, or champion.")] = "champion",
    as_json: Json = False,
) -> None:
    """Show one version: its figures at training, its figures since, and the decisions about it.

    The figures since are on the labels of the training topic that came after the version was trained.
    """
    ledger = _ledger(settings)
    snapshot = ledger.version(version)
    about = [one for one in ledger.decisions.values() if snapshot.version in {one.version, one.previous_version}]
    fields = snapshot.model_dump(exclude={"payload", "signature", "kind"})
    later = (example for offset, _, example in _examples(settings) if offset >= snapshot.trained_to_offset)
    known = since(model_of(snapshot), (one for one in later if one.features_version == snapshot.features_version))
    if as_json:
        lived = asdict(known) if known is not None else None
        print_json(fields | {"since": lived, "decisions": [one.model_dump(exclude={"signature"}) for one in about]})
        return
    figures = fields.pop("figures")
    rows = [{"what": name, "value": value} for name, value in (fields | figures).items()]
    show(rows, ("what", "value"), title=f"{snapshot.id} {snapshot.version}")
    if known is not None:
        by = "human labels" if known.by_people else "labels, all weak"
        lived_rows = [{"what": name, "value": value} for name, value in asdict(known.quality).items()]
        show(lived_rows, ("what", "value"), title=f"Since it was trained, on {by}")
    show(map(_decision_row, about), ("number", "when", "kind", "version", "by", "why"), title="Decisions")
    in_order = [ledger.decisions[number] for number in sorted(ledger.decisions)]
    for line in drawn(known, in_order):
        sys.stdout.write(f"{line}\n")


@app.command("promote")
@with_settings
def promote(
    settings: Settings,
    *,
    version: Annotated[str, typer.Argument(help="As `list` shows it.")],
    why: Why,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Make a version champion without the gate; workers use it at once."""
    ledger = _ledger(settings)
    records = ledger.decide("promotion", version, by=by or getpass.getuser(), why=why, at=time.time())
    _publish(settings, records, as_json=as_json)


@app.command("rollback")
@with_settings
def rollback(
    settings: Settings,
    *,
    why: Why,
    to: Annotated[str | None, typer.Option("--to", help="A version; that before the champion unless given.")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Roll the champion back; the earlier champion scores again."""
    ledger = _ledger(settings)
    records = ledger.decide("rollback", to or ledger.before(), by=by or getpass.getuser(), why=why, at=time.time())
    _publish(settings, records, as_json=as_json)


@app.command("evaluate")
@with_settings
def evaluate(settings: Settings, *, as_json: Json = False) -> None:
    """Rebuild the model from the training topic alone, and report its figures.

    Every example is predicted before it is learned. Published versions are compared with the rebuilt ones bit for bit.
    """
    ledger = _ledger(settings)
    rebuilt = rebuild(trainer_config(settings), _examples(settings), ledger.snapshots)
    qualities = {role: quality.figures(role) for role, quality in rebuilt.trainer.qualities().items()}
    if as_json:
        print_json(_as_object(rebuilt, qualities))
        return
    rows = [
        {"role": role} | {name.removeprefix(f"{role}_"): value for name, value in figures.items()}
        for role, figures in qualities.items()
    ]
    columns = ("role", "examples", "bad_share", "auc", "log_loss", "calibration_error", "flagged_share")
    show(rows, columns, title="On the newest window", empty="There are no examples yet.")
    show(map(_decision_row, rebuilt.decisions), ("version", "kind", "why"), title="Gate evaluations", empty="None yet.")
    say(f"{len(rebuilt.equal)} published versions are equal to the rebuilt ones, {len(rebuilt.different)} differ.")


app.command("replay")(replay)


def _as_object(rebuilt: Rebuilt, qualities: dict[str, dict[str, float]]) -> dict[str, object]:
    return {
        "examples": rebuilt.trainer.examples,
        "figures": {name: value for figures in qualities.values() for name, value in figures.items()},
        "meetings": [one.model_dump(exclude={"signature"}) for one in rebuilt.decisions],
        "equal_versions": rebuilt.equal,
        "different_versions": rebuilt.different,
    }


def _publish(settings: Settings, records: tuple[Snapshot, Decision, Champion], *, as_json: bool) -> None:
    key = _key(settings)
    # Signed again, since promotion clears the field `draft`, which the signature covers.
    snapshot, decision, champion = sign(records[0], key), sign(records[1], key), sign(records[2], key)
    outputs = [Output(MODELS, record_key(record).encode(), encode(record)) for record in (snapshot, decision, champion)]
    send(settings, outputs, "the decision", _SEND_HINT)
    if as_json:
        print_json(decision.model_dump(exclude={"signature"}))
    else:
        say(f"Version {decision.version} is champion from now on (decision {decision.number}).")


def _ledger(settings: Settings) -> Ledger:
    ledger = Ledger(_key(settings))
    for record in read_all(settings, MODELS):
        ledger.offer(record.key or b"", record.value)
    if ledger.refused:
        say(f"Skipped {ledger.refused} records of {settings.names.public(MODELS)} that are not signed with this key.")
    return ledger


def _examples(settings: Settings) -> Iterator[tuple[int, float, TrainingExample]]:
    decode = decoder(TrainingExample)
    with progress("learn again", unit="examples") as advance:
        for record in read_all(settings, TRAINING):
            if record.value is not None:
                yield record.offset, record.timestamp / 1_000, decode(record.value)
                advance(1)


def _key(settings: Settings) -> bytes:
    if settings.model_key is None:
        raise SettingsError("WEIR_MODEL_KEY is not set, so no model can be verified.", "Set it to the workers' key.")
    return settings.model_key.get_secret_value().encode()


def _version_row(snapshot: Snapshot, ledger: Ledger) -> dict[str, object]:
    trial = ledger.on_trial
    is_champion = ledger.champion is not None and ledger.champion.version == snapshot.version
    is_tried = trial is not None and trial.version == snapshot.version
    share = trial.share if trial is not None else 0.0
    return {
        "id": snapshot.id,
        "version": snapshot.version,
        "champion": is_champion,
        "stage": "champion" if is_champion else ("share" if share else "shadow") if is_tried else None,
        "visitors": 1.0 - share if is_champion else share if is_tried else 0.0,
        "when": clock_time(snapshot.created_at),
        "family": snapshot.family,
        "examples": snapshot.examples,
        "learned from": snapshot.learned_from,
        "auc": snapshot.figures.get("candidate_auc"),
        "log loss": snapshot.figures.get("candidate_log_loss"),
    }


def _decision_row(decision: Decision) -> dict[str, object]:
    return {
        "number": decision.number,
        "when": clock_time(decision.decided_at),
        "kind": decision.kind,
        "version": decision.version or "none",
        "previous": decision.previous_version,
        "by": decision.decided_by,
        "why": decision.why,
    }
