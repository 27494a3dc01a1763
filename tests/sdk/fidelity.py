#!/usr/bin/env python3
"""Makes docs/fidelity.md of what the tests saw, or says how it differs from that.

    fidelity.py OUTCOMES             writes the page
    fidelity.py OUTCOMES --check     fails where the page is not what this run saw

`OUTCOMES` are lines of JSON that the tests add to the file that FIDELITY_OUT names; `tests/sdk/run` does all of it.
"""

import difflib
import json
import re
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from rig.losses import own  # noqa: E402

PAGE = HERE.parent.parent / "docs" / "fidelity.md"

NAMES = {
    "openai-chat": "Chat Completions", "openai-responses": "Responses", "anthropic-messages": "Messages", "gemini": "Gemini",
    "bedrock-converse": "Converse", "cohere-chat": "Cohere", "ollama-chat": "Ollama",
}
CLIENTS = list(NAMES)[:5]
MARKS = {"carried": "●", "approximated": "◐", "dropped": "○", "refused": "✕", "gap": "▲"}
WORST = ["carried", "approximated", "dropped", "refused", "gap"]
GOAL = 99.0

INTRO = """\
# Fidelity

What becomes of what clients say, and of what they are answered, when the supplier speaks another protocol. **This page is made by the
tests**: official SDKs ask the real binary, in front of simulated suppliers that refuse what their protocol does not have; what arrived
there, and what the SDK heard, decides each mark. A test fails where this page differs from what was seen. The tables have what the tests
ask for: each top-level member of the SDKs' requests, or `tests/sdk/rig/members.py` says why not, and what of their parts is listed there.
Whatever else a client says is named in `x-releve-dropped` or refused by the same rules.

    tests/sdk/run --fidelity        # runs the tests and writes this page; five minutes
"""

LEGEND = """\
| mark | meaning |
|---|---|
| ● | carried: said to the supplier in its own words, its answer heard by the client in its own |
| ◐ | carried, and what of it is said otherwise or left out is named in `x-releve-dropped` |
| ○ | the supplier has no words for it, or the client none for what goes back: left out, named in `x-releve-dropped` and in the ledger |
| ✕ | the supplier has no words for it, and without it the request would mean something else: the client's own 400 |
| ▲ | both have words for it, and it is not carried yet: named or refused, never silent |
|   | the client has no words for it |

Between clients and suppliers of one protocol the bytes are the client's and the supplier's, but for a closed list of edits.
"""


def read(path):
    """Outcomes by `(client, from, to)` and feature: the worst of all runs, and all that was named."""
    found = defaultdict(dict)
    for line in Path(path).read_text().splitlines():
        seen = json.loads(line)
        names = set(own(seen["feature"], re.split(r",\s*", seen["dropped"])))
        outcome = seen["outcome"]
        if outcome in ("broken", "lost") or (seen["both"] and outcome in ("dropped", "refused")):
            outcome = "gap"
        elif outcome == "carried" and names:
            outcome = "approximated"
        where = found[seen["client"], seen["from"], seen["to"]]
        before, named = where.get(seen["feature"], ("carried", set()))
        where[seen["feature"]] = (max(before, outcome, key=WORST.index), named | names)
    return found


def of_protocols(found):
    """Only what the Python SDKs saw, which is all there is to see: by protocol and feature."""
    return {(source, target): features for (client, source, target), features in found.items() if client in NAMES}


def count(outcomes):
    """How many can be said by both, are said, and are said exactly."""
    both = [outcome for outcome in outcomes if outcome in ("carried", "approximated", "gap")]
    said = [outcome for outcome in both if outcome != "gap"]
    return len(both), len(said), said.count("carried")


def share(part, whole):
    return f"{100 * part / whole:.1f} %"


def totals(pairs):
    same = [outcome for (source, target), features in pairs.items() if source == target for outcome, _ in features.values()]
    across = [outcome for (source, target), features in pairs.items() if source != target for outcome, _ in features.values()]
    return same, across


