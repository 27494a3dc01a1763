#!/usr/bin/env python3
"""Says which of the numbers in gotchas.toml have no test named after them.

    tests/gotchas.py             fails where there is any

A test is named after a number where its name has it as a word: `b05_...`, `test_a08_...`, `p4_a13_...`, `i01_...` in Node's.
The numbers of guarantees may have a zero in front: `g1_...` and `g01_...` are the same. What does not run is no test.
`python3 -m doctest tests/gotchas.py` tests this file itself.
"""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINE = re.compile(r'^([A-IK]\d{2}|G\d{1,2}) = "(.*)"$')
GUARANTEES = "guarantees"
NUMBER = re.compile(r"(?:^|_)([a-ik]\d\d|g\d{1,2})(?=_)")

RUST_NOISE = re.compile(r"""//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\])'|r(#+)".*?"\1|"(?:\\.|[^"\\])*["]""", re.S)
RUST_FUNCTION = re.compile(r"((?:#\[[^\]]*\]\s*)+)(?:pub(?:\([^)]*\))?\s+)?(?:async\s+)?fn\s+(\w+)")
NODE_NOISE = re.compile(r"^\s*//[^\n]*|/\*.*?\*/", re.M | re.S)
NODE_TEST = re.compile(r"(?<![\w.])test\(\s*(['\"`])(.+?)\1\s*,\s*(\{[^}]*\})?")


def of_rust(source):
    """Functions that cargo runs as tests, also inside `proptest!`.

    >>> of_rust('#[test]\\nfn a01_runs() {} #[tokio::test(flavor = "x")] async fn a02_runs() {}')
    ['a01_runs', 'a02_runs']
    >>> of_rust('fn a03_helps() {} #[test] #[ignore = "long"] fn a04_waits() {} // #[test] fn a05_was()')
    []
    """
    functions = RUST_FUNCTION.findall(RUST_NOISE.sub('""', source))
    is_test, is_ignored = re.compile(r"#\[(?:\w+::)*test\b"), re.compile(r"#\[ignore\b")
    return [name for attributes, name in functions if is_test.search(attributes) and not is_ignored.search(attributes)]


def of_python(source):
    """Functions of a module that pytest collects and expects to pass.

    >>> of_python('def test_a01_runs(): pass\\nasync def test_a02_runs(): pass\\ndef a03_helps():\\n  def test_a04_inside(): pass')
    ['test_a01_runs', 'test_a02_runs']
    >>> of_python('import pytest\\n@pytest.mark.skip\\ndef test_a05_(): pass\\n@pytest.mark.xfail(strict=True)\\ndef test_a06_(): pass')
    []
    >>> of_python('import pytest\\npytestmark = pytest.mark.skip\\ndef test_a07_(): pass')
    []
    """
    body = ast.parse(source).body
    marks = [each.value for each in body if isinstance(each, ast.Assign) and "pytestmark" in ast.unparse(each.targets[0])]
    functions = [each for each in body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]
    runs = lambda decorators: not re.search(r"\b(skip|skipif|xfail)\b", " ".join(map(ast.unparse, decorators)))
    return [each.name for each in functions if each.name.startswith("test_") and runs([*marks, *each.decorator_list])]


def of_node(source):
    """Names of tests that Node runs.

    >>> of_node("test('a01_runs', () => {}); test(`i01_${name} runs`, async (t) => {});")
    ['a01_runs', 'i01_${name} runs']
    >>> of_node("test.skip('a02_x', f); test('a03_x', { todo: true }, f);\\n// test('a04_x', f)")
    []
    """
    tests = NODE_TEST.findall(NODE_NOISE.sub("", source))
    return [name for _, name, options in tests if not re.search(r"\b(skip|todo)\b", options)]


SOURCES = {"**/*.rs": of_rust, "**/test_*.py": of_python, "**/*.test.js": of_node, "**/matrix/*.js": of_node}


def listed():
    """The numbers with their titles."""
    sections, section = {}, ""
    for line in (ROOT / "tests" / "gotchas.toml").read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif found := LINE.match(line):
            sections.setdefault(section, []).append(found.groups())
        elif line and not line.startswith("#"):
            raise SystemExit(f"tests/gotchas.toml: what is {line!r}?")
    titles = [title for numbers in sections.values() for title in numbers]
    known = [number for number, _ in titles]
    twice = {number for number in known if known.count(number) > 1}
    misplaced = {number for name, numbers in sections.items() for number, _ in numbers if (number[0] == "G") != (name == GUARANTEES)}
    if twice or misplaced:
        raise SystemExit(f"tests/gotchas.toml: numbers of two things: {sorted(twice | misplaced)}")
    return titles


def numbers_of(name):
    """The numbers in a test's name, as they are listed.

    >>> numbers_of("p4_a13_g01_a_thing"), numbers_of("k10_a_thing"), numbers_of("test_h264_x_a1_y")
    (['A13', 'G1'], ['K10'], [])
    """
    found = [number.upper() for number in NUMBER.findall(name)]
    return [f"G{int(number[1:])}" if number[0] == "G" else number for number in found]


def tested():
    """The numbers in the names of tests."""
    found = set()
    for folder in ("crates", "tests", "fuzz"):
        for pattern, names in SOURCES.items():
            for path in (ROOT / folder).glob(pattern):
                if not {"target", "node_modules"} & set(path.parts):
                    found.update(number for name in names(path.read_text()) for number in numbers_of(name))
    return found


def main():
    titles, found = listed(), tested()
    missing = [(number, title) for number, title in titles if number not in found]
    for number, title in missing:
        print(f"gotchas: {number} has no test: {title}")
    print(f"gotchas: {len(titles) - len(missing)} of {len(titles)} have a test")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
