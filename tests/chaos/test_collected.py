from __future__ import annotations

import json

from tests.chaos.collected import FOLDER, page_of


def test_the_page_of_runs_is_what_their_reports_say() -> None:
    reports = [(path.parent.name, json.loads(path.read_text())) for path in sorted(FOLDER.glob("*/report.json"))]
    assert reports
    assert (FOLDER / "README.md").read_text() == page_of(reports)
