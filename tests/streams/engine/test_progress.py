from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.progress import InputPosition, Progress, decode, encode
from weir.errors import WorkError

places = st.builds(InputPosition, st.text(), st.integers(0, 2**62), st.integers(0, 2**62))


@given(st.builds(Progress, st.dictionaries(st.text(), places, max_size=3), st.binary()))
def test_a_progress_record_survives_the_state_topic(progress: Progress) -> None:
    assert decode(encode(progress)) == progress


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b'{"inputs": {"a": 1}}'])
def test_what_is_no_progress_record_is_refused_in_a_sentence(value: bytes) -> None:
    with pytest.raises(WorkError, match="progress record"):
        decode(value)


def test_only_a_checkpoint_behind_the_outputs_leaves_something_to_fold_again() -> None:
    assert Progress({"events": InputPosition("id", next=9, checkpoint=4)}).has_tail
    assert not Progress({"events": InputPosition("id", next=9, checkpoint=9)}).has_tail
