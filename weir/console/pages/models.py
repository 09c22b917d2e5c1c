"""Models: champion, challenger, decisions and quality since; and decisions by people over the gate's."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from weir.console import scores
from weir.console.context import Console
from weir.console.deciding import Kind, in_words, records_of
from weir.console.figures import LEAST_ANSWERS, by_examples, learning
from weir.console.pages.shared import Visit, action_id_of, as_json, clean, page, render, see_other, whole_number
from weir.contracts.model_record import Decision, Snapshot
from weir.errors import UsageError, WeirError, WorkError

SHOWN = 50
SEEN_S = 2.0
"""Seconds for which a decision's request waits until the store shows its action."""


def models(console: Console, visit: Visit) -> Response:
    """The page of all models."""
    kept = console.computed.get("scores", console.clock(), lambda: scores.prepared(console.store, console.clock()))
    if console.installation.ledger is None:
        if visit.wants_json:
            raise UsageError("The console has no model key.", "Start it with the workers' WEIR_MODEL_KEY.")
        return render(console, visit, "models.html", kept=kept, least=LEAST_ANSWERS, has_key=False)
    values = _gathered(console, whole_number(visit.query.get("before", "")))
    if visit.wants_json:
        return as_json(_as_object(values))
    return render(
        console,
        visit,
        "models.html",
        kept=kept,
        least=LEAST_ANSWERS,
        has_key=True,
        in_words=in_words,
        drift=console.workers.by_label("weir_drift_detected_total", "name"),
        shown=SHOWN,
        did=visit.query.get("did", ""),
        **values,
    )


def promote(console: Console, visit: Visit) -> Response:
    """Makes a version champion, without the gate."""
    return _decide(console, visit, "promote")


def rollback(console: Console, visit: Visit) -> Response:
    """Rolls the champion back."""
    return _decide(console, visit, "rollback")


def _decide(console: Console, visit: Visit, kind: Kind) -> Response:
    action_id = action_id_of(visit.form)
    installation, key = console.installation, console.settings.model_key
    ledger = installation.ledger
    if ledger is None or key is None:
        raise UsageError(
            "Without the model key nothing can be decided here.", "Start the console with the workers' WEIR_MODEL_KEY."
        )
    if not (console.follower.progress.is_current and installation.wait(0)):
        raise WorkError(
            "The console is still reading the topics.", "Wait until it has reached their end, and send it again."
        )
    with installation.deciding:
        if console.writer.is_done(action_id):
            return see_other("/models", did=action_id)
        with installation.lock:
            action, outputs = records_of(
                ledger,
                key.get_secret_value().encode(),
                kind,
                visit.form.get("version", ""),
                action_id=action_id,
                who=visit.person.name,
                why=clean(visit.form.get("why", "")),
                now_s=console.clock(),
            )
        lies = console.writer.do(action, outputs)
        installation.take_own(outputs)
    if lies is not None:
        (topic, partition), offset = lies
        console.follower.wait_for(topic, partition, offset, SEEN_S)
    return see_other("/models", did=action_id)


def _gathered(console: Console, before: int | None) -> dict[str, Any]:
    """The page's values from the models topic, read while the ledger is locked."""
    installation = console.installation
    ledger = installation.ledger
    if ledger is None:
        return {}
    with installation.lock:
        decisions = list(ledger.decisions.values())
        snapshots = list(ledger.snapshots.values())
        champion, trial, draft = ledger.champion, ledger.on_trial, ledger.draft
        scorer = installation.champion.scorer
        previous = _previous(console)
        refused = ledger.refused
    by_version = {one.version: one for one in snapshots}
    newest = sorted(
        (one for one in decisions if before is None or one.number < before), key=lambda one: one.number, reverse=True
    )
    version = champion.version if champion is not None else ""
    return {
        "champion": champion,
        "snapshot": by_version.get(version) if version else None,
        "scorer": scorer if scorer is not None and scorer.ref.version == version else None,
        "made_by": next((one for one in decisions if champion is not None and one.number == champion.decision), None),
        "trial": trial,
        "tried": by_version.get(trial.version or "") if trial is not None else None,
        "draft": draft,
        "versions": sorted(snapshots, key=lambda one: one.trained_to_offset, reverse=True),
        "decisions": newest[:SHOWN],
        "earlier": newest[SHOWN - 1].number if len(newest) > SHOWN else None,
        "previous": previous,
        "refused": refused,
        "curves": {name: learning(decisions, figure) for name, figure in (("AUC", "auc"), ("Log loss", "log_loss"))},
        "by_examples": {
            name: by_examples(snapshots, figure) for name, figure in (("AUC", "auc"), ("Log loss", "log_loss"))
        },
    }


def _previous(console: Console) -> str | None:
    """The version that a rollback makes champion; None if there is none."""
    ledger = console.installation.ledger
    try:
        found = ledger.before() if ledger is not None else None
    except WeirError:
        return None
    return found if ledger is not None and found in ledger.snapshots else None


def _as_object(values: dict[str, Any]) -> dict[str, object]:
    def snapshot(one: Snapshot | None) -> dict[str, object] | None:
        return one.model_dump(exclude={"payload", "signature", "kind"}) if one is not None else None

    def decision(one: Decision) -> dict[str, object]:
        return one.model_dump(exclude={"signature"})

    trial = values["trial"]
    return {
        "champion": snapshot(values["snapshot"]),
        "trial": trial.model_dump(exclude={"signature", "kind"}) if trial is not None else None,
        "versions": [snapshot(one) for one in values["versions"]],
        "decisions": [decision(one) for one in values["decisions"]],
    }


ROUTES: tuple[BaseRoute, ...] = (
    page("/models", models),
    page("/models/promote", promote, "promote", methods=("POST",)),
    page("/models/rollback", rollback, "rollback", methods=("POST",)),
)
