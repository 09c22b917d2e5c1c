"""Files of limits and of business rules that somebody made to hurt: they are refused in words, soon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.business.files import check_business_rules
from rules.limits.files import check_budgets
from rules.problems import LONGEST, Problem, RulesError
from tests.support.command import weir

Check = Callable[[Path], Sequence[Problem]]


def limits(path: Path) -> Sequence[Problem]:
    found = check_budgets(path)
    return found if isinstance(found, list) else []


def business(path: Path) -> Sequence[Problem]:
    return check_business_rules(path)[1]


def bomb(of: str) -> str:
    """Nine times nine times nine …: 43 million names, if anybody wrote them out."""
    lines = ['a: &a ["x", "x", "x", "x", "x", "x", "x", "x", "x"]']
    for before, name in zip("abcdefgh", "bcdefghi", strict=False):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    return "\n".join([*lines, 'version: "1"', f"{of}: *i", ""])


def many(section: str, count: int, entry: str) -> str:
    return f'version: "1"\n{section}:\n' + "".join(f"  - {{id: b{number}, {entry}}}\n" for number in range(count))


RULE = "owner: shop, reason: because so it is, then: allow"
HOSTILE = {
    "nothing": b"",
    "null": b"null\n",
    "a list": b"- a\n",
    "a NUL": b'version: "1"\x00\n',
    "no UTF-8": b"version: \xff\n",
    "deep lists": b"[" * 100_000,
    "deep mappings": b"version: " + b"{a: " * 2_000 + b"1" + b"}" * 2_000,
    "deep indents": "".join(" " * depth + "a:\n" for depth in range(2_000)).encode(),
    "anchors in anchors, limits": bomb("budgets").encode(),
    "anchors in anchors, rules": bomb("rules").encode(),
    "a list in itself": b"&a [*a]\n",
    "a mapping in itself": b'version: "1"\nrules: &a\n  - *a\nbudgets: *a\n',
    "a mapping that is its own key": b"&a {*a: 1}\n",
    "a key that is a list": b"? [1, 2]\n: 3\n",
    "a key that is a number": b'1: 2\nversion: "1"\n',
    "a merge of nothing": b'version: "1"\n<<: 5\n',
    "code": b"version: !!python/object/apply:os.system ['true']\n",
    "no number": b"version: !!int abc\n",
    "a number without end": b"version: " + b"9" * 5_000 + b"\n",
    "no day": b"version: 2001-13-45\n",
    "no time zone": b"version: 2001-12-14t21:59:43.10-99:99\n",
    "half a character": b'version: "\\ud800"\nbudgets: 1\nrules: 1\n',
    "control characters": b'version: "1"\n"\\e[31mred\\r\\n\\e]0;title\\a\\u202e": 5\n',
    "two documents": b"a: 1\n---\nb: 2\n",
    "a long name": b'version: "1"\n? "' + b"k" * 900_000 + b'"\n: 1\n',
    "too many bytes": b"#" * (9 * 1024 * 1024),
    "many budgets": many("budgets", 2_000, "kind: visitor, capacity: 1").encode(),
    "many rules": many("rules", 2_000, RULE + ", when: {visitors: [v]}").encode(),
}


@pytest.mark.parametrize("check", [limits, business])
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.timeout(30)
def test_a_hostile_file_is_refused_in_words(tmp_path: Path, check: Check, content: bytes) -> None:
    file = tmp_path / "rules.yaml"
    file.write_bytes(content)
    found = check(file)
    assert any(problem.severity == "error" for problem in found)
    text = RulesError(found).message
    assert all(line.isprintable() for line in text.split("\n"))
    assert max(map(len, text.split("\n"))) < 3 * LONGEST


@pytest.mark.parametrize("command", ["limits", "business"])
@pytest.mark.parametrize("name", ["deep lists", "control characters", "anchors in anchors, limits", "code"])
def test_a_command_ends_with_1_and_one_sentence_a_problem(tmp_path: Path, command: str, name: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_bytes(HOSTILE[name])
    called = weir(command, "check", str(file))
    assert called.code == 1
    assert "Traceback" not in called.err
    assert "\x1b" not in called.out + called.err


@pytest.mark.parametrize("name", ["a\0b", ".", "/dev/zero", "none.txt", "\ud800"])
def test_a_file_of_networks_that_is_none_is_told(tmp_path: Path, name: str) -> None:
    written = '"' + name.encode("unicode_escape").decode() + '"'
    file = tmp_path / "rules.yaml"
    network = f"{{id: a, treat: shared, ranges_file: {written}, reason: why}}"
    file.write_text(f'version: "1"\nbudgets: []\nnetworks:\n  - {network}\n')
    assert limits(file)
    entry = f"{{id: a, owner: shop, reason: because so it is, who: {{networks_file: {written}}}}}"
    file.write_text(f'version: "1"\ndeny:\n  - {entry}\n')
    assert business(file)


def test_everybody_is_no_network(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    entry = "{id: a, owner: shop, reason: because so it is, who: {networks: ['0.0.0.0/0']}}"
    file.write_text(f'version: "1"\ndeny:\n  - {entry}\n')
    assert "contains all addresses" in str(business(file)[0])


def test_all_networks_together_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "ranges.txt").write_text("".join(f"10.{a}.{b}.0/24\n" for a in range(130) for b in range(200)))
    file = tmp_path / "limits.yaml"
    entries = [f"  - {{id: n{n}, treat: shared, ranges_file: ranges.txt, reason: why}}\n" for n in range(2)]
    file.write_text('version: "1"\nbudgets: []\nnetworks:\n' + "".join(entries))
    assert "52000 ranges" in str(limits(file)[0])


@pytest.mark.parametrize("check", [limits, business])
@given(content=st.text(st.sampled_from("ab:-[]{}&*!<>|?'\"# \n\t1,\\"), max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_raises(tmp_path: Path, check: Check, content: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(content)
    assert check(file)
