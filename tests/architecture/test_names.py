"""Names are unique in the product, and retired words stay away."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.architecture.rooms import ROOT

PRODUCT = ("weir", "streams", "rules", "models", "evaluation", "bench")
LOOKED_AT = ("weir", "streams", "rules", "models", "docs", "README.md", "CONTRIBUTING.md")
QUOTED = (ROOT / "rules" / "heuristics" / "benign", ROOT / "docs" / "chaos", ROOT / "docs" / "benchmarks")
"""Texts as visitors write them, and reports of runs that lie as they were written."""
SUFFIXES = {".py", ".pxd", ".md", ".html"}
GLOSSARY = ROOT / "docs" / "glossary.md"


def classes(files: Iterable[Path]) -> Mapping[str, list[str]]:
    """Where each public class is defined, by its name."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(f"{file}:{node.lineno}")
    return found


def defined_twice(files: Iterable[Path]) -> Mapping[str, list[str]]:
    """Classes whose name is that of another one."""
    return {name: places for name, places in classes(files).items() if len(places) > 1}


def retired(page: str) -> list[str]:
    """The words in the first column of the table under `Retired words`."""
    _, _, section = page.partition("\n## Retired words\n")
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [word for cell in rows for word in re.findall(r"`([^`]+)`", cell)]


def occurrences(word: str, files: Iterable[Path]) -> Iterator[str]:
    """Where a word stands: a phrase also across lines and at a sentence's beginning, a name with underscores before."""
    words = r"\s+(?:#\s*)?".join(re.escape(part) for part in word.split())
    pattern = re.compile(rf"(?<![A-Za-z0-9])(?<![A-Za-z0-9]_){words}(?!\w)", re.IGNORECASE if " " in word else 0)
    for file in files:
        # Many files, and hardly ever a hit: the line is counted only then.
        text = file.read_text()
        for match in pattern.finditer(text):
            yield f"{file}:{text.count(chr(10), 0, match.start()) + 1}"


def product_modules() -> list[Path]:
    return sorted(file for package in PRODUCT for file in (ROOT / package).rglob("*.py"))


def looked_at() -> list[Path]:
    roots = [ROOT / name for name in LOOKED_AT]
    found = [file for root in roots for file in ([root] if root.is_file() else root.rglob("*"))]
    return sorted(
        file
        for file in found
        if file.suffix in SUFFIXES and file != GLOSSARY and not any(file.is_relative_to(quoted) for quoted in QUOTED)
    )


def test_no_two_public_classes_of_the_product_have_the_same_name() -> None:
    twice = defined_twice(product_modules())
    assert twice == {}


def test_a_class_name_that_is_used_again_is_found(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text("class Place:\n    class Inner: ...\nclass _Own: ...\n")
    assert set(defined_twice(sorted(tmp_path.iterdir()))) == {"Place", "Inner"}


def test_no_retired_word_occurs_in_code_or_documentation() -> None:
    words = retired(GLOSSARY.read_text())
    assert words, "the glossary's table of retired words was not read"
    files = looked_at()
    assert {word: places for word in words if (places := list(occurrences(word, files)))} == {}


@pytest.mark.parametrize(
    ("word", "text", "is_found"),
    [
        ("gone_by", "self._gone_by = 1", True),
        ("gone_by", "long_gone_by = 1", False),
        ("gone_by", "gone_byte = 1", False),
        ("Gone", "class Gone: ...", True),
        ("Gone", "gone, Goner", False),
        ("went away", "# Went\n# away", True),
        ("went away", "went far away", False),
    ],
)
def test_a_word_is_found_as_a_whole_and_a_phrase_across_lines(
    word: str,
    text: str,
    is_found: bool,  # noqa: FBT001 -- a parameter of the test
    tmp_path: Path,
) -> None:
    file = tmp_path / "some.py"
    file.write_text(text)
    assert bool(list(occurrences(word, [file]))) is is_found


def test_the_terms_are_in_alphabetical_order_and_each_says_where_it_comes_from() -> None:
    section = GLOSSARY.read_text().partition("## Terms\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line]
    terms = [line.removeprefix("- **").partition("**")[0] for line in lines]
    assert terms == sorted(terms, key=str.lower)
    assert [line for line in lines if line.count(" \N{EN DASH} ") < 2] == []
