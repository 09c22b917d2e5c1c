from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import reduce
from html import escape
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.heuristics import decode

anything = st.text(max_size=300) | st.text(
    alphabet="%25&#x;<>/*!'+ \\uc0\0\u200b\uff4137ltgamp\u0456\u0301\u0130", max_size=300
)


def entity(text: str) -> str:
    return "".join(f"&#{ord(character)};" for character in text)


def full_width(text: str) -> str:
    return "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in text)


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        (decode.percent, "%3Cscript%3e", "<script>"),
        (decode.percent, "%252525253C", "<"),
        (decode.percent, "100% sure %zz", "100% sure %zz"),
        (decode.percent, "%ff", "\ufffd"),
        (decode.percent, "%c0%af%c1%9c%e0%80%af%f0%80%80%af", "/\\//"),
        (decode.percent, "%25c0%25ae", "."),
        (decode.percent, "%c3%a9%e0%a4%85%f0%9f%98%80", "é\u0905\U0001f600"),
        (decode.percent, "%u003cb%U003e%25u0041", "<b>A"),
        (decode.overlong, "%c0%ae%C0%AE%20", "..%20"),
        (decode.wide, "%u0027%27", "'%27"),
        (decode.escapes, r"\x3c\u003e\u{27}\users\x", r"<>'\users\x"),
        (decode.plus, "1+or+1", "1 or 1"),
        (decode.entities, "&lt;b&#62;&#x27;", "<b>'"),
        (decode.entities, "a=1&copy=2&lt=3", "a=1&copy=2&lt=3"),
        (decode.entities, "&#60script", "<script"),
        (decode.visible, "\uff53\uff45\uff4c\uff45\uff43\uff54", "select"),
        (decode.visible, "v\u200bi\u00adagra\0", "viagra"),
        (decode.visible, "v\ufe0fi\u2063ag\U000e0041ra\u034f", "viagra"),
        (decode.visible, "v\u0336i\u0336\u0301\u0316a\u0300\u0316gra", "víàgra"),
        (decode.visible, "\U0001d42f\U0001d422agra \u24e5", "viagra v"),
        (decode.visible, "v\u0456\u0430gr\u0430 \u0421asin\u03bf", "viagra Casino"),
        (decode.visible, "\u0441\u043e\u0440", "\u0441\u043e\u0440"),
        (decode.comments, "un/**/ion", "un ion"),
        (decode.comments, "union/*!50000select*/1", "union select 1"),
        (decode.comments, "a/*b", "a/*b"),
        (decode.comments, "1--x\nand#y\n2=2 -- z", "1 and 2=2 -- z"),
        (decode.spaces, "a \t\n b", "a b"),
        (decode.lines, "a \t b \r\n c", "a b\nc"),
        (decode.query_text, "ID=%2527+OR+1%3D1", "id=' or 1=1"),
        (decode.free_text, "\uff36&#105;AGRA  now", "viagra now"),
        (decode.free_text, "100%25 + tax", "100%25 + tax"),
        (decode.as_sent, "Mozilla/5.0 %20", "Mozilla/5.0 %20"),
    ],
)
def test_each_step_takes_its_own_disguise_off(step: Callable[[str], str], before: str, after: str) -> None:
    assert step(before) == after


@pytest.mark.parametrize(
    ("url", "host", "path", "query"),
    [
        ("/a/b?c=d", "", "/a/b", "c=d"),
        ("https://shop.example/a?b=http://c/d", "https://shop.example", "/a", "b=http://c/d"),
        ("https://shop.example", "https://shop.example", "/", ""),
        ("/go?", "", "/go", ""),
        ("/to/https://other.example/a", "", "/to/https://other.example/a", ""),
        ("", "", "", ""),
    ],
)
def test_a_url_falls_into_host_path_and_query(url: str, host: str, path: str, query: str) -> None:
    assert decode.split_url(url) == (host, path, query)


