from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import random
import re
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from streams.intake.choose_format import FormatRequest
from streams.intake.files import Inputs
from streams.intake.line import BadLine, Line
from streams.intake.source import check_source
from tests.streams.intake.layouts.logs import AGENT
from weir.errors import UsageError
from weir.settings import Settings

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

START_S = 1_772_000_000


def log_line(second: int, client: int = 1, path: str = "/a") -> str:
    minute, rest = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    stamp = f"{1 + hour // 24:02}/May/2026:{hour % 24:02}:{minute:02}:{rest:02} +0000"
    return f'203.0.113.{client} - - [{stamp}] "GET {path} HTTP/1.1" 200 5 "-" "{AGENT}"'


def write(path: Path, lines: Sequence[str], pack: Callable[[bytes], bytes] = bytes) -> str:
    path.write_bytes(pack("".join(f"{line}\n" for line in lines).encode()))
    return str(path)


def inputs(*names: str, asked: FormatRequest | None = None) -> Inputs:
    return Inputs(names, asked or FormatRequest(), Settings())


def values(found: Inputs) -> list[bytes]:
    return [line.value for line in found.read() if isinstance(line, Line)]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_packed_files_are_told_by_their_first_bytes(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    name = write(tmp_path / "log", [log_line(second) for second in range(200)], pack)
    assert len(values(inputs(name))) == 200


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_a_damaged_file_is_named(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "log"
    path.write_bytes(pack(b"".join(random.Random(1).randbytes(40).hex().encode() + b"\n" for _ in range(2_000)))[:-40])
    with pytest.raises(UsageError, match=r"log is a damaged (gzip|bzip2|xz|zstd) file"):
        values(inputs(str(path), asked=FormatRequest("events")))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a b c d\n".encode("utf-16"), "UTF-16"),
        ("a b c d\n".encode("utf-16-be"), "UTF-16"),
        ("a b c d\n".encode("utf-16-le"), "UTF-16"),
        ("a b c d\n".encode("utf-32"), "UTF-32"),
        (b"PK\x03\x04....", "zip"),
        (b"access.log".ljust(257, b"\0") + b"ustar  \0\n", "tar"),
        (b"PAR1....", "Parquet"),
    ],
)
def test_what_weir_does_not_read_is_refused_by_name(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "log").write_bytes(content)
    with pytest.raises(UsageError, match=says):
        inputs(str(tmp_path / "log"))


def test_files_are_read_in_order_of_time_whatever_their_names(tmp_path: Path) -> None:
    lines = [log_line(second, 1 + second % 5) for second in range(0, 4_000, 10)]
    parts = {
        "access.log": lines[300:],
        "access.log.1": lines[200:300],
        "access.log.10.gz": lines[:100],
        "b": lines[100:200],
    }
    names = [
        write(tmp_path / name, part, gzip.compress if name.endswith(".gz") else bytes) for name, part in parts.items()
    ]
    assert values(inputs(*names)) == values(inputs(write(tmp_path / "whole", lines)))


def test_a_file_given_twice_or_copied_is_read_once_and_reported(tmp_path: Path) -> None:
    lines = [log_line(second) for second in range(150)]
    name = write(tmp_path / "a.log", lines)
    copy = write(tmp_path / "b.log.gz", lines, gzip.compress)
    longer = write(tmp_path / "c.log", [*lines, log_line(500)])
    found = inputs(name, copy, name, longer)
    assert [(Path(one.name).name, one.copy_of is not None) for one in found.files] == [
        ("a.log", False),
        ("b.log.gz", True),
        ("c.log", False),
        ("a.log", True),
    ]
    assert len(values(found)) == 150 + 151


def test_equal_lines_are_events_of_their_own_and_the_same_in_every_run(tmp_path: Path) -> None:
    name = write(tmp_path / "log", [log_line(1), log_line(2), log_line(1), log_line(1)])
    first = values(inputs(name))
    ids = [json.loads(value)["event_id"] for value in first]
    assert [re.fullmatch(r"[0-9a-f]{16}-(\d)", one)[1] for one in ids] == ["1", "2", "3", "1"]  # type: ignore[index]
    assert len({one.partition("-")[0] for one in ids}) == 2
    assert values(inputs(name)) == first


