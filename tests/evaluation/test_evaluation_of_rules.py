"""That the parts say what they should; what they find on whole data sets is for `make evaluate`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluation.common.result import EvaluationResult, Figure, ResultTable
from evaluation.rules.agents import without_family
from evaluation.rules.cost import fuzz
from evaluation.rules.data import Agent, injections, is_held_out, log_events, parameters
from evaluation.rules.judge import pattern_verdict, verdict_of_ids
from evaluation.rules.page import render
from evaluation.rules.payloads import judge
from evaluation.rules.referrers import FORMS, TOP_SITES, with_list
from evaluation.rules.share import Share, macro, served
from evaluation.rules.standins import SETS, code, question, read, request
from rules.heuristics.patterns import load_packs

SHIPPED = load_packs()
FEW = 400


@pytest.mark.data
def test_few_attacks_are_let_by_and_hardly_anything_normal_is_flagged(shared_data: Callable[[str], Path]) -> None:
    data = shared_data("payloads").parent
    held = [case for case in parameters(data) if case.is_held_out]
    wrong = Counter((one.case.kind == "norm") for one in judge(held[::13], SHIPPED) if one.is_wrong)
    assert wrong[True] == 0
    assert wrong[False] <= 0.01 * len(held) / 13
    look_alike = [case for case in injections(data) if case.kind == "norm"]
    assert sum(one.is_wrong for one in judge(look_alike, SHIPPED)) <= 0.1 * len(look_alike)


@pytest.mark.data
def test_what_is_held_out_is_about_half_and_always_the_same(shared_data: Callable[[str], Path]) -> None:
    cases = parameters(shared_data("payloads").parent)
    held = [case.name for case in cases if case.is_held_out]
    assert 0.45 < len(held) / len(cases) < 0.55
    assert is_held_out(cases[0].text) is is_held_out(cases[0].text)
    assert {case.kind for case in cases} == {"norm", "sqli", "xss", "path-traversal", "cmdi"}


@pytest.mark.data
def test_a_logs_lines_keep_their_numbers(shared_data: Callable[[str], Path]) -> None:
    numbers = [number for number, _ in log_events(shared_data("elastic-apache-logs").parent)]
    assert numbers[:3] == [1, 2, 3]
    assert numbers[-1] == 10_000


def test_a_crawler_is_judged_without_its_familys_pattern() -> None:
    known = Agent("Slackbot", "Slackbot 1.0 (+https://api.slack.com/robots)")
    ids = without_family(SHIPPED, known).ids
    assert "user-agents/robot-word" in ids
    assert not any("slackbot" in one for one in ids)
    assert any("slackbot" in one for one in pattern_verdict(SHIPPED, user_agent=known.user_agent).ids)


def test_names_of_one_agent_are_one_reason() -> None:
    said = pattern_verdict(SHIPPED, user_agent="Slackbot 1.0 (+https://api.slack.com/robots)")
    assert len(said.ids) > 2
    assert said.verdict == "throttle"
    assert verdict_of_ids(SHIPPED, ()).verdict == "allow"


def test_a_list_finds_its_domains_in_every_form_and_well_known_sites_stay_alone(tmp_path: Path) -> None:
    listed = with_list(tmp_path, ["spam-of-ours.example", "xn--80a.example"])
    for form in FORMS:
        assert pattern_verdict(listed, referrer=form.format("spam-of-ours.example")).is_flagged
        assert not any(pattern_verdict(listed, referrer=form.format(site)).is_flagged for site in TOP_SITES)


def test_fuzzed_urls_are_the_same_each_time_and_of_all_lengths() -> None:
    urls = fuzz(FEW)
    assert urls == fuzz(FEW)
    assert min(map(len, urls)) < 100
    assert max(map(len, urls)) > 900


def test_the_page_says_which_goals_are_missed_and_keeps_its_columns() -> None:
    figures = [Figure("more", 0.5, 0.4), Figure("less", 0.5, 0.4, at_least=False, why="Because.")]
    tables = [ResultTable("Rows", ["a"], [["b|c"]]), ResultTable("No rows", ["a"], [])]
    page = render({"part": EvaluationResult("Title", "Text.", figures, tables, [("plot", "<svg/>")])})
    assert "| more | 0.5000 | ≥ 0.4 | yes |" in page
    assert "Missed: less. Because." in page
    assert "b\\|c" in page
    assert "No rows: none." in page
    assert "evaluation/rules-plot.svg" in page


def test_an_interval_holds_the_share_and_is_open_where_nothing_was_found() -> None:
    low, high = Share(5, 100).interval
    assert (round(low, 4), round(high, 4)) == (0.0215, 0.1118)
    assert Share(0, 0).interval == (0.0, 1.0)
    assert Share(0, 50).interval[0] == 0.0
    assert 0.05 < Share(0, 50).interval[1] < 0.08


def test_a_mean_of_sources_gives_a_small_source_the_same_weight() -> None:
    assert macro([Share(1_000, 1_000), Share(0, 1)]) == 0.5


def test_the_page_gathers_what_is_served_at_its_head() -> None:
    parts = [EvaluationResult("One", "", [], [served(("recall", Share(1, 2), "nobody"))]), EvaluationResult("Two", "")]
    page = render({result.title: result for result in parts})
    assert page.count("What is served") == 1
    assert "| recall | 50.00% | 9.45% to 90.55% | 2 | nobody |" in page


def test_stand_ins_are_many_of_each_source_and_none_is_there_twice() -> None:
    for kind in SETS:
        texts = read(kind.name)
        sources = Counter(one.source for one in texts)
        assert min(sources.values()) >= 10
        assert len({one.text for one in texts}) == len(texts) >= 100
        assert not {line for line in sources if not line}


def test_a_stand_ins_url_is_encoded_as_a_browser_does() -> None:
    assert request('/s?q=a b"<c>%27') == {"url": "/s?q=a%20b%22%3Cc%3E%27"}
    assert question("a&b") == {"query": "a&b", "url": "/search?q=a%26b"}
    assert code("`id`") == "`` `id` ``"
