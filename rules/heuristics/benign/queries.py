"""What people search for, with each word that databases, shells and scripts have, too, in its ordinary use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

_WORDS = tuple(
    re.findall(
        r"\w+",
        "select union drop table insert update delete from where order group by having limit exec declare cast convert "
        "char chr ascii ord substring mid hex unhex sleep benchmark concat load file version user database schema name "
        "column values set like between not null true false and or xor in is case when then else end if count sum cat "
        "ls id echo ping curl wget bash shell chmod sudo kill find head tail more less grep awk sed tee touch time top "
        "date who which env host net reg type copy move del dir ver vol more sort sh nc perl ruby python php node "
        "script javascript alert prompt confirm eval document window location cookie iframe style link meta object "
        "form input body video audio image svg math constructor prototype process require import include template "
        "config admin root password login passwd backup dump shadow hosts proc var etc bin tmp system assert "
        "print printf format class function return string array index page view test debug trace shutdown restart "
        "grant revoke truncate alter create replace merge execute procedure trigger cursor fetch open close begin "
        "commit rollback waitfor delay ",
    )
)
_AROUND = (
    "{}",
    "{} near me",
    "best {} 2024",
    "what is {}",
    "{} for beginners",
    "how to {} a door",
    "red {} shoes",
    "the {} and the sea",
    "{} vs {}",
    "used {} for sale",
    "{} - meaning",
    "why does {} not work?",
    "{} & {}",
    "{}; {}",
    "{}, {} or {}",
    "'{}' lyrics",
    '"{}" book',
    "{} (film)",
    "{} 50% off",
    "{} #3",
)
_ABROAD = (
    "was bedeutet {}",
    "{} kaufen günstig",
    "qu'est-ce que {}",
    "l'{} et l'été",
    "comment utiliser {}",
    "qué es {}",
    "{} barato",
    "co to jest {}",
    "что такое {}",
    "{} とは",
    "{} nedir",
    "{} 怎么用",
)
_ASKED = (
    "how do I use {call} in {where}",
    "{where} {call} returns wrong value",
    "what does `{command}` do",
    "`{command}` permission denied",
    "difference between {command} and {command}",
    "{command} not found after update",
    "the {command} command in {where}",
    'error: "{call}" is not defined',
    "{where}: {call} or something else?",
    "is {call} slow in {where}?",
)
_CALLS = (
    "sleep()",
    "sleep(5)",
    "substring(0, 5)",
    "hex(255)",
    "chr(65)",
    "char(10)",
    "mid(A1,2,3)",
    "convert(x)",
    "count(*)",
    "concat(a, b)",
    "eval()",
    "alert()",
    "require('fs')",
    "print(x)",
    "document.body",
    "window.open",
    "if(a>b)",
    "isnull(x)",
    "lpad(x, 5)",
    "format(n)",
    "system()",
    "len(x)",
    "user()",
)
_COMMANDS = (
    "ls",
    "ls -la",
    "chmod 755",
    "chmod +x run.sh",
    "sudo",
    "sudo apt update",
    "cat file.txt",
    "grep -r foo",
    "curl -I",
    "wget",
    "ping",
    "id",
    "ps aux",
    "kill -9",
    "rm -rf node_modules",
    "bash",
    "sh",
    "find . -name x",
    "echo $PATH",
    "pip install requests",
    "npm start",
    "docker ps",
    "git pull",
    "tail -f",
    "ssh",
)
_WHERE = ("python", "excel", "mysql", "javascript", "bash", "postgres", "c#", "php", "ubuntu", "powershell", "sheets")
_OWN = (
    "deep sleep",
    "pdf convert",
    "usb c to hex",
    "drop table tennis",
    "select photos from icloud",
    "delete from cart",
    "insert into slot",
    "update my set of keys",
    "student union select committee",
    "how to use union all select in sql",
    "order by phone",
    "group by 10 or more",
    "having 2 or 3 children",
    "having 1 = alone?",
    "2 or 3 in stock",
    "1=1 meaning",
    "5' 10\" tall",
    '8" x 10" frame',
    "rock 'n' roll",
    "women's and men's",
    "it's a -- well -- gift",
    "l'union fait la force",
    "o'brien or o'neill",
    "wait... what",
    "and then...",
    "to be continued.../part 2",
    "c:\\ drive full",
    "file:///c: not loading",
    "javascript: the good parts",
    "JavaScript: a course",
    "vbscript: still alive?",
    "data: the new oil",
    "onload=maximum trucks",
    "one=two",
    "a < b and c > d",
    "<3 my dog",
    "I <b>love</b> it",
    "{{name}} template",
    "${price} in template string",
    "100% cotton",
    "%s in c",
    "50%25 off",
    "../ in paths",
    "what is /etc/passwd",
    "etc/hosts",
    "web.config location",
    "php.ini memory_limit",
    "wp-config.php where",
    ".env file example",
    "localhost:8080 refused",
    "127.0.0.1 meaning",
    "192.168.1.1 login",
    "http://example.com/page?id=5",
    "https://www.example.org/a/b",
    "ftp://ftp.example.org/pub",
    "ldap://example.org how to",
    "$5 or less",
    "$in and $out",
    "a && b",
    "a || b",
    "this | that",
    "cats & dogs; birds & bees",
    "salt; pepper",
    "find; keep",
    "#hashtag",
    "c# vs f#",
    "@@ in ruby",
    "user@example.com",
    "(a or b) and c",
    "-1",
    "1e10",
    "0x41",
    "0xff to decimal",
    "aaaaaaaaah",
    "zzzz",
    "hmmmmmm",
    "no!!!!!!",
    "query($id: ID!)",
    "select * from table",
)


def texts() -> tuple[str, ...]:
    """Search queries, each once: some thousands."""
    return tuple(dict.fromkeys([*_OWN, *_ordinary(), *_questions()]))


def _ordinary() -> Iterator[str]:
    for number, (shape, word) in enumerate(product((*_AROUND, *_ABROAD), _WORDS)):
        others = _WORDS[(number * 7 + 3) % len(_WORDS)], _WORDS[(number * 13 + 5) % len(_WORDS)]
        yield shape.format(word, *others)


def _questions() -> Iterator[str]:
    for number, shape in enumerate(shape for shape in _ASKED for _ in range(60)):
        call, command = _CALLS[number % len(_CALLS)], _COMMANDS[number * 3 % len(_COMMANDS)]
        yield shape.format(call=call, command=command, where=_WHERE[number * 5 % len(_WHERE)])
