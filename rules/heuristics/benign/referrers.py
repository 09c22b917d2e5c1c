"""Referrers of people who follow a link: search engines, shops, forums, forges, mail, affiliate and tool pages."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

_ENGINES = (
    "https://duckduckgo.com/?q={}",
    "https://www.bing.com/search?q={}&form=QBLH",
    "https://www.google.com/search?q={}&hl=en",
    "https://www.google.co.uk/search?client=firefox-b-d&q={}",
    "https://www.google.de/search?q={}",
    "https://yandex.ru/search/?text={}&lr=213",
    "https://search.yahoo.com/search?p={}",
    "https://www.ecosia.org/search?q={}",
    "https://www.startpage.com/sp/search?query={}",
    "https://search.brave.com/search?q={}",
    "https://www.qwant.com/?q={}&t=web",
    "https://www.baidu.com/s?wd={}",
    "https://search.naver.com/search.naver?query={}",
    "https://search.seznam.cz/?q={}",
    "https://kagi.com/search?q={}",
)
_WORDS = (
    *("select", "union", "insert", "update", "delete", "drop", "table", "where", "order by", "group by", "having"),
    *("join", "sleep", "benchmark", "convert", "cast", "char", "concat", "exec", "declare", "limit", "null", "like"),
    *("bash", "cat", "ls", "rm", "curl", "wget", "echo", "ping", "whoami", "passwd", "chmod", "sudo", "nc", "sh"),
    *("script", "javascript", "alert", "onclick", "iframe", "img", "svg", "document", "eval", "cookie"),
)
_SENTENCES = (
    "how to use {} in mysql",
    "{} tutorial",
    "what does {} mean",
    "{} einfach erklärt",
    "différence entre {} et autre",
    "qué es {}",
    "что такое {}",
    "{} とは",
    "{} 用法",
    "the best {} of 2024",
)
_PHRASES = (
    *(
        "union select committee",
        "how to use union all select in sql",
        "select from union 1 or 2",
        "credit union select",
    ),
    *("trade union select members", "drop table if exists", "<script> tag in html", "<img> onerror attribute"),
    *(
        "what is <iframe src",
        "o'reilly or '2 broke girls'",
        "it's 1 or 2",
        "ls -la | grep root",
        "cat /etc/passwd format",
    ),
    *("select * from users where id = 1", "1=1 meaning", "rm -rf / explained", "() { in bash functions"),
)
_SITES = (
    *("www.amazon.com", "www.ebay.de", "www.etsy.com", "www.zalando.fr", "allegro.pl", "www.mercadolibre.com.ar"),
    *("www.wikipedia.org", "en.wikipedia.org", "www.reddit.com", "old.reddit.com", "news.ycombinator.com", "lobste.rs"),
    *("github.com", "gitlab.com", "codeberg.org", "bitbucket.org", "stackoverflow.com", "superuser.com", "dev.to"),
    *("mail.google.com", "outlook.live.com", "mail.yahoo.com", "e.mail.ru", "webmail.example.org", "mail.proton.me"),
    *("www.facebook.com", "l.facebook.com", "lm.facebook.com", "t.co", "x.com", "www.instagram.com"),
    *(
        "www.linkedin.com",
        "www.pinterest.com",
        "www.youtube.com",
        "www.tiktok.com",
        "vk.com",
        "t.me",
        "web.whatsapp.com",
    ),
    *("www.bbc.co.uk", "www.nytimes.com", "www.spiegel.de", "www.lemonde.fr", "elpais.com", "www.asahi.com"),
    *("medium.com", "substack.com", "example.wordpress.com", "example.blogspot.com", "www.quora.com", "discord.com"),
    *("smallseotools.com", "seositecheckup.com", "www.seoptimer.com", "searchengineland.com", "moz.com", "ahrefs.com"),
    *("affiliate-program.amazon.com", "www.awin.com", "partnernetwork.ebay.com", "www.shareasale.com", "www.cj.com"),
    *("www.similarweb.com", "www.semrush.com", "neilpatel.com", "backlinko.com", "www.seobility.net", "seranking.com"),
    *("www.mytraffic.example", "www.traffic-update.example", "www.trafficengland.com", "trafficscotland.org"),
    *(
        "www.essex.ac.uk",
        "www.monetize-guide.example",
        "forum.example.org",
        "intranet.example.com:8443",
        "localhost:3000",
    ),
    *("android-app:", "com.google.android.googlequicksearchbox", "www.hydra-fitness.example", "hydraulics.example"),
)
_PATHS = (
    "/",
    "/home",
    "/plagiarism-checker/",
    "/forum/viewtopic.php?f=2&t=1234",
    "/search?q=union+station+select+seats",
    "/r/programming/comments/abc123/select_or_union/",
    "/tree/main/scripts?tab=readme-ov-file#cat-and-ls",
    "/cart/update?item=1&order=by-price",
)


def texts() -> tuple[str, ...]:
    """The referrers, each once and always in the same order."""
    made: dict[str, None] = {}
    for at, word in enumerate(_WORDS):
        for number, sentence in enumerate(_SENTENCES):
            for step in range(2):
                engine = _ENGINES[(at + 3 * number + 7 * step) % len(_ENGINES)]
                encode = quote if step else quote_plus
                made[engine.format(encode(sentence.format(word)))] = None
    for engine in _ENGINES:
        for phrase in _PHRASES:
            made[engine.format(quote_plus(phrase))] = None
            made[engine.format(quote(phrase))] = None
    for site in _SITES:
        for path in _PATHS:
            made[f"https://{site}{path}"] = None
    return tuple(made)
