"""The analysts' page: its snippets run, and the answers of the named queries are what it shows.

`python -m tests.docs.test_analysts` writes the answers into the page.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("duckdb")
pytest.importorskip("deltalake")

from tests.support.command import weir
from tests.support.tables import write_shop
from weir.tables.queries import named_queries

PAGE = Path(__file__).parents[2] / "docs" / "analysts.md"
SNIPPETS = re.findall(r"^```python (\([a-z]+\))\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
WRITTEN = re.compile(r"(?<=test_analysts`\. -->\n).*?(?=<!-- End -->)", re.DOTALL)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tables")
    write_shop(root)
    return root


def answers(root: Path) -> str:
    """A part of the page for each named query."""
    parts = []
    for query in named_queries():
        shown = weir("query", query.name, "--table", str(root))
        assert shown.code == 0, shown.err
        rows = "\n".join(line.rstrip() for line in shown.out.splitlines())
        parts.append(f"### {query.name}\n\n{query.answers} {query.reading}\n\n```text\n{rows}\n```\n\n")
    return "\n" + "".join(parts)


def test_the_page_shows_the_answers_of_the_named_queries(shop: Path) -> None:
    assert WRITTEN.findall(PAGE.read_text()) == [answers(shop)], "run `python -m tests.docs.test_analysts`"


@pytest.mark.parametrize("snippet", [code for note, code in SNIPPETS if note == "(run)"])
def test_a_snippet_runs(shop: Path, snippet: str) -> None:
    exec(snippet, {"tables": str(shop)})


def test_every_snippet_says_whether_it_is_run() -> None:
    assert [note for note, _ in SNIPPETS].count("(run)") == 2
    assert {note for note, _ in SNIPPETS} == {"(run)", "(shown)"}
    assert PAGE.read_text().count("```python") == len(SNIPPETS)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        write_shop(Path(folder))
        PAGE.write_text(WRITTEN.sub(lambda _: answers(Path(folder)), PAGE.read_text()))
