from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.heuristics.pack import Pack
from rules.heuristics.patterns import Patterns
from streams.packs.ledger import PackLedger
from streams.packs.library import LostPatterns, PackLibrary
from tests.support.packs import a_pack, version_of
from weir.contracts import CurrentPack
from weir.contracts.fast import encode
from weir.kafka.records import Output

FILE = a_pack({})
ONE, TWO = (a_pack({"weight": weight}) for weight in (0.5, 0.6))
CLASHING = a_pack({}, pack="theirs")
ELSEWHERE = a_pack({"id": "mine/other"})


def library(*files: Pack, is_live: bool = True) -> PackLibrary:
    made = PackLibrary(Patterns(files or (FILE,)))
    if is_live:
        assert made.current
    return made


def put(library: PackLibrary, *packs: Pack) -> None:
    """Publishes them one after another, as `weir rules publish` does."""
    ledger = PackLedger()
    for at, pack in enumerate(packs):
        for output in ledger.publish(version_of(pack), "ann", "a reason", float(at)):
            ledger.offer(output.key or b"", output.value)
            offer(library, output)


def offer(library: PackLibrary, output: Output) -> None:
    library.offer(output.key or b"", output.value)


def says(pack: Pack, version: str, *before: str) -> tuple[bytes, bytes]:
    record = CurrentPack(pack=pack.name, version=version, before=list(before), at=9.0, by="ann", why="a reason")
    return f"{pack.name}/current".encode(), encode(record)


def test_a_published_version_takes_the_files_place_at_once() -> None:
    mine = library()
    before = mine.current
    put(mine, ONE)
    assert mine.current is not before
    assert mine.current.versions == {"mine": ONE.version}


def test_who_starts_later_comes_to_the_same_packs() -> None:
    late = library(is_live=False)
    put(late, ONE, TWO)
    assert late.current.versions == {"mine": TWO.version}


def test_a_tombstone_puts_the_files_version_in_force_again() -> None:
    mine = library()
    put(mine, ONE)
    mine.offer(b"mine/current", None)
    assert mine.current.versions == {"mine": FILE.version}


def test_a_version_that_is_no_pack_changes_nothing_and_is_counted() -> None:
    mine = library()
    put(mine, ONE)
    mine.offer(b"mine/9", b'{"kind":"pack","pack":"mine","version":"9","source":"patterns: ["}')
    mine.offer(*says(ONE, "9", ONE.version))
    assert mine.current.versions == {"mine": ONE.version}
    assert mine.take_refusals() == {"invalid": 1}
    assert mine.take_refusals() == {}


def test_a_version_under_a_name_that_its_digest_does_not_bear_is_refused() -> None:
    mine = library()
    forged = version_of(ONE).model_copy(update={"source": TWO.source})
    mine.offer(f"mine/{ONE.version}".encode(), encode(forged))
    mine.offer(*says(ONE, ONE.version))
    assert mine.current.versions == {"mine": FILE.version}
    assert mine.take_refusals() == {"invalid": 1}


def test_a_word_of_a_version_that_nobody_has_is_refused_until_the_version_comes() -> None:
    mine = library()
    mine.offer(*says(ONE, ONE.version))
    assert mine.current.versions == {"mine": FILE.version}
    assert mine.take_refusals() == {"unknown": 1}
    mine.offer(f"mine/{ONE.version}".encode(), encode(version_of(ONE)))
    assert mine.current.versions == {"mine": ONE.version}


def test_a_pack_that_has_a_pattern_of_another_one_is_refused_until_that_one_gives_it_up() -> None:
    mine = library()
    put(mine, CLASHING)
    assert mine.current.versions == {"mine": FILE.version}
    assert mine.take_refusals() == {"conflict": 1}
    put(mine, ELSEWHERE)
    assert mine.current.versions == {"mine": ELSEWHERE.version, "theirs": CLASHING.version}


@given(st.lists(st.sampled_from([ONE, TWO, CLASHING, ELSEWHERE]), max_size=6))
def test_who_was_there_all_the_time_and_who_starts_later_agree(packs: list[Pack]) -> None:
    there, late = library(), library(is_live=False)
    put(there, *packs)
    put(late, *packs)
    assert there.current.versions == late.current.versions


@given(st.binary(max_size=40), st.none() | st.binary(max_size=200))
def test_no_record_breaks_a_worker(key: bytes, value: bytes | None) -> None:
    mine = library()
    for name in (key, b"mine/current", b"mine/" + key):
        mine.offer(name, value)
    assert mine.current.versions == {"mine": FILE.version}


def test_older_versions_are_to_be_had_for_what_was_folded_by_them() -> None:
    mine = library()
    put(mine, ONE, TWO)
    for pack in (FILE, ONE, TWO):
        assert mine.get({"mine": pack.version}).versions == {"mine": pack.version}
        assert mine.of_session({"mine": pack.version}).info("mine/export").weight == pack.patterns[0].weight
    assert isinstance(mine.get({"mine": "none"}), LostPatterns)


def test_a_session_may_be_here_before_the_record_of_its_packs() -> None:
    mine = library()
    found: list[Patterns] = []
    asking = threading.Thread(target=lambda: found.append(mine.of_session({"mine": ONE.version})))
    asking.start()
    mine.offer(f"mine/{ONE.version}".encode(), encode(version_of(ONE)))
    asking.join(5.0)
    assert found[0].versions == {"mine": ONE.version}


def test_packs_that_come_later_than_anybody_waited_judge_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.packs.library.PATIENCE_S", 0.0)
    mine = library()
    assert mine.of_session({"mine": ONE.version}).versions == {"mine": FILE.version}
    mine.offer(f"mine/{ONE.version}".encode(), encode(version_of(ONE)))
    assert mine.of_session({"mine": ONE.version}).versions == {"mine": ONE.version}


def test_it_tells_the_versions_that_are_to_be_had_and_who_put_which_in_force() -> None:
    mine = library()
    assert (mine.known("mine"), mine.published("mine")) == ([FILE.version], None)
    put(mine, ONE, TWO)
    assert mine.known("mine") == [FILE.version, ONE.version, TWO.version]
    said = mine.published("mine")
    assert said is not None
    assert (said.version, said.by) == (TWO.version, "ann")
    assert mine.known("no such pack") == []
