"""Fidelity of what is said together: any few features in one request, drawn by lot, are carried, named or refused by us; no supplier
calls wrong what was translated for it."""

import copy
import random

import pytest

from rig.config import every_protocol
from rig.members import FEATURES
from rig.sayings import CLIENTS, CONVERSE, MESSAGES, SUPPLIERS
from rig.tongues import TONGUES, merged, status_of

DRAWS, AT_ONCE = 12, 4
CUTS = ("a limit of one token", "the limit of an answer")
"""Of what is cut short OpenAI's helper makes an exception, before it has heard all."""
SAYINGS = {name: ways for group in FEATURES.values() for name, ways in group.items() if name not in CUTS}


def config(first, _):
    config = every_protocol(first)
    # As the catalogue says it of every Claude.
    config[f"providers.{MESSAGES}"]["quirks"] = ["no_forced_tool_with_thinking"]
    return config


@pytest.fixture(scope="module")
def tongues(gateway, first):
    first.change(refuses_unknown_fields=True)
    return {name: tongue(gateway.url, gateway.key) for name, tongue in TONGUES.items()}


def drawn(client, lot):
    """Some features that the client can say, of which one at most has tools, and one a conversation of its own."""
    known = [name for name, ways in SAYINGS.items() if client in ways and ways[client].asked]
    names, tools, talk = [], 0, 0
    for name in lot.sample(known, len(known)):
        way = SAYINGS[name][client]
        if tools + bool(way.tools) <= 1 and talk + bool(way.talk or way.part) <= 1:
            names.append(name)
            tools, talk = tools + bool(way.tools), talk + bool(way.talk or way.part)
    return names[:AT_ONCE]


def together(tongue, names):
    """The conversation and the members of a request that says all of these."""
    talk, more = tongue.user("Tell me about the weather at sea, please, as JSON."), {}
    for way in (SAYINGS[name][tongue.name] for name in names):
        more = merged(more, copy.deepcopy(way.more))
        if way.tools:
            tools = {"tools": way.tools}
            more = merged(more, {"toolConfig": tools} if tongue.name == CONVERSE else tools)
        talk = way.talk or (tongue.turn(way.part) if way.part else talk)
    return talk, more


@pytest.mark.parametrize("supplier", SUPPLIERS)
@pytest.mark.parametrize("client", CLIENTS)
def test_i06_what_is_said_together_is_never_called_wrong(tongues, client, supplier):
    if client == supplier:
        pytest.skip("what the client says goes on as it is")
    tongue, lot = tongues[client], random.Random(f"{client} {supplier}")
    served = 0
    for _ in range(DRAWS):
        names = drawn(client, lot)
        talk, more = together(tongue, names)
        try:
            tongue.ask(lot.random() < 0.5, f"to-{supplier}", talk, more=more)
            served += 1
        except tongue.failures[400] as error:
            assert status_of(error) == 400 and "cannot be said" in str(error), (names, error)
    assert served
