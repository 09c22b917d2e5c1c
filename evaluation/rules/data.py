"""Data that others recorded, each case with the name by which it is found again: nothing of it is copied."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]  # has no types

from evaluation.common.data_sets import ELASTIC_LOG, HTTP_PARAMETERS, LIBINJECTION, http_parameters, sms_messages
from streams.intake.files import read
from streams.intake.line import BadLine
from weir.contracts import Event
from weir.contracts.fast import decode_event

HALVES = 2
SEARCH = "/search?q="


@dataclass(frozen=True, slots=True)
class LabelledUrl:
    """A URL with its label."""

    name: str
    """File and line."""
    text: str
    """As recorded."""
    url: str
    kind: str
    """`norm`, or the kind of attack."""
    source: str

    @property
    def is_held_out(self) -> bool:
        """Whether it is of the half that was not read while the first rules were written."""
        return is_held_out(self.text)


@dataclass(frozen=True, slots=True)
class Agent:
    """A crawler's user agent, as the package that knows it gives it as an example."""

    family: str
    """The package's own pattern."""
    user_agent: str


def is_held_out(text: str) -> bool:
    """The half that a text belongs to, by a hash. The first rules were written while reading one half only."""
    return int(hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(), 16) % HALVES == 1


def parameters(data: Path) -> list[LabelledUrl]:
    """HTTP parameters, each as the value of a search, percent-encoded as a browser would."""
    return [
        LabelledUrl(
            f"row {row}",
            one["payload"],
            SEARCH + quote(one["payload"], safe=""),
            one["attack_type"],
            HTTP_PARAMETERS.stem,
        )
        for row, one in enumerate(http_parameters(data), 1)
    ]


def injections(data: Path) -> Iterator[LabelledUrl]:
    """Libinjection's strings, which are encoded already; `&` and `#` would end the value that they are."""
    for file in sorted((data / LIBINJECTION).glob("*.txt")):
        kind = "norm" if file.stem == "false_positives" else "xss" if "xss" in file.stem else "sqli"
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").split("\n"), 1):
            text = line.rstrip("\r")
            if text and not text.startswith("#"):
                url = SEARCH + text.replace("&", "%26").replace("#", "%23")
                yield LabelledUrl(f"{file.stem} {number}", text, url, kind, file.stem)


def crawlers() -> list[Agent]:
    """The examples of the package crawler-user-agents."""
    return [Agent(one["pattern"], agent) for one in CRAWLER_USER_AGENTS_DATA for agent in one.get("instances", ())]


def messages(data: Path) -> list[tuple[str, bool]]:
    """Distinct SMS messages, each with whether it is spam."""
    return list({text: (text, label == "spam") for text, label in sms_messages(data)}.values())


def spam_domains(data: Path) -> list[str]:
    """Domains that are known for referrer spam."""
    lines = (data / "referrer-spam" / "spammers.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip()]


def log_events(data: Path) -> Iterator[tuple[int, Event]]:
    """The access log's events with their lines' numbers."""
    for number, line in enumerate(read("access-log", str(data / ELASTIC_LOG)), 1):
        if not isinstance(line, BadLine):
            yield number, decode_event(line.value)
