from __future__ import annotations

import json
from pathlib import Path

from streams.demo.truth import TruthFiles
from streams.demo.visitor import Kind, Visitor

AGENT = "Mozilla/5.0"


def test_each_visitor_stands_once_in_the_file_of_its_kind(tmp_path: Path) -> None:
    visitors = [Visitor(f"{kind}-{number}", kind, "192.0.2.1", AGENT) for kind in Kind for number in range(2)]
    with TruthFiles(tmp_path / "truth") as truth:
        for visitor in visitors + visitors:
            truth.add(visitor)
        assert truth.kinds == {visitor.visitor_id: visitor.kind for visitor in visitors}
    for kind in Kind:
        lines = [json.loads(line) for line in (tmp_path / "truth" / f"{kind}.jsonl").read_text().splitlines()]
        bad = kind is not Kind.SHOPPER
        assert lines == [{"visitor_id": f"{kind}-{number}", "kind": kind, "bad": bad} for number in range(2)]
