from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.features.registry import FEATURES
from weir.cli.reference import FOLDER, PAGES, write
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.metrics import METRICS
from weir.settings import Settings
from weir.topics import Names


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_says_what_is_declared(name: str) -> None:
    assert (FOLDER / name).read_text() == PAGES[name](), "run `python -m weir.cli.reference`"


def test_writing_makes_all_pages(tmp_path: Path) -> None:
    write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(PAGES)


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("metrics.md", {metric.full_name for metric in METRICS}),
        ("topics.md", {name for name, _ in Names("weir", "weir").all()}),
        ("settings.md", set(Settings.model_fields)),
        ("dead-letters.md", set(DeadLetterReason)),
        ("features.md", {feature.name for feature in FEATURES}),
    ],
)
def test_a_page_has_one_line_for_each_thing(page: str, names: set[str]) -> None:
    assert sorted(re.findall(r"^\| `([^`]+)`", PAGES[page](), re.MULTILINE)) == sorted(names)


def test_tables_have_as_many_cells_in_each_line() -> None:
    for page in PAGES.values():
        for table in re.findall(r"(?:^\|.*\n)+", page(), re.MULTILINE):
            assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_links_lead_to_files() -> None:
    for page in PAGES.values():
        for target in re.findall(r"\]\(([^)]+)\)", page()):
            assert (FOLDER / target).exists(), target


def test_no_page_shows_a_secret() -> None:
    assert "**" not in PAGES["settings.md"]()
