# ruff: noqa: RUF001 -- ambiguous letters are what this is about
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.heuristics.benign import posts, titles
from rules.heuristics.scripts import mixed_scripts


@pytest.mark.parametrize(
    "text",
    [
        "best саsino here",
        "viаgra",
        "\u0440aypal support",
        "c\u0430sh l\u043ean",
        "l\u03bfan\u03bfffer",
        "к\u0061зин\u006f",
        "buy Ꭱolex",
    ],
)
def test_a_word_of_two_scripts_is_found(text: str) -> None:
    assert mixed_scripts(text)


@pytest.mark.parametrize(
    "text",
    [
        "R = 10 kΩ, C = 5 µF, νmax and Δx",
        "Скачал PDFка с iPhoneом и USB-кабель",
        "Cегодня хорошая погода",
        "Kapıyı açtı, ışık söndü",
        "/ˈɡəʊtəm/ is how it is said",
        "Привет, world! Ένα δύο three",
        "Nikonのカメラ",
        "",
    ],
)
def test_how_people_mix_scripts_is_left_alone(text: str) -> None:
    assert not mixed_scripts(text)


def test_ordinary_texts_are_left_alone() -> None:
    assert not [text for text in titles.texts() + posts.texts() if mixed_scripts(text)]


@given(st.text(max_size=60))
def test_any_text_has_an_answer_and_plain_words_beside_it_change_none(text: str) -> None:
    assert mixed_scripts(text) == mixed_scripts(f"{text} and more")
