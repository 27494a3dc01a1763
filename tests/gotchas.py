#!/usr/bin/env python3
"""Says which of the numbers in gotchas.toml have no test named after them.

    tests/gotchas.py             fails where one has neither a test nor a reason
    tests/gotchas.py --all       fails where one has no test, whatever the reason

A test is named after a number where its name has it as a word: `b05_...`, `test_a08_...`, `p4_a13_...`, `i01_...` in Node's.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINE = re.compile(r'^([A-I]\d{2}|G\d{1,2}) = "(.*)"$')
NAMES = {
    ".rs": re.compile(r"#\[(?:\w+::)?test[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:async )?fn (\w+)|^\s*(?:async )?fn ([a-z]\d+_\w+)\(", re.M),
    ".py": re.compile(r"def (test_\w+)"),
    ".js": re.compile(r"test\([`']([^`']+)"),
}
NUMBER = re.compile(r"(?:^|_)([a-i]\d{1,2})(?=_)")


def listed():
    """Each section's numbers with their titles, and those skipped with their reasons."""
    titles, skipped, section = [], {}, ""
    for line in (ROOT / "tests" / "gotchas.toml").read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif found := LINE.match(line):
            number, text = found.groups()
            if section == "skipped":
                skipped[number] = text
            else:
                titles.append((section, number, text))
        elif line and not line.startswith("#"):
            raise SystemExit(f"tests/gotchas.toml: what is {line!r}?")
    return titles, skipped


def tested():
    """The numbers in the names of tests."""
    found = set()
    for folder in ("crates", "tests", "fuzz"):
        for path in (ROOT / folder).rglob("*"):
            names = NAMES.get(path.suffix)
            if names and not {"target", "node_modules"} & set(path.parts):
                for match in names.finditer(path.read_text()):
                    found.update(number.upper() for number in NUMBER.findall(next(filter(None, match.groups()))))
    return found


def main(*options):
    (titles, skipped), found = listed(), tested()
    known = {number for _, number, _ in titles}
    mistakes = [f"{number} is skipped, and no such number is listed" for number in skipped if number not in known]
    mistakes += [f"{number} is skipped, and has a test: take it out of [skipped]" for number in skipped if number in found]
    missing = [(number, title) for _, number, title in titles if number not in found]
    mistakes += [f"{number} has no test: {title}" for number, title in missing if number not in skipped]
    if "--all" in options:
        mistakes += [f"{number} has no test: {title} ({skipped[number]})" for number, title in missing if number in skipped]
    for mistake in mistakes:
        print(f"gotchas: {mistake}")
    print(f"gotchas: {len(titles) - len(missing)} of {len(titles)} have a test, {len(skipped)} are skipped with a reason")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
