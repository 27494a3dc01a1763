"""Fidelity: any client's dialect on any supplier's. Each official SDK asks each protocol for everything that both can say."""

import json
import time

import pytest

from rig.config import every_protocol
from rig.processes import PATIENCE_S
from rig.sayings import CONVERSE, GEMINI, MESSAGES
from rig.suppliers import SAID
from rig.thoughts import NAMES, SEALS, given_back, proofs, proved, squeezed, thoughts
from rig.tongues import TONGUES, Tool, status_of

PROMPT = "Tell me about the weather at sea, please."
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
WEATHER = Tool(
    "get_weather",
    "The weather in a place",
    {
        "type": "object",
        "properties": {"place": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["place", "days"],
        "additionalProperties": False,
    },
)
TIDES = Tool(
    "get_tides",
    "The tides in a harbour",
    {"type": "object", "properties": {"harbour": {"type": "string"}}, "required": ["harbour"], "additionalProperties": False},
)
FORECAST = {
    "type": "object",
    "properties": {"place": {"type": "string"}, "celsius": {"type": "number"}},
    "required": ["place", "celsius"],
    "additionalProperties": False,
}
FAULTS = {
    "limited": ({"kind": "rate_limited", "retry_after": {"seconds": 7}}, 429),
    "overloaded": ({"kind": "overloaded"}, 503),
    "failing": ({"kind": "server_error"}, 503),
}
FAILING = [f"{tongue}-{fault}-{form}" for tongue in TONGUES for fault in FAULTS for form in ("plain", "stream")]
FORMS = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])


def config(first, second):
    return every_protocol(first, [f"{protocol}-{case}" for protocol in SAID for case in FAILING])


@pytest.fixture(scope="module", params=TONGUES)
def tongue(request, gateway):
    """Each SDK, as a client of the gateway."""
    return TONGUES[request.param](gateway.url, gateway.key)


@pytest.fixture(params=SAID)
def protocol(request):
    """Each protocol of the supplier."""
    return request.param


@pytest.fixture
def truth(first, protocol):
    """Text and calls of what the supplier said last, which was a plain answer, by its own bytes."""
    return lambda: SAID[protocol](json.loads(whole(first)["reply"]))


def whole(first):
    """The last request, with all of its reply: it is recorded when all of it was sent, which the client may know first."""
    until = time.monotonic() + PATIENCE_S
    while not (record := first.recorded()[-1])["reply"]:
        assert time.monotonic() < until
    return record


NOTED = {
    "test_text": "text",
    "test_a9_multibyte_text": "text",
    "test_g6_instructions_and_turns": "instructions and earlier turns",
    "test_g1_tools_are_called_and_answered": "tool calls and results",
    "test_a_forced_tool": "a named tool",
    "test_g3_structured_output": "structured output",
    "test_g5_the_limit": "the limit of an answer",
    "test_stop_words": "stop words",
    "test_g10_an_image_arrives": "images",
    "test_g2_g22_thinking_goes_back_to_its_maker_alone": "reasoning that goes back",
    "test_i01_errors_are_the_clients_own": "errors",
}


@pytest.fixture(autouse=True)
def noted(request, note):
    """Notes what became of the feature that a test is about."""
    feature = NOTED.get(request.function.__name__)
    if not feature:
        yield
        return
    tongue, protocol = request.getfixturevalue("tongue"), request.getfixturevalue("protocol")
    tongue.dropped, tongue.outcome = set(), "carried"
    yield
    if getattr(request.node, "has_passed", False) and not (feature == "stop words" and tongue.name == "openai-responses"):
        note(tongue.name, protocol, feature, tongue.outcome, tongue.dropped)


def route(protocol):
    return f"to-{protocol}"


def agree(tongue, protocol, truth, *arguments, **options):
    """Asks plainly and as a stream: both are what the supplier said."""
    plain = tongue.ask(False, route(protocol), *arguments, **options)
    text, calls = truth()
    streamed = tongue.ask(True, route(protocol), *arguments, **options)
    for heard in (plain, streamed):
        assert heard.text == text
        assert heard.called == calls
        assert heard.input_tokens > 0 and heard.output_tokens > 0
    assert streamed.finish == plain.finish
    assert (streamed.input_tokens, streamed.output_tokens) == (plain.input_tokens, plain.output_tokens)
    return plain


