from __future__ import annotations

import time

import pytest

from rules.heuristics.benign import posts, titles
from rules.heuristics.text_signs import hides_target, offers, repeats_one_word


@pytest.mark.parametrize(
    "text",
    [
        '<a href="http://evil.example/login">https://www.bank.test/login</a>',
        "see [url=http://evil.example]www.bank.test[/url]",
        "[https://bank.test](https://evil.example/bank)",
    ],
)
def test_a_link_that_shows_another_address_is_found(text: str) -> None:
    assert hides_target(text)


@pytest.mark.parametrize(
    "text",
    [
        '<a href="http://shop.bank.test/login">https://www.bank.test/login</a>',
        '<a href="https://out.example/?to=https%3A%2F%2Fbank.test%2F">https://bank.test/</a>',
        '<a href="https://t.co/abc">https://bank.test/news</a>',
        "[ASP.NET](https://dotnet.example/)",
        "[the timetable](https://bank.test)",
        "[url]https://bank.test[/url] and https://other.test",
    ],
)
def test_other_links_hide_nothing(text: str) -> None:
    assert not hides_target(text)


def test_a_word_in_a_row_is_found_and_laughter_is_not() -> None:
    assert repeats_one_word("Casino " * 8)
    assert repeats_one_word("gratis, " * 9)
    for text in ("haha " * 20, "la " * 40, "never never never gonna", "----- " * 30, "Buffalo " * 7):
        assert not repeats_one_word(text)


def test_ordinary_texts_are_left_alone() -> None:
    assert not [text for text in titles.texts() + posts.texts() if hides_target(text) or repeats_one_word(text)]


@pytest.mark.parametrize(
    "piece", ["<a ", "<a href=", "[url=http://a", "[x](http://", "<a href=http://a>", "[", "word "]
)
def test_the_longest_text_takes_little_time(piece: str) -> None:
    text = (piece * 131_072)[:131_072]
    begun_s = time.thread_time()
    hides_target(text)
    repeats_one_word(text)
    assert time.thread_time() - begun_s < 2


def test_an_offer_is_more_than_a_price_and_a_call() -> None:
    assert offers("Handbags 70% off, order now, free shipping http://a.example")
    assert offers("Lose 20 pounds in 2 weeks! http://a.example")
    assert not offers("Tickets are 12 euros, register online: https://a.example")
    assert not offers("I got mine 70% off with free shipping, order now: https://a.example")
    assert not offers("Handbags 70% off, order now, free shipping")