def summary(pairs):
    same, across = totals(pairs)
    lines = ["## Summary", "", "| | both can say it | carried | of these exactly | share |", "|---|---|---|---|---|"]
    for name, outcomes in (("one protocol", same), ("across protocols", across)):
        both, said, exactly = count(outcomes)
        lines.append(f"| {name} | {both} | {said} | {exactly} | **{share(said, both)}** |")
    lines += [
        "",
        f"Across protocols, what the supplier has no words for: {across.count('dropped')} times left out and named, "
        f"{across.count('refused')} times refused as the client's own error, never left out in silence.",
        "",
        "Of what both can say, carried:",
        "",
        "| client ↓ supplier → | " + " | ".join(NAMES.values()) + " |",
        "|---|" + "---|" * len(NAMES),
    ]
    for source in CLIENTS:
        cells = []
        for target in NAMES:
            both, said, _ = count(outcome for outcome, _ in pairs.get((source, target), {}).values())
            cells.append(f"{said} of {both}")
        lines.append(f"| {NAMES[source]} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def table(pairs, source):
    """One client protocol: a row a feature, and what was named."""
    features = sorted({feature for (client, _), seen in pairs.items() if client == source for feature in seen})
    lines = [f"## A client of {NAMES[source]}", "", "| | " + " | ".join(NAMES.values()) + " |", "|---|" + ":-:|" * len(NAMES)]
    named = defaultdict(lambda: defaultdict(list))
    for feature in features:
        cells = []
        for target in NAMES:
            outcome, names = pairs.get((source, target), {}).get(feature, (None, set()))
            cells.append(MARKS.get(outcome, ""))
            if names and outcome in ("approximated", "dropped", "gap"):
                named[feature][", ".join(f"`{name}`" for name in sorted(names))].append(NAMES[target])
        lines.append(f"| {feature} | " + " | ".join(cells) + " |")
    lines += ["", "<details><summary>What is named</summary>", ""]
    for feature, ways in named.items():
        lines.append(f"- {feature}: " + "; ".join(f"{names} ({', '.join(targets)})" for names, targets in ways.items()))
    return [*lines, "", "</details>", ""]


def node(found):
    """The SDKs for Node: how many of the features that both can say came through, as they should."""
    clients = sorted({client for client, _, _ in found if client not in NAMES}, key=str.lower)
    lines = [
        "## SDKs for Node", "",
        "The same questions from the makers' SDKs for Node and Vercel's AI SDK (text, instructions, tools, parallel calls, a named",
        "tool, images, structured output, limits, stop words, reasoning, errors), plain and streamed:", "",
        "| client ↓ supplier → | " + " | ".join(NAMES.values()) + " |", "|---|" + "---|" * len(NAMES),
    ]
    for client in clients:
        cells = []
        for target in NAMES:
            outcomes = [outcome for (who, _, to), features in found.items() if (who, to) == (client, target) for outcome, _ in features.values()]
            both, said, _ = count(outcomes)
            cells.append(f"{said} of {both}")
        lines.append(f"| {client} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "Reasoning that goes back is not counted where the SDK itself does not keep it, and the conversation goes on without:",
        "`@ai-sdk/openai` keeps none in Chat Completions, and in Responses not the text of thoughts that are no summaries",
        "(Anthropic's, Cohere's, Ollama's); `@ai-sdk/openai-compatible` keeps text alone, and nothing that proves it.",
    ]
    return [*lines, ""]


def gaps():
    """What is not carried, and why, in the words of the tests that hold it."""
    from rig.gaps import KNOWN

    lines = [f"- {feature}, {NAMES[source]} to {NAMES[target]}: {why}" for (feature, source, target), why in KNOWN.items()]
    known = re.findall(r"^  '([^']+)': \{\s*why: '([^']+)'", (HERE / "node/matrix/matrix.js").read_text(), re.M)
    lines += [f"- {name}: {why}" for name, why in known]
    return ["## What is not carried yet", "", *lines, ""] if lines else []


def versions():
    python = dict(re.findall(r"^([\w.-]+)==([\w.]+)$", (HERE / "requirements.txt").read_text(), re.M))
    packages = json.loads((HERE / "node/package.json").read_text())["dependencies"]
    mine = ["openai", "anthropic", "google-genai", "boto3"]
    return [
        "## Versions", "",
        "Python: " + ", ".join(f"{name} {python[name]}" for name in mine) + ".  ",
        "Node: " + ", ".join(f"{name} {version}" for name, version in sorted(packages.items())) + ".", "",
    ]


def page(found):
    pairs = of_protocols(found)
    lines = [INTRO, *summary(pairs), LEGEND]
    for source in CLIENTS:
        lines += table(pairs, source)
    return "\n".join([*lines, *node(found), *gaps(), *versions()]).rstrip() + "\n"


def main(path, *options):
    found = read(path)
    text = page(found)
    if "--check" in options:
        before = PAGE.read_text() if PAGE.exists() else ""
        if text != before:
            diff = difflib.unified_diff(before.splitlines(), text.splitlines(), "docs/fidelity.md", "this run", lineterm="", n=0)
            print("\n".join(list(diff)[:40]))
            return "docs/fidelity.md is not what this run saw: run tests/sdk/run --fidelity, and look at what has changed"
    else:
        PAGE.write_text(text)
    same, across = (count(outcomes) for outcomes in totals(of_protocols(found)))
    print(f"fidelity: one protocol {share(same[1], same[0])}, across {share(across[1], across[0])} of what both can say")
    if same[1] < same[0] or 100 * across[1] / across[0] < GOAL:
        return f"fidelity: less than 100 % in one protocol or {GOAL:.0f} % across"
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
