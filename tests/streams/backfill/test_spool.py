from hypothesis import given
from hypothesis import strategies as st

from streams.backfill.spool import Spool
from weir.kafka.records import LogRecord

records = st.builds(
    LogRecord,
    topic=st.just("weir.events"),
    partition=st.integers(0, 3),
    offset=st.integers(0, 2**40),
    timestamp=st.integers(0, 2**42),
    key=st.none() | st.binary(max_size=8),
    value=st.none() | st.binary(max_size=40),
    headers=st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=5)), max_size=2).map(tuple),
)


@given(st.lists(st.tuples(st.floats(0, 100), records), max_size=30))
def test_records_come_back_whole_and_stably_sorted_by_time(given_records: list[tuple[float, LogRecord]]) -> None:
    with Spool() as spool:
        for ts, record in given_records:
            spool.add(ts, record)
        assert list(spool) == sorted(given_records, key=lambda pair: pair[0])
