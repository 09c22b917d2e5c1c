from __future__ import annotations

import re
from pathlib import Path

import pytest

from rules.heuristics.entries import DECODERS, PatternEntry, SessionRuleEntry
from rules.heuristics.pack import parse_pack
from rules.heuristics.patterns import SHIPPED
from rules.measures import MEASURES

PAGE = (Path(__file__).parents[3] / "docs" / "heuristics.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("written", SHOWN)
def test_a_pack_that_the_page_shows_loads(written: str, tmp_path: Path) -> None:
    (tmp_path / "spammers.txt").write_text("a-domain-of-the-list.example\n")
    pack = parse_pack(str(tmp_path / "shown.yaml"), written)
    assert pack.patterns or pack.rules


def test_the_page_knows_every_name_measure_field_and_pack() -> None:
    for name in {*PatternEntry.model_fields, *SessionRuleEntry.model_fields, *MEASURES, *DECODERS}:
        assert f"`{name}`" in PAGE or f"{name}:" in PAGE, name
    assert all(f"| `{pack.stem}` |" in PAGE for pack in SHIPPED.glob("*.yaml"))
