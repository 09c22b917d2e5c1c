"""What is declared of each layout: its sample reads well, and is of no other layout that would read it differently."""

from __future__ import annotations

import pytest

from streams.intake.choose_format import FormatRequest, choose
from streams.intake.formats.registry import FORMATS, LAYOUTS
from streams.intake.layouts.clients import Trusted
from streams.intake.layouts.layout import JsonLayout, Layout
from tests.streams.intake.layouts.logs import AGENT, event_of

UNNAMED = {"common", "haproxy", "haproxy-captures"}
"""Layouts without a user agent."""


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_its_sample_names_client_time_and_what_was_asked_for(layout: Layout | JsonLayout) -> None:
    event = event_of(layout.name, layout.sample)
    assert event["ip"] in {"203.0.113.9", "203.0.113.5", "198.51.100.7"}
    assert 1779012303.0 <= event["ts"] < 1779012304.0
    assert (event["method"], event["status"]) == ("GET", 200)
    assert event["url"].startswith("/")
    assert event.get("user_agent") == (None if layout.name in UNNAMED else AGENT)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_file_of_it_is_told_from_all_others_by_looking(layout: Layout | JsonLayout) -> None:
    head = [(number, layout.sample.encode()) for number in range(1, 6)]
    chosen = choose("file", head, FormatRequest(), Trusted())
    assert chosen is not None
    assert (chosen.name, chosen.fitting, chosen.looked_at) == (layout.name, 5, 5)


@pytest.mark.parametrize("name", [name for name, one in FORMATS.items() if one.sample and not one.layout])
def test_the_sample_of_a_format_is_told_by_looking(name: str) -> None:
    lines = FORMATS[name].sample.splitlines()
    chosen = choose(
        "file", [(number, line.encode()) for number, line in enumerate(lines, 1)], FormatRequest(), Trusted()
    )
    assert chosen is not None
    assert chosen.name == name