def test_a_line_from_the_future_keeps_its_place(tmp_path: Path) -> None:
    lines = [log_line(second) for second in range(50)]
    lines[10] = log_line(500_000)
    found = [line for line in inputs(write(tmp_path / "log", lines)).read() if isinstance(line, Line)]
    assert [line.appended_s is not None for line in found].count(True) == 1
    assert next(at for at, line in enumerate(found) if line.appended_s is not None) in {10, 11}


def test_unreadable_lines_are_counted_with_the_first_of_each_reason(tmp_path: Path) -> None:
    found = inputs(write(tmp_path / "log", [log_line(1), "oops", log_line(2), "again", log_line(3)]))
    assert sum(isinstance(line, BadLine) for line in found.read()) == 2
    (file,) = found.files
    assert [(reason.value, count, file.first_of[reason].number) for reason, count in file.unreadable.items()] == [
        ("unreadable_line", 2, 2)
    ]
    assert file.unreadable_share == 0.4
    assert found.unreadable == 2


def test_formats_may_differ_from_file_to_file(tmp_path: Path) -> None:
    log = write(tmp_path / "log", [log_line(10)])
    event = {"event_id": "e1", "visitor_id": "anna", "type": "page_view", "ts": 1_777_593_600}
    own = write(tmp_path / "events.jsonl", [json.dumps(event)])
    found = inputs(log, own)
    assert [file.chosen.name for file in found.files if file.chosen] == ["combined", "events"]
    assert len(values(found)) == 2


def test_a_directory_and_a_missing_file_are_the_callers_mistakes(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a directory"):
        check_source(str(tmp_path))
    with pytest.raises(UsageError, match="no file"):
        inputs(str(tmp_path / "nothing"))


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 3_000), st.integers(1, 4), st.sampled_from(["/a", "/b.css", "/c"])),
        min_size=1,
        max_size=60,
    ),
    st.integers(1, 5),
    st.randoms(use_true_random=False),
)
def test_any_cut_of_a_log_gives_the_same_events_in_the_same_order(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[int, int, str]], parts: int, rng: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    lines = [log_line(*one) for one in sorted(drawn, key=lambda one: one[0])]
    owner = [rng.randrange(parts) for _ in lines]
    names = [
        write(folder / f"part{part}", [line for at, line in enumerate(lines) if owner[at] == part])
        for part in range(parts)
    ]
    # Parts with the same lines are copies of one another, and read once.
    contents = [Path(name).read_bytes() for name in names if Path(name).stat().st_size]
    assume(len(set(contents)) == len(contents))
    rng.shuffle(names)
    whole = values(inputs(write(folder / "whole", lines)))
    assert values(inputs(*names)) == whole


def test_a_pipe_is_read_once_and_whole(tmp_path: Path) -> None:
    lines = [log_line(second) for second in range(5_000)]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=write, args=(pipe, lines))
    writing.start()
    assert len(values(inputs(str(pipe)))) == 5_000
    writing.join()


def test_a_column_that_turns_out_to_be_the_clients_address_costs_its_lines_by_name(tmp_path: Path) -> None:
    proxied = [log_line(second).replace("203.0.113.1", "10.0.0.3") for second in range(150)]
    checks = [f'{line} 0.001 "-"' for line in proxied[:120]]
    people = [f'{line} 0.001 "198.51.100.{n}"' for n, line in enumerate(proxied[120:])]
    found = list(inputs(write(tmp_path / "log", checks + people)).read())
    bad = [line for line in found if isinstance(line, BadLine)]
    assert len(bad) == 30
    assert (
        bad[0].detail
        == "Column 11 is '198.51.100.0', which looks like the client's address, but 10.0.0.3 is a proxy's."
    )
