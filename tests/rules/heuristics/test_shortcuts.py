# ruff: noqa: RUF001 -- ambiguous letters are what this is about
"""What is left out where a cheap look shows that it has nothing to do must have had nothing to do."""

from __future__ import annotations

import re

import pytest
import re2  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from rules.heuristics import text_signs
from rules.heuristics.decode import free_round, free_text, settled
from rules.heuristics.lookalikes import LETTERS, has_mixed, latin
from rules.heuristics.text_signs import loosened

SHAPES = [*text_signs._ORDINARY, *text_signs._PROMISES, *text_signs._OF_ADVERTISERS]
OFTEN = "&#10;aAzZ01 _-&;.\n\t\u00a0\u0301\u200b…“ßſİıΣσςКкаАсС漢あ한ﬁK\ud800"
WORDS = (
    "order|now|5|$|€|% off|50|000|!!!|bonus|no|deposit|free|trial|girls|make|a day|waiting for you|cheap|дешево|скидки"
    "|today only|24/7|>>|http://a.invalid| | | |\u00a0|\u2003|\x1c|\n|é|٣|\ud800|.|,"
)
pieces = st.sampled_from(WORDS.split("|"))


@given(st.text(alphabet=OFTEN, max_size=30) | st.text(max_size=30))
def test_a_text_at_its_ease_reads_as_after_all_rounds(text: str) -> None:
    assert free_text(text) == settled(text, free_round)


def test_each_character_reads_as_after_all_rounds() -> None:
    for code in range(0x3200):
        for text in (
            chr(code),
            f"a{chr(code)}b",
            f"б{chr(code)}с",
            f"x {chr(code)} 1",
            f"&{chr(code)}#104 &amp{chr(code)}",
        ):
            assert free_text(text) == settled(text, free_round), hex(code)


@given(st.text(alphabet=OFTEN, max_size=30) | st.text(max_size=30))
def test_words_that_mix_are_those_that_change(text: str) -> None:
    words = re.findall(r"\w+", text)
    mixes = any(not LETTERS.isdisjoint(word) and re.search("[A-Za-z]", word) for word in words)
    assert has_mixed(text) == mixes == (latin(text) != text)


@given(st.lists(pieces, max_size=14).map("".join))
def test_a_loosened_shape_matches_wherever_the_shape_does(text: str) -> None:
    for shape in SHAPES:
        if shape.search(text):
            assert re2.search(loosened(shape.pattern), text.encode("utf-8", "replace")), shape.pattern


@pytest.mark.parametrize(
    "text", ["cheap\u00a0pas\u2003cher", "order\u2003it\x1cnow", "٣٣٣ $", "50\u00a0% off", "скидка"]
)
def test_spaces_and_digits_beyond_ascii_count_for_a_loosened_shape(text: str) -> None:
    matched = [shape.pattern for shape in SHAPES if shape.search(text)]
    assert matched
    assert all(re2.search(loosened(shape), text.encode()) for shape in matched)


@given(st.lists(st.sampled_from(["word ", "Word, ", "strasse ", "straße. ", "haha ", "of "]), max_size=24).map("".join))
def test_a_repeated_word_is_found_as_one_by_one(text: str) -> None:
    words = re.findall(r"\w+", text.casefold())
    longest = run = 0
    for number, word in enumerate(words):
        run = run + 1 if number and words[number - 1] == word else 1
        longest = max(longest, run if len(word) >= text_signs.FEWEST_LETTERS and len(set(word)) > 2 else 0)
    assert text_signs.repeats_one_word(text) == (longest > text_signs.MOST_REPEATS)