def is_refused(tongue, protocol, **options):
    """What a protocol cannot say is the client's own error, not silence."""
    tongue.outcome = "refused"
    for stream in (False, True):
        with pytest.raises(tongue.failures[400]) as caught:
            tongue.ask(stream, route(protocol), tongue.user(PROMPT), **options)
        assert status_of(caught.value) == 400 and "cannot be said" in str(caught.value)


def test_text(tongue, protocol, truth):
    heard = agree(tongue, protocol, truth, tongue.user(PROMPT))
    assert heard.text and heard.finish == "stop"


def test_a9_multibyte_text(tongue, protocol, truth, change):
    change(answer={"multibyte": 1.0}, delivery={"split": 3})
    heard = agree(tongue, protocol, truth, tongue.user(PROMPT))
    assert len(heard.text.encode()) > len(heard.text)


def test_g6_instructions_and_turns(tongue, protocol, truth, first):
    heard = agree(tongue, protocol, truth, tongue.user("Hello"))
    talk = [*tongue.user("Hello"), *heard.turn, *tongue.user("And now?")]
    again = agree(tongue, protocol, truth, talk, system="Speak like a sailor from Saint-Malo.")
    sent = first.recorded()[-1]["body"].decode()
    assert "sailor from Saint-Malo" in sent and "And now?" in sent
    assert again.text


@pytest.mark.parametrize("wish", ["What is the weather in Brest?", "What are the weather and the tides in Brest?"])
def test_g1_tools_are_called_and_answered(tongue, protocol, truth, wish):
    talk = tongue.user(wish)
    heard = agree(tongue, protocol, truth, talk, tools=(WEATHER, TIDES))
    assert heard.finish == "tools"
    assert len(heard.calls) == (2 if "tides" in wish else 1)
    if tongue.name != protocol:
        assert len({call for call, _, _ in heard.calls}) == len(heard.calls), "ids tell calls apart"
    talk = [*talk, *heard.turn, *tongue.results(heard, "calm, 12 degrees")]
    end = agree(tongue, protocol, truth, talk, tools=(WEATHER, TIDES))
    assert end.finish == "stop" and end.text


def test_a_forced_tool(tongue, protocol, truth):
    if protocol == "ollama-chat":
        return forced_by_form(tongue, ["get_tides"], force="get_tides")
    heard = agree(tongue, protocol, truth, tongue.user(PROMPT), tools=(WEATHER, TIDES), force="get_tides")
    assert [name for name, _ in heard.called] == ["get_tides"]


def forced_by_form(tongue, names, **options):
    """Ollama is held to the form of the answer, which becomes the call of a tool; its result goes back like any other."""
    for stream in (False, True):
        talk = tongue.user("Tell me about the sea, please.")
        heard = tongue.ask(stream, route("ollama-chat"), talk, tools=(WEATHER, TIDES), **options)
        (name, arguments), = heard.called
        assert name in names and set(arguments) == ({"place", "days"} if name == "get_weather" else {"harbour"})
        assert heard.finish == "tools" and not heard.text
        assert heard.input_tokens > 0 and heard.output_tokens > 0
        talk = [*talk, *heard.turn, *tongue.results(heard, "high at six")]
        assert tongue.ask(stream, route("ollama-chat"), talk, tools=(WEATHER, TIDES)).text


