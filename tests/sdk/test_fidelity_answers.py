"""Fidelity of answers: whatever a supplier of any protocol can say reaches every official SDK, or is named as lost."""

import pytest

from rig.config import every_protocol
from rig.losses import foreign
from rig.replies import COUNTS, FINISHES, LOGPROB, PLACE, QUERY, READ, REASONED, TEXT, URL, USAGE, WORDS, WRITTEN, reply
from rig.sayings import CHAT, CLIENTS, COHERE, CONVERSE, GEMINI, MESSAGES, OLLAMA, RESPONSES, SUPPLIERS
from rig.tongues import TONGUES

PAIRS = pytest.mark.parametrize("client, supplier", [(client, supplier) for client in CLIENTS for supplier in SUPPLIERS])
BOTH = (False, True)


def config(first, _):
    return every_protocol(first)


@pytest.fixture(scope="module")
def tongues(gateway):
    """Each SDK, as a client of the gateway."""
    return {name: tongue(gateway.url, gateway.key) for name, tongue in TONGUES.items()}


def hear(tongue, supplier, first, stream, more=None, **about):
    """What the SDK makes of a supplier's answer."""
    first.play(reply(supplier, stream, **about))
    tongue.dropped.clear()
    return tongue.ask(stream, f"to-{supplier}", tongue.user("When is high water?"), more=more)


@PAIRS
def test_g5_every_reason_to_end(tongues, first, client, supplier, note):
    tongue = tongues[client]
    for word, meaning in FINISHES[supplier].items():
        for stream in BOTH:
            heard = hear(tongue, supplier, first, stream, finish=word)
            assert (heard.text, heard.finish) == (TEXT, meaning) or (client == supplier and heard.text == TEXT), (word, stream)
    note(client, supplier, "reasons to end", "carried", tongue.dropped)


@PAIRS
def test_g8_usage_in_buckets(tongues, first, client, supplier, note):
    tongue = tongues[client]
    figures = {"read": READ, "written": WRITTEN, "reasoned": REASONED}
    for stream in BOTH:
        heard = hear(tongue, supplier, first, stream, usage=USAGE[supplier])
        assert (heard.input_tokens, heard.output_tokens) == (50, 16), stream
        shared = COUNTS[supplier] & set(heard.details)
        assert {name: heard.details[name] for name in shared} == {name: figures[name] for name in shared}, stream
        assert not any(heard.details[name] for name in set(heard.details) - shared), stream
    lost = COUNTS[supplier] - COUNTS[client]
    note(client, supplier, "usage", "approximated" if lost else "carried", tongue.dropped)


@pytest.mark.parametrize("supplier", [CHAT, RESPONSES])
@pytest.mark.parametrize("client", CLIENTS)
def test_d09_a_refusal_is_heard(tongues, first, client, supplier, note):
    tongue, words = tongues[client], "I will not say."
    for stream in BOTH:
        heard = hear(tongue, supplier, first, stream, refusal=words)
        assert words in heard.whole, stream
    as_text = client not in (CHAT, RESPONSES)
    note(client, supplier, "refusals", "approximated" if as_text else "carried", tongue.dropped)


@PAIRS
def test_citations(tongues, first, client, supplier, note):
    if supplier == OLLAMA:
        pytest.skip("Ollama cites nothing")
    tongue = tongues[client]
    for stream in BOTH:
        heard = hear(tongue, supplier, first, stream, cited=True)
        assert heard.text == TEXT, stream
        assert URL in heard.whole, stream
    note(client, supplier, "citations", "carried", tongue.dropped)


POINTS = (MESSAGES, CONVERSE)
"""Who cites places in documents."""


@pytest.mark.parametrize("supplier", POINTS)
@pytest.mark.parametrize("client", CLIENTS)
def test_g10_where_in_a_document_it_stands(tongues, first, client, supplier, note):
    tongue, feature = tongues[client], "citations of documents"
    for stream in BOTH:
        heard = hear(tongue, supplier, first, stream, placed=True)
        assert heard.text == TEXT, stream
        bounds = [f'"start_char_index":{PLACE["start"]}', f'"start": {PLACE["start"]}, "end": {PLACE["end"]}']
        assert any(each in heard.whole for each in bounds) == (client in POINTS), heard.whole
        assert (WORDS in heard.whole) == (client not in (CHAT, RESPONSES)) or client == CHAT, heard.whole
        if not stream:
            # A stream's headers have gone when it is known.
            dropped = sorted(tongue.dropped)
            assert ("citations.location" in dropped) == (client not in POINTS) and not foreign(feature, dropped), dropped
    note(client, supplier, feature, "carried" if client in POINTS else "dropped", dropped, client in POINTS)


TELLS = (RESPONSES, MESSAGES, GEMINI)
"""Who has a place for what was looked for."""


@pytest.mark.parametrize("supplier", TELLS)
@pytest.mark.parametrize("client", CLIENTS)
def test_d13_what_was_searched_for(tongues, first, client, supplier, note):
    tongue = tongues[client]
    for stream in BOTH:
        heard = hear(tongue, supplier, first, stream, cited=True, searched=True)
        assert heard.text == TEXT, stream
        assert (QUERY in heard.whole) == (client in TELLS), stream
        assert URL in heard.whole, stream
        if not stream:
            # A stream's headers have gone when it is known.
            dropped = sorted(tongue.dropped)
            assert ("web_search" in dropped) == (client not in TELLS)
    note(client, supplier, "searches told", "carried" if client in TELLS else "dropped", dropped, client in TELLS)


HEARD = {
    CHAT: '"service_tier":"priority"', RESPONSES: '"service_tier":"priority"', MESSAGES: '"service_tier":"priority"',
    GEMINI: '"traffic_type":"ON_DEMAND_PRIORITY"', CONVERSE: '{"type": "priority"}',
}


@pytest.mark.parametrize("supplier", CLIENTS)
@pytest.mark.parametrize("client", CLIENTS)
def test_the_class_of_service_is_told(tongues, first, client, supplier, note):
    tongue = tongues[client]
    # Converse tells it at the end. Messages has a place for it at the start alone, and there OpenAI's helper looks for it.
    late = supplier == CONVERSE and client in (MESSAGES, CHAT)
    for stream in BOTH:
        heard = hear(tongue, supplier, first, stream, served=True)
        assert (HEARD[client] in heard.whole) == (not (stream and late)), stream
    note(client, supplier, "class of service told", "approximated" if late and client == MESSAGES else "carried", tongue.dropped)


ASKS = {
    CHAT: {"logprobs": True},
    RESPONSES: {"include": ["message.output_text.logprobs"]},
    GEMINI: {"generationConfig": {"responseLogprobs": True}},
}


@pytest.mark.parametrize("supplier", [CHAT, RESPONSES, GEMINI, COHERE, OLLAMA])
@pytest.mark.parametrize("client", ASKS)
def test_log_probabilities(tongues, first, client, supplier, note):
    tongue = tongues[client]
    for stream in BOTH:
        heard = hear(tongue, supplier, first, stream, more=ASKS[client], logprobs=True)
        assert str(LOGPROB) in heard.whole, stream
    note(client, supplier, "log probabilities told", "carried", tongue.dropped)
