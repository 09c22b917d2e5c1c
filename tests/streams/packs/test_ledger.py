from __future__ import annotations

import pytest

from streams.packs.ledger import PackLedger, RefusedRecordError
from tests.support.packs import a_pack, version_of
from weir.errors import UsageError
from weir.kafka.records import Output

ONE, TWO, THREE = (a_pack({"weight": weight}) for weight in (0.5, 0.6, 0.7))


def take(ledger: PackLedger, outputs: list[Output]) -> None:
    for output in outputs:
        ledger.offer(output.key or b"", output.value)


def published(*packs: object) -> PackLedger:
    ledger = PackLedger()
    for at, pack in enumerate(packs):
        take(ledger, ledger.publish(version_of(pack), "ann", "a reason", float(at)))  # type: ignore[arg-type]
    return ledger


def in_force(ledger: PackLedger) -> str:
    return ledger.current["mine"].version


def test_a_rollback_goes_back_step_by_step_and_last_to_what_the_files_say() -> None:
    ledger = published(ONE, TWO, THREE)
    found = [in_force(ledger)]
    for at in (4.0, 5.0):
        take(ledger, ledger.rollback("mine", None, "ben", "it errs", at))
        found.append(in_force(ledger))
    assert found == [THREE.version, TWO.version, ONE.version]
    take(ledger, ledger.rollback("mine", None, "ben", "it errs", 6.0))
    assert "mine" not in ledger.current


def test_a_rollback_to_a_version_forgets_what_came_after_it() -> None:
    ledger = published(ONE, TWO, THREE)
    take(ledger, ledger.rollback("mine", ONE.version, "ben", "it errs", 4.0))
    assert (in_force(ledger), ledger.current["mine"].before) == (ONE.version, [])


def test_the_way_back_is_bounded_and_names_no_version_twice() -> None:
    packs = [a_pack({"weight": at / 100}) for at in range(40)]
    ledger = published(*packs, *packs[-3:])
    before = ledger.current["mine"].before
    assert len(before) == 20
    assert len(set(before)) == 20
    assert in_force(ledger) not in before


def test_what_is_not_published_can_not_be_rolled_back() -> None:
    ledger = published(ONE)
    with pytest.raises(UsageError, match="No version of theirs is published"):
        ledger.rollback("theirs", None, "ben", "", 1.0)
    with pytest.raises(UsageError, match="There is no version 7"):
        ledger.rollback("mine", "7", "ben", "", 1.0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"mine/current", b"{}"),
        (b"mine/current", b"no JSON"),
        (b"mine/1", b'{"kind":"pack","pack":"theirs","version":"1","source":""}'),
        (b"mine/1", b'{"kind":"pack","pack":"mine","version":"2","source":""}'),
        (b"mine/current", b'{"kind":"current","pack":"theirs","version":"1","before":[],"at":1.0,"by":"a","why":"b"}'),
        (b"", b"{}"),
        (b"\xff/current", b"[]"),
    ],
)
def test_what_is_no_record_of_packs_is_refused(key: bytes, value: bytes) -> None:
    with pytest.raises(RefusedRecordError):
        PackLedger().offer(key, value)
