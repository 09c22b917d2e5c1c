from __future__ import annotations

import json

from bench.measures.load import TOOL_EVERY, event
from weir.contracts import Event


def test_the_traffic_is_of_events_that_are_accepted_and_one_visitor_in_ten_is_a_tool() -> None:
    events = [event(visitor, visitor, 1_767_225_600.5) for visitor in range(2 * TOOL_EVERY)]
    read = [Event.model_validate_json(value) for _, value in events]
    assert [key.decode() for key, _ in events] == [one.visitor_id for one in read]
    assert sum("sqlmap" in (one.user_agent or "") for one in read) == 2
    assert len({json.loads(value)["ip"] for _, value in events}) == len(events)
