"""The kinds of rule files, told by the sections that one alone has: who mixes them up should read one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from rules.document import Document
from rules.problems import Problem

Kind = Literal["pack", "limits", "business"]

_SECTIONS: Mapping[Kind, frozenset[str]] = {
    "pack": frozenset({"pack", "patterns"}),
    "limits": frozenset({"budgets", "distinct", "networks", "addresses"}),
    "business": frozenset({"rules", "allow", "deny", "ceiling", "segments"}),
}
"""Rules are a pack's, too, so packs are looked for first."""
_NAMES: Mapping[Kind, str] = {"pack": "a pack", "limits": "a file of limits", "business": "business rules"}
_SETTINGS: Mapping[Kind, str] = {
    "pack": "pack_files names packs, and `weir rules` is about them",
    "limits": "limits_file names it, and `weir limits` is about it",
    "business": "business_rules_file names them, and `weir business` is about them",
}


def kind_of(document: Document | Problem) -> Kind | None:
    """What a file is; None where no section tells."""
    if isinstance(document, Problem) or not isinstance(document.value, dict):
        return None
    sections = document.value.keys()
    return next((kind for kind, own in _SECTIONS.items() if not own.isdisjoint(sections)), None)


def another_kind(document: Document, wanted: Kind) -> list[Problem]:
    """That a file is another kind of rules than it is taken for, if so."""
    found = kind_of(document)
    if found is None or found == wanted:
        return []
    is_not = {"pack": "no pack", "limits": "no file of limits", "business": "no business rules"}[wanted]
    return [document.problem(f"It is {_NAMES[found]}, and {is_not}.", f"The setting {_SETTINGS[found]}.")]
