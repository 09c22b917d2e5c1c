"""Data sets that others recorded, read from the folder that holds them all; nothing of them is copied."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from pathlib import Path

ELASTIC_LOG = Path("elastic-apache-logs") / "apache_logs"
HTTP_PARAMETERS = Path("payloads") / "http-params" / "payload_train.csv"
LIBINJECTION = Path("payloads") / "libinjection" / "data"


def sms_messages(data: Path) -> list[tuple[str, str]]:
    """Text and label, `ham` or `spam`, of each SMS message, repeated ones included."""
    lines = (data / "sms-spam" / "SMSSpamCollection").read_text(encoding="utf-8").split("\n")
    return [(text, label) for label, tab, text in (row.partition("\t") for row in lines) if tab]


def http_parameters(data: Path) -> list[dict[str, str]]:
    """The rows of the HTTP parameters: `payload`, `label` and `attack_type`, which is `norm` for a normal one."""
    with (data / HTTP_PARAMETERS).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def human_agents(data: Path) -> Counter[str]:
    """Browsers' user agents with their numbers of profiles."""
    with gzip.open(data / "human-user-agents" / "user-agents.json.gz") as file:
        return Counter(profile["userAgent"] for profile in json.load(file))
