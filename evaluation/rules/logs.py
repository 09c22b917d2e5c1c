"""An access log: crawlers that say what they are, and every other flag, of which a hundred were read by a person."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path

from evaluation.common.result import EvaluationResult, Figure, ResultTable
from evaluation.rules.data import crawlers, log_events
from evaluation.rules.judge import PatternVerdict, pattern_verdict
from evaluation.rules.reading import READ
from evaluation.rules.share import Share, served
from rules.heuristics.judging import collect_evidence
from rules.heuristics.patterns import Patterns, load_packs
from streams.intake.files import read
from streams.intake.line import BadLine
from streams.replay.sessions import Sessions
from streams.stages import Resources
from weir.contracts.session import Session
from weir.settings import Settings

SAMPLE = 100
SHOWN = 15
SEEN = "flagged lines were read by earlier versions"
_ROBOT = re.compile(r"bot|crawl|spider|slurp", re.IGNORECASE)


def evaluate(data: Path) -> EvaluationResult:
    """Self-declared crawlers are user agents with one of four words, or that match a pattern of crawler-user-agents."""
    patterns = load_packs()
    known = re.compile("|".join(f"(?:{family})" for family in sorted({one.family for one in crawlers()})))
    declared: list[PatternVerdict] = []
    others: list[tuple[int, PatternVerdict]] = []
    lines = 0
    for number, event in log_events(data):
        lines += 1
        verdict = pattern_verdict(patterns, url=event.url, user_agent=event.user_agent, referrer=event.referrer)
        agent = event.user_agent or ""
        if _ROBOT.search(agent) or known.search(agent):
            declared.append(verdict)
        elif verdict.is_flagged:
            others.append((number, verdict))
    sample = sorted(others, key=lambda one: hashlib.sha256(str(one[0]).encode()).digest())[:SAMPLE]
    readings = Counter(READ.get(number, "not read") for number, _ in sample)
    return EvaluationResult(
        title="An access log",
        text=(
            f"{lines:,} lines of a site's access log, line by line. {len(declared):,} are of crawlers that say so: by "
            "the words bot, crawl, spider or slurp, or by a pattern of crawler-user-agents. Of the "
            f"{len(others):,} other lines that are flagged, {len(sample)} were drawn by a hash of the line's number "
            "and read by a person: `right` is an automatic client or an attack, `wrong` is a person's browser, `open` "
            "could be either (no user agent at all, a device's own). Sessions are folded from the same log as a worker "
            "does; those that don't declare themselves have no label, so the share of them is no share of errors."
        ),
        figures=[
            Figure("Self-declared crawlers flagged", sum(one.is_flagged for one in declared) / len(declared), 0.98),
            Figure(
                "Other flags, read by a person: wrong",
                readings["wrong"] / max(len(sample), 1),
                0.1,
                at_least=False,
                places=2,
            ),
        ],
        tables=[
            _sessions(data, patterns, known),
            ResultTable(
                "A hundred other flags, read", ["reading", "lines"], [[k, str(n)] for k, n in readings.most_common()]
            ),
            ResultTable(
                "What flags other lines",
                ["pattern", "lines"],
                [
                    [one, str(n)]
                    for one, n in Counter(i for _, verdict in others for i in verdict.ids).most_common(SHOWN)
                ],
            ),
            ResultTable(
                "Wrong and open ones by line",
                ["reading", "lines"],
                [
                    [kind, ", ".join(str(number) for number, _ in sorted(sample) if READ.get(number) == kind)]
                    for kind in ("wrong", "open")
                ],
            ),
        ],
    )


def _sessions(data: Path, patterns: Patterns, known: re.Pattern[str]) -> ResultTable:
    """Whole sessions with rules over sessions, as they are served."""
    flags: dict[bool, list[bool]] = {True: [], False: []}

    def take(session: Session) -> None:
        agent = session.user_agent or ""
        is_declared = bool(_ROBOT.search(agent) or known.search(agent))
        flags[is_declared].append(collect_evidence(session, patterns).verdict != "allow")

    sessions = Sessions(Resources.from_settings(Settings()), patterns, take)
    for line in read("access-log", str(data / "elastic-apache-logs" / "apache_logs")):
        if not isinstance(line, BadLine):
            sessions.read(line)
    sessions.finish()
    return served(
        ("Recall: whole sessions of self-declared crawlers", Share.of(flags[True]), SEEN),
        ("Other whole sessions of the access log, without labels", Share.of(flags[False]), SEEN),
    )
