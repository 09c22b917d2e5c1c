"""The kinds of rule files. A file's kind follows from the sections that only one kind has."""

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
"""Packs come first, since a pack may have a section `rules` too."""
_NAMES: Mapping[Kind, str] = {"pack": "a pack", "limits": "a file of limits", "business": "business rules"}
_SETTINGS: Mapping[Kind, str] = {
    "pack": "pack_files names packs, and `weir rules` is about them",
    "limits": "limits_file names it, and `weir limits` is about it",
    "business": "business_rules_file names them, and `weir business` is about them",
}


def kind_of(document: Document | Problem) -> Kind | None:
    """The kind of a file; None if it has no section of a known kind."""
    if isinstance(document, Problem) or not isinstance(document.value, dict):
        return None
    sections = document.value.keys()
    return next((kind for kind, own in _SECTIONS.items() if not own.isdisjoint(sections)), None)


def another_kind(document: Document, wanted: Kind) -> list[Problem]:
    """The problem that a file is of another kind than `wanted`; empty if the file is of the wanted kind or of none."""
    found = kind_of(document)
    if found is None or found == wanted:
        return []
    is_not = {"pack": "no pack", "limits": "no file of limits", "business": "no business rules"}[wanted]
    return [document.problem(f"The file is {_NAMES[found]}, and {is_not}.", f"The setting {_SETTINGS[found]}.")]
