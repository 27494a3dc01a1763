"""Fidelity: whatever an official SDK can say reaches a supplier of any protocol, or is refused, or is named as lost."""

import json

import pytest

from rig.config import every_protocol
from rig.gaps import KNOWN
from rig.losses import foreign, own
from rig.members import FEATURES
from rig.sayings import CHAT, CLIENTS, CONVERSE, GEMINI, LONG, MESSAGES, SUPPLIERS
from rig.tongues import TONGUES, Tool, status_of

TIDES = {"type": "object", "properties": {"harbour": {"type": "string"}}, "required": ["harbour"]}
PROMPT = "Tell me about the weather at sea, please, as JSON."
SAYINGS = {name: ways for group in FEATURES.values() for name, ways in group.items()}

CASES = [
    pytest.param(name, client, supplier, id=f"{name}-{client}-{supplier}")
    for name, ways in SAYINGS.items()
    for client in CLIENTS
    if client in ways and ways[client].asked
    for supplier in SUPPLIERS
]

def config(first, _):
    return every_protocol(first)


@pytest.fixture(scope="module")
def tongues(gateway, first):
    """Each SDK, as a client of the gateway; behind it a supplier that knows no field too many."""
    first.change(refuses_unknown_fields=True)
    return {name: tongue(gateway.url, gateway.key) for name, tongue in TONGUES.items()}


def said(tongue, way):
    """How the SDK is asked to say it: a conversation and more members of the request."""
    more = dict(way.more or {})
    if way.tools:
        more |= {"toolConfig": {**more.get("toolConfig", {}), "tools": way.tools}} if tongue.name == "bedrock-converse" else {"tools": way.tools}
    talk = way.talk or (tongue.turn(way.part) if way.part else tongue.user(PROMPT))
    return talk, more


def is_known(way, client, supplier):
    """Whether both can say it."""
    return supplier in way and (client == supplier or client in way[supplier].only_from)


def ask(tongue, stream, supplier, first, way, feature):
    """What becomes of it: `refused`, `carried`, `approximated` (and named), `dropped` (and named) or `lost`. Only a name of the
    feature's own tells that, and no other is there."""
    talk, more = said(tongue, way[tongue.name])
    tongue.dropped.clear()
    try:
        tongue.ask(stream, f"to-{supplier}", talk, more=more)
    except tongue.failures[400] as error:
        assert status_of(error) == 400 and "cannot be said" in str(error), error
        return "refused"
    body = json.loads(first.recorded()[-1]["body"])
    arrived = is_known(way, tongue.name, supplier) and way[supplier].arrived(body, tongue.name != supplier)
    assert tongue.name == supplier or not foreign(feature, tongue.dropped), tongue.dropped
    named = own(feature, tongue.dropped)
    if arrived:
        return "approximated" if named else "carried"
    return "dropped" if named else "lost"


@pytest.mark.parametrize("feature, client, supplier", CASES)
def test_what_is_said(tongues, first, feature, client, supplier, note, request):
    if why := KNOWN.get((feature, client, supplier)):
        request.applymarker(pytest.mark.xfail(reason=why, strict=True))
    way, tongue = SAYINGS[feature], tongues[client]
    plain = ask(tongue, False, supplier, first, way, feature)
    dropped = sorted(tongue.dropped)
    streamed = ask(tongue, True, supplier, first, way, feature)
    both = is_known(way, client, supplier)
    note(client, supplier, feature, plain, dropped, both)
    # What only the answer's losses tell comes too late for a stream's headers.
    alike = {"approximated": "carried"}
    assert alike.get(streamed, streamed) == alike.get(plain, plain)
    assert plain in (("carried", "approximated") if both else ("refused", "dropped")), dropped


@pytest.mark.parametrize("supplier", SUPPLIERS)
@pytest.mark.parametrize("client, name", [(MESSAGES, LONG), (GEMINI, "harbour.office:tides")], ids=["long", "odd"])
def test_b21_names_come_back_as_they_went(tongues, client, name, supplier, note):
    tongue = tongues[client]
    tongue.dropped.clear()
    for stream in (False, True):
        tools = (Tool(name, "The tables of the tides", TIDES),)
        heard = tongue.ask(stream, f"to-{supplier}", tongue.user(f"Use {name} now"), tools=tools)
        assert [name for name, _ in heard.called] == [name]
        talk = [*tongue.user(f"Use {name} now"), *heard.turn, *tongue.results(heard, "high at six")]
        assert tongue.ask(stream, f"to-{supplier}", talk, tools=tools).text
    note(client, supplier, "long and odd names of tools", "carried", tongue.dropped)


@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_json_that_the_instructions_ask_for(tongues, supplier):
    tongue = tongues[CHAT]
    talk = [{"role": "system", "content": "Answer in JSON."}, *tongue.user("When is high water?")]
    for stream in (False, True):
        heard = tongue.ask(stream, f"to-{supplier}", talk, more={"response_format": {"type": "json_object"}})
        # Messages and Converse have the words alone.
        assert supplier in (MESSAGES, CONVERSE) or json.loads(heard.text)


@pytest.mark.parametrize("supplier", [CHAT, GEMINI])
@pytest.mark.parametrize("client", [CHAT, GEMINI])
def test_b26_several_choices_come_back(tongues, client, supplier):
    tongue, more = tongues[client], SAYINGS["several choices"][client].more
    for stream in (False, True):
        assert tongue.ask(stream, f"to-{supplier}", tongue.user(PROMPT), more=more).choices == 2
