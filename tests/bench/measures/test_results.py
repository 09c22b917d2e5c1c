from __future__ import annotations

from bench.measures.results import table


def test_a_table_is_aligned() -> None:
    assert table(("a", "b"), [("longer", "1"), ("x", "22")]) == (
        "| a      | b  |\n|--------|----|\n| longer | 1  |\n| x      | 22 |\n"
    )
