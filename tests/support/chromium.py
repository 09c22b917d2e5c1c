"""Debian's Chromium, without a window, driven by Playwright; and the console served to it from this process."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from playwright.sync_api import Browser, Dialog, Page, sync_playwright
from starlette.applications import Starlette

from tests.support.polling import eventually
from weir.broker import HOST, free_port


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; tests that need it are skipped where Debian's package is missing, and fail in CI."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing: install Debian's package chromium")
        pytest.skip("Chromium is not installed (Debian's package chromium)")
    # Its sandbox refuses to run as root, which containers are.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The application on a port of loopback, served from a thread; gives its address."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(app, host=HOST, port=port, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        eventually(lambda: server.started, what="the web server")
        yield f"http://{HOST}:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


class Watched:
    """A page, and everything that went wrong on it: what ran that must not, what the policy refused, what failed."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.on("dialog", self._dialog)
        page.on("console", self._console)
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation', (e) => console.error('POLICY ' + e.violatedDirective"
            " + ' ' + e.blockedURI + ' ' + e.sample))"
        )

    def _dialog(self, dialog: Dialog) -> None:
        self.problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _console(self, message: object) -> None:
        text = str(getattr(message, "text", ""))
        if "POLICY" in text or "Content Security Policy" in text:
            self.problems.append(text)
