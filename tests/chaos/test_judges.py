from __future__ import annotations

import pickle

from tests.chaos.oracle.answering import expected_answers
from tests.chaos.oracle.compare_flags import spoken_of
from tests.chaos.oracle.judging import JudgeShare
from tests.chaos.oracle.labels import sort_labels
from tests.chaos.oracle.placing import partition_of
from tests.chaos.oracle.records import Record, Settings
from tests.chaos.oracle.shares import Share


def test_what_judges_a_share_can_be_sent_to_another_process() -> None:
    settings = Settings(human_sources=("human:ann",))
    value = b'{"visitor_id": "v", "label": "bad", "source": "human:ann", "ts": 1.0}'
    label = Record("weir.labels", partition_of(b"v", settings.partitions), 0, b"v", value, (), 1_000)
    spoken = spoken_of(expected_answers(sort_labels([label], settings), settings))
    assert spoken
    judge = JudgeShare(settings, judges_patterns=False, book=None, spoken=spoken)
    lost = Record("weir.sessions", 0, 0, b"v", b'{"session_id": "s"}', (("partition", b"0"), ("offset", b"0")))
    again: JudgeShare = pickle.loads(pickle.dumps(judge))
    (difference,), _ = again(Share({}, [lost], []))
    assert difference == "Unexplained: session s has 1 records; no event of the log opened it."
