"""The samples of `docs/formats.md` read well, each in the format under which it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streams.intake.files import read
from streams.intake.formats.registry import FORMATS
from streams.intake.line import BadLine, Line

PAGE = (Path(__file__).parents[2] / "docs/formats.md").read_text()
SAMPLES = dict(re.findall(r"^### (\S+)\n(?:(?!^### ).*\n)*?```text\n((?:.*\n)+?)```", PAGE, re.MULTILINE))


def test_every_format_that_has_a_sample_is_on_the_page_with_it() -> None:
    assert {name for name, one in FORMATS.items() if one.sample} <= SAMPLES.keys()
    assert {"snowplow", "segment", "posthog", "ga4"} <= SAMPLES.keys()


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("is_named", [True, False])
def test_a_sample_on_the_page_is_read_as_what_it_stands_under(tmp_path: Path, name: str, is_named: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    (tmp_path / "sample").write_text(SAMPLES[name])
    lines = list(read(name if is_named else None, str(tmp_path / "sample")))
    assert lines
    assert [line for line in lines if isinstance(line, BadLine)] == []
    assert all(isinstance(line, Line) and line.ts > 1_500_000_000 for line in lines)
