"""Hard examples, augmentation, reframing: with and without, on real data."""

from __future__ import annotations

from pathlib import Path
from random import Random
from urllib.parse import unquote_plus

import numpy as np

from evaluation.common.result import EvaluationResult, Figure, ResultTable
from evaluation.models.data import LabelledText, messages, parameters
from evaluation.models.progressive import ProgressiveRun, progressive
from evaluation.models.sessions import CaseFeatures, posts, searches
from models.families.augmented import Augmented
from models.families.base import Model
from models.families.blended_logistic import BlendedLogistic
from models.families.hard_mining import HardMining
from models.gate.quality import recall_at

LEARNED = 10_000
"""Of the HTTP parameters, for augmentation; the rest is tested on."""
SAME_RECALL = 0.98
REFRAMED = 8_000
RATE = 0.001
WRONG = 0.05
"""Share of labels that are wrong, where some are."""
_LONGEST_PAD = 120
_FRAMES = ("each", "one")


def hard_examples(data: Path) -> EvaluationResult:
    """Mining at several rates on SMS, and on SMS with wrong labels."""
    honest = posts(messages(data))
    random = Random(1)
    wrong = [
        CaseFeatures(
            LabelledText(seen.case.text, seen.case.bad != (random.random() < WRONG), seen.case.category),
            seen.features,
            False,
        )
        for seen in honest
    ]
    truth = [seen.case.bad for seen in honest]
    rows = []
    for name, make in (
        ("without", BlendedLogistic),
        ("1 in 100", HardMining),
        ("1 in 20", lambda: HardMining(every=20)),
        ("1 in 20, hardest too", lambda: HardMining(every=20, left_out=0.0)),
    ):
        clean, noisy = progressive(make(), honest), progressive(make(), wrong)
        rows.append(
            [
                name,
                f"{clean.quality.auc:.4f}",
                f"{clean.recall(0.005):.4f}",
                f"{clean.quality.log_loss:.4f}",
                f"{ProgressiveRun(noisy.scores, truth).quality.auc:.4f}",
                f"{recall_at(noisy.scores, truth, 0.005):.4f}",
            ]
        )
    columns = ["replayed", "AUC", "recall at 0.5 %", "log loss", "5 % wrong: AUC", "5 % wrong: recall at 0.5 %"]
    return EvaluationResult(
        title="Hard examples",
        text=(
            "Examples that the model was wrong or unsure about are learned again, one for every so many that come. At "
            "1 in 100 it changes next to nothing, more often it is a gain on clean labels and a loss on wrong ones: it "
            "is not part of the default model, and can be declared (`hard-mining`)."
        ),
        tables=[ResultTable("SMS messages", columns, rows)],
    )


def augmentation(data: Path) -> EvaluationResult:
    """Learns half of the HTTP parameters; meets padded attacks and harmless look-alikes that others recorded."""
    cases = parameters(data)
    tests = _tests(data, cases[LEARNED:])
    learned = searches(cases[:LEARNED])
    rows, figures = [], {}
    for name, model in (("without", BlendedLogistic()), ("with", Augmented(share=0.5))):
        progressive(model, learned)
        scores = {part: np.array([model.predict_one(seen.features) for seen in seen]) for part, seen in tests.items()}
        attacks = np.concatenate([scores["attacks"], scores["padded attacks"]])
        threshold = float(np.quantile(attacks, 1.0 - SAME_RECALL))
        harmless = {part: int((scores[part] >= threshold).sum()) for part in ("normal", "look-alikes", "sentences")}
        half = float((scores["padded attacks"] >= 0.5).mean())  # noqa: PLR2004 -- more likely than not
        figures[name] = (sum(harmless.values()), half)
        rows.append(
            [
                name,
                *(f"{count} of {len(scores[part]):,}" for part, count in harmless.items()),
                f"{float((scores['attacks'] >= 0.5).mean()):.4f}",  # noqa: PLR2004 -- likewise
                f"{half:.4f}",
                f"{float((scores['padded attacks'] >= np.quantile(scores['attacks'], 0.005)).mean()):.4f}",
            ]
        )
    fewer = 1.0 - figures["with"][0] / max(figures["without"][0], 1)
    return EvaluationResult(
        title="Augmentation",
        text=(
            f"{LEARNED:,} HTTP parameters are learned, {len(cases) - LEARNED:,} others met. Attacks come as they are "
            "and between pieces of SMS messages; harmless are the normal parameters, libinjection's list of false "
            "positives, and SMS messages as queries. The model pads with other words than the test does. False "
            f"positives are counted at the threshold that finds {SAME_RECALL:.0%} of all attacks, padded ones included."
        ),
        figures=[
            Figure("Augmentation: fewer false positives at the same recall", fewer, 0.8),
            Figure("Augmentation: recall on padded attacks", figures["with"][1], 0.97),
        ],
        tables=[
            ResultTable(
                "Without and with",
                [
                    "augmentation",
                    "false positives: normal",
                    "look-alikes",
                    "sentences",
                    "recall from 0.5",
                    "padded: recall from 0.5",
                    "padded: recall where 99.5 % of others are found",
                ],
                rows,
            )
        ],
    )


