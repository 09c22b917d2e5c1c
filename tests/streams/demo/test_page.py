from __future__ import annotations

import json

import httpx
import pytest

from streams.demo.page import StatusPage
from streams.demo.picture import Picture

METRICS = "http://127.0.0.1:1/metrics"


def test_the_page_shows_the_newest_picture() -> None:
    with StatusPage(METRICS) as page:
        assert "None yet." in httpx.get(page.address).text
        page.picture = Picture(elapsed_s=3.0, sent=1_234, flags={"block": 7}, lag=0, model="logistic 3")
        shown = httpx.get(page.address)
        assert "1,234" in shown.text
        assert "7 block" in shown.text
        assert METRICS in shown.text
        assert json.loads(httpx.get(f"{page.address}/status.json").text)["flags"] == {"block": 7}


def test_what_visitors_send_is_text_and_no_markup() -> None:
    page = StatusPage(METRICS)
    attack = "<script>alert(1)</script>"
    page.picture = Picture(newest=({"visitor": attack, "verdict": "block", "stage": "heuristics", "why": attack},))
    with page:
        answer = httpx.get(page.address)
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("path", ["/x", "/../../etc/passwd", "/page.html"])
def test_it_serves_nothing_else(path: str) -> None:
    with StatusPage(METRICS) as page:
        assert httpx.get(page.address + path).status_code == 404


def test_it_listens_on_loopback_alone() -> None:
    with StatusPage(METRICS) as page:
        assert page.address.startswith("http://127.0.0.1:")