SOME_TOOL = {
    "openai-chat": {"tool_choice": "required"},
    "openai-responses": {"tool_choice": "required"},
    "anthropic-messages": {"tool_choice": {"type": "any"}},
    "gemini": {"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
    "bedrock-converse": {"toolConfig": {"toolChoice": {"any": {}}}},
}


def test_b10_some_tool_at_who_has_only_forms(tongue):
    more = SOME_TOOL[tongue.name]
    forced_by_form(tongue, ["get_weather", "get_tides"], more=more)
    # A server that takes the form for a call of its own says it as one.
    heard = tongue.ask(False, route("ollama-chat"), tongue.user("Use get_tides now"), tools=(WEATHER, TIDES), more=more)
    assert [name for name, _ in heard.called] == ["get_tides"] and heard.finish == "tools"


def test_g3_structured_output(tongue, protocol, truth):
    heard = agree(tongue, protocol, truth, tongue.user("A forecast, please"), schema=FORECAST)
    assert set(json.loads(heard.text)) == {"place", "celsius"}


def test_g5_the_limit(tongue, protocol, truth):
    heard = agree(tongue, protocol, truth, tongue.user(PROMPT), limit=16)
    assert heard.finish == "length"


def test_stop_words(tongue, protocol, truth):
    if tongue.name == "openai-responses":
        return
    if protocol == "openai-responses":
        return is_refused(tongue, protocol, stop="sea")
    whole = tongue.ask(False, route(protocol), tongue.user(PROMPT)).text
    word = whole.split()[5]
    heard = agree(tongue, protocol, truth, tongue.user(PROMPT), stop=word)
    assert heard.finish == "stop" and heard.text == whole[: whole.index(word)]


def test_g10_an_image_arrives(tongue, protocol, truth, first):
    agree(tongue, protocol, truth, tongue.user("What is this?", PIXEL))
    assert b"iVBORw0KGgo" in first.recorded()[-1]["body"]


def test_g2_g22_thinking_goes_back_to_its_maker_alone(tongue, protocol, first):
    thought = goes_back(tongue, protocol, first, False)
    # It is the same when it is streamed, and only plain answers tell it in one piece.
    goes_back(tongue, protocol, first, True, thought)


def goes_back(tongue, protocol, first, stream, thought=None):
    """Two turns, one at another supplier, one back again. Gives what was thought in the first."""
    talk = tongue.user("Think about the sea, then about the weather in Brest.")

    def turn(to):
        nonlocal talk
        heard = tongue.ask(stream, route(to), talk, effort="medium", tools=(WEATHER,))
        talk = [*talk, *heard.turn]
        talk += tongue.results(heard, "calm") if heard.calls else tongue.user("Thank you.")
        record = whole(first)
        assert not any(seal in record["body"] for seal in SEALS), "what is sealed for a client goes to no supplier"
        return record, given_back(to, json.loads(record["body"])), proofs(record["reply"])

    record, _, said = turn(protocol)
    if thought is None:
        thought = thoughts(protocol, json.loads(record["reply"]))
    _, given, said_then = turn(protocol)
    if (tongue.name, protocol) == (CONVERSE, GEMINI):
        # A client of Converse has no place for what proves a call: that is named in the answer, where it can be.
        assert stream or tongue.dropped & NAMES
        tongue.outcome, said, said_then = "dropped", [], []
    assert proved(given) == said, "byte for byte, in its own place"
    if (tongue.name, protocol) == (MESSAGES, GEMINI):
        # Behind the text that ends a turn a client of Messages has no place: named, too.
        assert stream or "reasoning.proof" in tongue.dropped
        said_then = []
    if protocol != GEMINI or any(text for text, _ in given):
        # Google's thoughts are summaries: what comes of them is signed, and they need not go back.
        assert squeezed(text for text, _ in given) == squeezed(thought)
    noted, tongue.dropped = tongue.dropped, set()
    others = list(SAID)
    record, _, _ = turn(others[(others.index(protocol) + 2) % len(others)])
    assert proofs(record["body"]) == [], "nobody else gets it"
    assert not said or tongue.dropped & NAMES, f"not named: {tongue.dropped}"
    _, given, _ = turn(protocol)
    assert proved(given) == [*said, *said_then], "and there it is again"
    tongue.dropped = noted
    return thought


@FORMS
def test_g2_the_supplier_changes_in_every_turn(tongue, stream):
    talk = tongue.user("Think about the sea, then about the weather in Brest.")
    for protocol in [*SAID, *SAID]:
        heard = tongue.ask(stream, route(protocol), talk, effort="medium", tools=(WEATHER,))
        talk = [*talk, *heard.turn]
        talk += tongue.results(heard, "calm") if heard.calls else tongue.user("And the weather in Brest?")


@FORMS
@pytest.mark.parametrize("fault", FAULTS)
def test_i01_errors_are_the_clients_own(tongue, protocol, first, fault, stream):
    played, status = FAULTS[fault]
    first.play(played)
    name = f"{protocol}-{tongue.name}-{fault}-{'stream' if stream else 'plain'}"
    with pytest.raises(tongue.failures[status]) as caught:
        tongue.ask(stream, route(name), tongue.user(PROMPT))
    assert status_of(caught.value) in ({status} if status == 429 else {503, 529})
