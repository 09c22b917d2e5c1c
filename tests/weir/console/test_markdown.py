from __future__ import annotations

from pathlib import Path

import pytest

from weir.console.markdown import policy_html


def test_the_policy_is_shown_as_markdown(tmp_path: Path) -> None:
    path = tmp_path / "policy.md"
    path.write_text("# What is bad here\n\n- **Scraping** of prices: [why](https://example.org/why)\n")
    html = policy_html(path)
    assert "<h1>What is bad here</h1>" in html
    assert '<strong>Scraping</strong> of prices: <a href="https://example.org/why">' in html


@pytest.mark.parametrize("text", ["<script>x</script>", "[x](javascript:alert(1))", "![x](https://evil.example/x.png)"])
def test_nothing_in_the_policy_runs_or_is_fetched(tmp_path: Path, text: str) -> None:
    path = tmp_path / "policy.md"
    path.write_text(text)
    html = policy_html(path)
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html


def test_a_policy_that_cant_be_read_says_so(tmp_path: Path) -> None:
    assert "can't be read" in policy_html(tmp_path / "nowhere.md")
