"""Business rules as their writers write them, for tests."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from rules.business.files import check_business_rules
from rules.business.rules import BusinessRules, load_business_rules
from weir.networks import Network


def document(*rules: dict[str, Any]) -> str:
    """A file's text; what a rule must say besides is filled in."""
    rest = {"owner": "shop", "reason": "Because the test says so."}
    return yaml.safe_dump({"version": "1", "rules": [rest | rule for rule in rules]}, sort_keys=False)


def business_rules(*rules: dict[str, Any]) -> BusinessRules:
    """Loaded; they must be well."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rules.yaml"
        file.write_text(document(*rules))
        return load_business_rules(file)


def business_file(sections: Mapping[str, Any], networks: Sequence[Network] = ()) -> BusinessRules:
    """Loaded from a file of these sections; they must be well."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rules.yaml"
        file.write_text(yaml.safe_dump({"version": "1", **sections}, sort_keys=False))
        return load_business_rules(file, networks)


def problems(text: str) -> list[str]:
    """What is wrong with a file of this text: line and sentence."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rules.yaml"
        file.write_text(text)
        return [f"{problem.line}: {problem.message} {problem.hint}" for problem in check_business_rules(file)[1]]
