"""`python -m bench.measures.console_pictures`: the pictures of the console in the docs, from a running demo."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.support.chromium import chromium
from tests.support.demo import running_demo

FOLDER = Path(__file__).parents[2] / "docs" / "console"
WATCHED_S = 75.0
"""Of demo before the first picture: charts with something in them, and a champion."""
DESK, PHONE = {"width": 1_240, "height": 800}, {"width": 390, "height": 800}


def take(browser: Browser, link: str) -> None:
    """Takes all pictures."""
    with browser.new_page(viewport=DESK) as page:  # type: ignore[arg-type]  # width and height
        page.goto(link)
        origin = link.rpartition("/enter/")[0]
        page.wait_for_timeout(WATCHED_S * 1_000)
        page.screenshot(path=FOLDER / "now.png")
        page.goto(f"{origin}/session?id={most_matched(page)}")
        page.screenshot(path=FOLDER / "session.png", full_page=False)
        for name in ("models", "rules", "system", "events", "dead-letters", "sessions", "audit"):
            page.goto(f"{origin}/{name}")
            page.wait_for_timeout(1_000)
            page.screenshot(path=Path(tempfile.gettempdir()) / f"console-{name}.png")
    for name, scheme, size in (("review-dark", "dark", DESK), ("review-phone", "light", PHONE)):
        with browser.new_page(viewport=size, color_scheme=scheme) as page:  # type: ignore[arg-type]  # as above
            page.goto(f"{origin}/review?queue=open")
            page.screenshot(path=FOLDER / f"{name}.png")


def most_matched(page: Page) -> str:
    """A session in which patterns matched texts."""
    found = json.loads(
        page.evaluate("() => fetch('/sessions?verdict=block&stage=heuristics&format=json').then((one) => one.text())")
    )["sessions"]
    spam = (row for row in found if row["path"] and ("review" in row["path"] or "search" in row["path"]))
    return str(next(spam, found[0])["session_id"])


def main() -> None:
    """Runs a demo, and takes the pictures."""
    FOLDER.mkdir(exist_ok=True)
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch, running_demo(Path(scratch)) as demo, chromium() as browser:
        take(browser, demo.wait_for(r"Console: (http://\S+)")[1])
        demo.interrupt()
    print(f"Pictures of a demo of {time.monotonic() - began_s:.0f} s are in {FOLDER}")  # noqa: T201 -- its output


if __name__ == "__main__":
    main()
