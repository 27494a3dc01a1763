"""Conversations that every product has one day: the model greets first, a prompt is nothing but instructions, the model declined a turn ago."""

import pytest

from rig.config import entry, every_protocol
from rig.replies import reply
from rig.sayings import CHAT, CLIENTS, COHERE, CONVERSE, GEMINI, OLLAMA, RESPONSES, SUPPLIERS
from rig.tongues import TONGUES

GREETING, REFUSAL = "Hello! How can I help?", "That I will not do."


def config(first, _):
    config = every_protocol(first, [f"{COHERE}-refusing"])
    config["routes.another-left"] = {"deployments": [entry(f"{COHERE}-refusing"), entry(OLLAMA)]}
    return config


@pytest.fixture(scope="module")
def tongues(gateway):
    return {name: tongue(gateway.url, gateway.key) for name, tongue in TONGUES.items()}


def greeting(client):
    if client == GEMINI:
        return {"role": "model", "parts": [{"text": GREETING}]}
    return {"role": "assistant", "content": [{"text": GREETING}] if client == CONVERSE else GREETING}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("supplier", SUPPLIERS)
@pytest.mark.parametrize("client", CLIENTS)
def test_g01_the_model_may_greet_first(tongues, first, client, supplier, stream):
    if client == supplier:
        pytest.skip("what the client says goes on as it is")
    tongue = tongues[client]
    talk = [greeting(client), *tongue.user("Tell me about the weather at sea, please.")]
    heard = tongue.ask(stream, f"to-{supplier}", talk, system="Be kind.")
    assert heard.text and heard.finish == "stop"
    assert GREETING.encode() in first.recorded()[-1]["body"]
    if not stream:
        assert ("messages.first" in tongue.dropped) == (supplier == CONVERSE)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("supplier", SUPPLIERS)
@pytest.mark.parametrize("client", [CHAT, RESPONSES])
def test_g01_instructions_alone_are_answered(tongues, client, supplier, stream):
    if client == supplier:
        pytest.skip("what the client says goes on as it is")
    tongue = tongues[client]
    heard = tongue.ask(stream, f"to-{supplier}", [], system="Write a haiku about the weather at sea.")
    assert heard.text and heard.finish == "stop"
    if not stream:
        assert ("messages.role" in tongue.dropped) == (supplier not in (CHAT, OLLAMA))


@pytest.mark.parametrize("supplier", [CHAT, RESPONSES])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_conversation_goes_on_behind_a_refusal(tongues, first, client, supplier):
    if client == supplier:
        pytest.skip("what the client says goes on as it is")
    tongue = tongues[client]
    asked = tongue.user("Do something wicked.")
    first.play(reply(supplier, False, refusal=REFUSAL))
    refused = tongue.ask(False, f"to-{supplier}", asked)
    first.play()
    for each in SUPPLIERS:
        if each == client:
            continue
        heard = tongue.ask(False, f"to-{each}", [*asked, *refused.turn, *tongue.user("Something kind, then.")])
        assert heard.text, each
        assert REFUSAL.encode() in first.recorded()[-1]["body"], each


def test_a_kept_refusal_is_built_upon(tongues, first):
    responses = tongues[RESPONSES].client.responses
    first.play(reply(CHAT, False, refusal=REFUSAL))
    refused = responses.create(model=f"to-{CHAT}", input="Do something wicked.")
    assert refused.output[0].content[0].refusal == REFUSAL
    first.play()
    assert responses.create(model=f"to-{CHAT}", input="Something kind, then.", previous_response_id=refused.id).output_text
    assert REFUSAL.encode() in first.recorded()[-1]["body"]


def test_i06_whoever_is_told_it_in_another_way_is_a_second_opinion(tongues, first, gateway):
    """Nobody left speaks the client's own protocol."""
    first.play({"fault": {"kind": "bad_request"}, "path": "/v2/chat"})
    tongue = tongues[CHAT]
    assert tongue.ask(False, "another-left", tongue.user("Tell me about the weather at sea, please.")).text
    [*_, last] = gateway.entries()
    assert [each["deployment"].split("/")[0] for each in last["attempts"]] == [f"{COHERE}-refusing", OLLAMA]
    assert "failed" in last["attempts"][0]["outcome"] and last["attempts"][1]["outcome"] == "served"
