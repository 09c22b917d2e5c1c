"""Referrers: spam domains by words and by a list, and sites that nobody should take for spam."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from evaluation.common.result import EvaluationResult, Figure, ResultTable
from evaluation.rules.data import is_held_out, log_events, spam_domains
from evaluation.rules.judge import pattern_verdict
from evaluation.rules.share import Share, served
from rules.heuristics.patterns import Patterns, load_packs

SEEN = "one half while rules were written"
FORMS = ("http://{}/", "https://www.{}/a/b?c=d", "http://news.shop.{}:8080/", "{}")
TOP_SITES = (
    *("google.com", "youtube.com", "facebook.com", "instagram.com", "wikipedia.org", "x.com", "reddit.com"),
    *("amazon.com", "yahoo.com", "bing.com", "duckduckgo.com", "whatsapp.com", "tiktok.com", "linkedin.com"),
    *("netflix.com", "openai.com", "chatgpt.com", "office.com", "live.com", "microsoft.com", "apple.com"),
    *("github.com", "stackoverflow.com", "pinterest.com", "twitch.tv", "discord.com", "baidu.com", "yandex.ru"),
    *("vk.com", "mail.ru", "ok.ru", "naver.com", "qq.com", "taobao.com", "weibo.com", "ebay.com", "etsy.com"),
    *("walmart.com", "aliexpress.com", "booking.com", "tripadvisor.com", "imdb.com", "bbc.co.uk", "cnn.com"),
    *("nytimes.com", "theguardian.com", "spiegel.de", "lemonde.fr", "elpais.com", "wordpress.com", "medium.com"),
    *("blogspot.com", "tumblr.com", "quora.com", "paypal.com", "spotify.com", "adobe.com", "cloudflare.com"),
    *("mozilla.org", "news.ycombinator.com", "slack.com", "zoom.us", "dropbox.com", "salesforce.com", "shopify.com"),
    *("ikea.com", "target.com", "bestbuy.com", "craigslist.org", "weather.com", "espn.com", "fandom.com"),
    *("archive.org", "nih.gov", "europa.eu", "gov.uk", "harvard.edu", "mit.edu", "nature.com", "sciencedirect.com"),
    *("booking.com", "airbnb.com", "trafficengland.com", "semrush.com", "ahrefs.com", "moz.com", "similarweb.com"),
    *("essex.ac.uk", "sussex.ac.uk", "scunthorpe.gov.uk", "dickssportinggoods.com", "pornhub.com"),
)
"""Well-known sites, and a few whose names have a word of spammers' in them."""
PACK = """
pack: referrer-list
version: "1"
owner: evaluation
description: A list of domains, as an operator would give it.
patterns:
  - id: referrer-list/known
    category: referrer-spam
    reason: The referrer's domain is known for spam.
    field: referrer
    weight: 0.75
    domains_file: list.txt
    match: ["http://{first}/"]
    no_match: ["http://a.example/?q={first}"]
"""


def evaluate(data: Path) -> EvaluationResult:
    """By what ships, and apart from that with the list given as an operator would."""
    domains = spam_domains(data)
    words = load_packs()
    with TemporaryDirectory() as folder:
        listed = with_list(Path(folder), domains)
        half = with_list(Path(folder), [domain for domain in domains if not is_held_out(domain)])
    held = [domain for domain in domains if is_held_out(domain)]
    referrers = {event.referrer for _, event in log_events(data) if event.referrer}
    return EvaluationResult(
        title="Referrer spam",
        text=(
            f"{len(domains):,} domains that are known for referrer spam, each in {len(FORMS)} forms: bare, with "
            "subdomains, port, path. Nothing in most of these names tells of spam, and no row of others' data is part "
            "of Weir: what ships goes by words, and finds few. An operator gives a list (`domains_file`) in one line. "
            "The figures with a list are no recall: the list that is given holds the very domains that are looked "
            "for. They say that a listed domain is found in every form, and that no other one is."
        ),
        figures=[
            Figure(
                "Spam domains, with the very list given: no recall, but that matching works",
                _share(listed, domains),
                0.99,
                why="Some have no form of a domain.",
            ),
            Figure("Top sites' domains flagged, with the list given", _share(listed, TOP_SITES), 0, at_least=False),
        ],
        tables=[
            served(
                ("Recall: spam domains in all forms, what ships, no list", _counted(words, domains), SEEN),
                ("Benign: top sites' domains in all forms, what ships", _counted(words, TOP_SITES), "tuned on"),
            ),
            ResultTable(
                "Share flagged",
                ["rules", "domains", "flagged"],
                [
                    [
                        "what ships: words, half looked at",
                        "spam",
                        f"{_share(words, [d for d in domains if d not in held]):.1%}",
                    ],
                    ["what ships: words, half not looked at", "spam", f"{_share(words, held):.1%}"],
                    ["words and half of the list, other half", "spam", f"{_share(half, held):.1%}"],
                    ["words", "top sites", f"{_share(words, TOP_SITES):.1%}"],
                    ["words and list", "referrers of the access log", _of_log(listed, referrers)],
                    ["words", "referrers of the access log", _of_log(words, referrers)],
                ],
            ),
        ],
    )


def with_list(folder: Path, domains: Sequence[str]) -> Patterns:
    """The shipped packs and a list."""
    (folder / "list.txt").write_text("\n".join(domains), encoding="utf-8")
    pack = folder / "referrer-list.yaml"
    pack.write_text(PACK.format(first=domains[0]), encoding="utf-8")
    return load_packs([pack])


def _share(patterns: Patterns, domains: Sequence[str]) -> float:
    found = [pattern_verdict(patterns, referrer=form.format(domain)).is_flagged for domain in domains for form in FORMS]
    return sum(found) / len(found)


def _counted(patterns: Patterns, domains: Sequence[str]) -> Share:
    """Domains that are flagged in every form: forms of one domain are no cases of their own."""
    distinct = dict.fromkeys(domains)
    return Share.of(
        all(pattern_verdict(patterns, referrer=form.format(domain)).is_flagged for form in FORMS) for domain in distinct
    )


def _of_log(patterns: Patterns, referrers: set[str]) -> str:
    flagged = sum(pattern_verdict(patterns, referrer=referrer).is_flagged for referrer in referrers)
    return f"{flagged} of {len(referrers):,}"