def _tests(data: Path, cases: list[LabelledText]) -> dict[str, list[CaseFeatures]]:
    random = Random(9)
    ham = [case.text for case in messages(data) if not case.bad]
    attacks = [case for case in cases if case.bad]

    def pad() -> str:
        return random.choice(ham)[:_LONGEST_PAD]

    lines = (data / "payloads/libinjection/data/false_positives.txt").read_text(encoding="utf-8", errors="replace")
    alike = dict.fromkeys(unquote_plus(line) for line in lines.splitlines() if line.strip() and line[0] != "#")
    parts = {
        "attacks": attacks,
        "padded attacks": [LabelledText(f"{pad()} {case.text} {pad()}", True, case.category) for case in attacks],
        "normal": [case for case in cases if not case.bad],
        "look-alikes": [LabelledText(text, False, "look-alike") for text in alike],
        "sentences": [LabelledText(text[:200], False, "sentence") for text in ham[:2_000]],
    }
    return {name: searches(found) for name, found in parts.items()}


def reframing(data: Path) -> EvaluationResult:
    """One model that is told which kind is asked for, against a model for each kind."""
    cases = searches(parameters(data)[:REFRAMED])
    kinds = sorted({seen.case.category for seen in cases if seen.case.bad})
    one: Model = BlendedLogistic()
    each: dict[str, Model] = {kind: BlendedLogistic() for kind in kinds}
    scores: dict[str, dict[str, list[tuple[float, bool]]]] = {
        "one": {k: [] for k in kinds},
        "each": {k: [] for k in kinds},
    }
    random = Random(1)
    for seen in cases:
        asked = [seen.case.category] if seen.case.bad else kinds
        for kind in asked:
            scores["one"][kind].append((one.predict_one(_asked(seen, kind)), seen.case.bad))
            scores["each"][kind].append((each[kind].predict_one(seen.features), seen.case.bad))
            each[kind].learn_one(seen.features, bad=seen.case.bad)
        one.learn_one(_asked(seen, random.choice(asked)), bad=seen.case.bad)
    rows = []
    for kind in kinds:
        row = [kind, str(sum(bad for _, bad in scores["one"][kind]))]
        for name in _FRAMES:
            given = scores[name][kind]
            run = ProgressiveRun([score for score, _ in given], [bad for _, bad in given])
            row += [f"{run.quality.auc:.4f}", f"{run.quality.average_precision:.4f}", f"{run.recall(RATE):.3f}"]
        rows.append(row)
    columns = ["kind", "examples"]
    for name in ("a model each", "one model"):
        columns += [f"{name}: AUC", "average precision", "recall at 0.1 %"]
    return EvaluationResult(
        title="Reframing",
        text=(
            f"The first {REFRAMED:,} HTTP parameters. A model for each kind of attack learns that kind and all normal "
            "ones; one model learns all, with the kind that is asked for as a feature. What they have in common, a "
            "kind with few examples gets from the others. The default model is one model for all kinds."
        ),
        tables=[ResultTable("By kind of attack", columns, rows)],
    )


def _asked(seen: CaseFeatures, kind: str) -> dict[str, float | str]:
    return seen.features | {"asked_for": kind}
