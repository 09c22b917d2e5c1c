"""The page of analyses in a real browser: its charts are drawn, its numbers can be read, and everybody can use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("duckdb")
pytest.importorskip("deltalake")

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.support.chromium import Watched, chromium, served
from tests.support.console import console_at_hand
from tests.support.tables import write_shop
from weir.console.analyses import Analyses
from weir.tables.queries import named_queries

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.mark.parametrize("width", [1_280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_analyses_show_charts_and_numbers_to_everybody(
    tmp_path: Path, browser: Browser, scheme: str, width: int
) -> None:
    root = tmp_path / "tables"
    write_shop(root)
    with (
        console_at_hand(tmp_path / "console", table_uri=str(root)) as made,
        served(made.app) as address,
        browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}) as context,  # type: ignore[arg-type]  # one of its words
    ):
        made.console.analyses = Analyses(str(root), patience_s=60)
        watched = Watched(context.new_page())
        page = watched.page
        page.goto(f"{address}/analyses")
        page.click("text=Funnel by day")
        page.wait_for_selector("svg.chart")
        assert page.locator("svg.chart").count() == 3
        assert page.locator("svg.chart path.c-interval").first.is_visible()
        assert "0.429" in page.inner_text("main table")
        assert not page.locator("pre.sql").is_visible()
        page.click("text=The SQL")
        assert "wilson_low(carted, viewed)" in page.inner_text("pre.sql")
        found = []
        for path in ("/analyses", *(f"/analyses/{one.name}" for one in named_queries())):
            page.goto(address + path)
            found += [
                f"{path}: {one['id']}: {one['nodes'][0]['html']}" for one in Axe().run(page).response["violations"]
            ]
            too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert too_wide <= 0, path
        assert not found, "\n".join(found)
        assert not watched.problems
