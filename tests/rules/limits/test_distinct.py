from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.limits.distinct import EXACT, STANDARD_ERROR, Distinct, hashed

names = st.lists(st.text(max_size=8), max_size=200)


def of(values: list[str] | range) -> Distinct:
    return Distinct(hashed(str(value)) for value in values)


@given(st.lists(st.text(max_size=4), max_size=EXACT))
def test_few_are_counted_exactly(values: list[str]) -> None:
    assert len(of(values)) == len(set(values))


@pytest.mark.parametrize("number", [65, 100, 500, 1_000, 2_000, 5_000, 10_000, 50_000])
def test_many_are_counted_within_four_standard_errors(number: int) -> None:
    assert abs(len(of(range(number))) / number - 1) <= 4 * STANDARD_ERROR


@given(names, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(values: list[str], random: object) -> None:
    again = [*values, *values]
    random.shuffle(again)  # type: ignore[attr-defined]  # a Random
    assert of(again).to_bytes() == of(values).to_bytes()


@given(names, names)
def test_what_is_merged_is_as_if_all_had_been_added_to_one(left: list[str], right: list[str]) -> None:
    both = of(left)
    both.merge(of(right))
    assert both.to_bytes() == of(left + right).to_bytes()


@given(names, names)
def test_a_set_goes_on_from_its_bytes(before: list[str], after: list[str]) -> None:
    found = Distinct.from_bytes(of(before).to_bytes())
    for value in after:
        found.add(hashed(value))
    assert found.to_bytes() == of(before + after).to_bytes()


def test_hashes_are_the_same_everywhere_and_for_ever() -> None:
    assert Distinct([hashed("a")]).to_bytes() == b"x" + bytes.fromhex("e6c632b61e964e1f")


@given(st.binary(max_size=600))
def test_bytes_of_something_else_are_refused_and_never_read(data: bytes) -> None:
    try:
        found = Distinct.from_bytes(data)
    except ValueError:
        return
    assert Distinct.from_bytes(found.to_bytes()).to_bytes() == found.to_bytes()


def test_a_set_is_bounded_however_many_there_are() -> None:
    assert len(of(range(20_000)).to_bytes()) < 2_200


def test_counting_very_many_brings_one_class_and_not_scipy_with_it() -> None:
    program = (
        "import sys; from rules.limits.distinct import Distinct, hashed; "
        "found = Distinct(hashed(str(number)) for number in range(1_000)); "
        "assert 900 < len(found) < 1_100; assert 'scipy' not in sys.modules; "
        "from datasketch import HyperLogLogPlusPlus, MinHash; assert type(found._many) is HyperLogLogPlusPlus"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)