@pytest.mark.parametrize(
    ("url", "whole", "path", "query"),
    [
        ("/Search?Q=Shoes&copy=2", "/search?q=shoes&copy=2", "/search", "q=shoes&copy=2"),
        ("/a%3Fb?c=1%26d+e", "/a?b?c=1&d e", "/a?b", "c=1&d e"),
        ("HTTP://Shop.Example/C%2B%2B+x", "http://shop.example/c+++x", "/c+++x", ""),
    ],
)
def test_a_url_is_split_before_it_is_decoded(url: str, whole: str, path: str, query: str) -> None:
    assert decode.url_parts(url) == (whole, path, query)


@given(
    st.text(alphabet="<>'\"/= abcdefz", min_size=1, max_size=30),
    st.lists(st.sampled_from([quote, escape, entity, full_width]), max_size=decode.ROUNDS - 1),
)
def test_disguises_in_disguises_come_off(text: str, disguises: list[Callable[[str], str]]) -> None:
    assert decode.url_text(reduce(lambda done, step: step(done), disguises, text)) == decode.spaces(text)


@given(st.integers(1, 2_000))
def test_a_percent_sign_encoded_again_and_again_takes_no_more_rounds(times: int) -> None:
    assert decode.url_text("%" + "25" * times + "3c") == "<"


@given(anything)
@example("&am&amp;p;lt;")
@example("%2\uff0535" * 3)
def test_decoding_comes_to_rest_within_its_rounds_or_has_used_them_all(text: str) -> None:
    for step, decode_once in ((decode.url_text, decode.url_round), (decode.free_text, decode.free_round)):
        rounds = [text]
        while len(rounds) <= decode.ROUNDS:
            rounds.append(decode_once(rounds[-1]))
        rest = step(text)
        assert rest == rounds[-1]
        if rounds[-1] == rounds[-2]:
            assert step(rest) == rest


@given(anything)
def test_no_text_makes_a_step_raise(text: str) -> None:
    for step in (decode.url_text, decode.query_text, decode.free_text, decode.as_sent):
        step(text)
        step(text + "\ud800")
    decode.url_parts(text)
    decode.url_parts(text + "?\ud800")


@given(st.text(alphabet="abcXYZ019_./?=&:@,~!$|'\"()<>[]{}^`\\-;%+ é", max_size=60))
def test_the_short_way_for_plain_urls_changes_nothing(url: str) -> None:
    assert decode.url_text(url) == decode.settled(url, decode.url_round)


@pytest.mark.parametrize("before", [0, 20_000, 65_000, 131_000])
@pytest.mark.parametrize("padding", ["a", "\uff41", "%2541", "&amp;"])
def test_padding_hides_nothing_wherever_it_stands(before: int, padding: str) -> None:
    text = (padding * 131_000)[:before] + " viagra " + (padding * 131_000)[: 131_000 - before]
    for step in (decode.free_text, decode.url_text, decode.query_text):
        assert "viagra" in step(text)


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a" + "\u0301\u0316" * 65_000, id="accents"),
        pytest.param("/*" * 65_000, id="comments"),
        pytest.param("&amp;" * 26_000, id="entities"),
        pytest.param("%25" * 43_000, id="percent"),
        pytest.param("&#" * 65_000, id="unfinished entities"),
        pytest.param("%c0" * 43_000, id="unfinished bytes"),
        pytest.param("\\u" * 65_000, id="unfinished escapes"),
        pytest.param("a\u0456" * 65_000, id="look-alikes"),
        pytest.param(" /*" * 43_000 + "*/", id="nested comments"),
    ],
)
def test_the_longest_texts_of_the_worst_kind_take_no_time_to_speak_of(text: str) -> None:
    decode.url_text(text)
    decode.free_text(text)


@given(st.text(alphabet="e\u0301\u0316\uff41\ufb01 a", min_size=decode.PIECE, max_size=3 * decode.PIECE))
def test_letters_are_plain_whether_decoded_by_pieces_or_at_once(text: str) -> None:
    def plain(form: str) -> list[str]:
        return [character for character in form if character.isascii()]

    decomposed = unicodedata.normalize("NFKD", decode.visible(text))
    assert plain(decomposed) == plain(unicodedata.normalize("NFKD", text))
