from pathlib import Path

import pytest

from streams.replay.labels import read_labels
from weir.errors import UsageError

LABEL = '{"visitor_id": "anna", "ts": %s, "label": "bad", "source": "%s"}\n'


def test_labels_come_in_the_order_of_time_and_equal_times_in_the_files(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(LABEL % (20, "late") + "\n" + LABEL % (10, "first") + LABEL % (10.0, "second"))
    assert [label.source for label in read_labels(path)] == ["first", "second", "late"]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("{", "JSON"),
        ('{"visitor_id": "anna", "ts": 1, "label": "ugly", "source": "x"}', "label"),
        ('{"visitor_id": "anna", "label": "bad", "source": "x"}', "ts"),
    ],
)
def test_a_line_that_is_no_label_is_named(tmp_path: Path, line: str, word: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(LABEL % (20, "x") + line)
    with pytest.raises(UsageError, match=rf"Line 2 of .*{word}"):
        read_labels(path)


def test_a_folder_or_nothing_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError, match="Can't read the labels"):
            read_labels(path)
