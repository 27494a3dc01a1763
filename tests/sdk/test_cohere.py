"""Cohere's own SDK asks the simulated supplier: what stands in for Cohere in the other tests takes what that SDK can say, and answers
what it can read."""

import inspect

import cohere
import pytest

from rig.processes import SUPPLIER_KEY

MODEL = "command-a-03-2025"
QUESTION = [{"role": "user", "content": "When is high water?"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "get_tide",
        "description": "When the water is high",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
    },
}

# What each member of a request may say. All of them together are those of the SDK: see below.
SAID = {
    "tools": [TOOL],
    "strict_tools": True,
    "documents": ["The tide at Dover is at six.", {"id": "1", "data": {"text": "Ebb is at noon."}}],
    "citation_options": {"mode": "FAST"},
    "response_format": {"type": "json_object", "schema": {"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]}},
    "safety_mode": "STRICT",
    "max_tokens": 100,
    "stop_sequences": ["tide"],
    "temperature": 0.3,
    "seed": 7,
    "frequency_penalty": 0.1,
    "presence_penalty": 0.1,
    "k": 10,
    "p": 0.9,
    "logprobs": True,
    "tool_choice": "REQUIRED",
    "thinking": {"type": "enabled", "token_budget": 1000},
    "priority": 1,
}
# Only with others.
WITH = {"strict_tools": ["tools"], "tool_choice": ["tools"]}


@pytest.fixture(scope="module")
def client(witness):
    return cohere.ClientV2(SUPPLIER_KEY, base_url=f"http://{witness.address}", max_retries=0)


def test_all_that_the_sdk_can_say_is_known():
    members = set(inspect.signature(cohere.ClientV2.chat).parameters) - {"self", "request_options"}
    assert members == {"model", "messages", *SAID}


@pytest.mark.parametrize("member", SAID)
def test_each_member_is_taken(client, member):
    said = {name: SAID[name] for name in [member, *WITH.get(member, [])]}
    answer = client.chat(model=MODEL, messages=QUESTION, **said)
    assert answer.finish_reason in ("COMPLETE", "TOOL_CALL", "STOP_SEQUENCE", "MAX_TOKENS")


@pytest.mark.parametrize(
    ("member", "wrong"),
    [("temperature", 1.5), ("p", 1.0), ("k", 501), ("safety_mode", "LOOSE"), ("tool_choice", "AUTO"), ("max_tokens", 0), ("thinking", {"type": "adaptive"})],
)
def test_what_cohere_refuses_is_refused(client, member, wrong):
    with pytest.raises((cohere.BadRequestError, cohere.UnprocessableEntityError)) as refused:
        client.chat(model=MODEL, messages=QUESTION, **{member: wrong})
    assert member in str(refused.value.body)


def test_a_whole_answer(client):
    answer = client.chat(model=MODEL, messages=QUESTION)
    assert answer.id and answer.finish_reason == "COMPLETE" and answer.message.role == "assistant"
    assert "".join(part.text for part in answer.message.content)
    assert answer.usage.tokens.input_tokens > 0 and answer.usage.tokens.output_tokens > 0


def test_a_stream_says_what_the_whole_answer_says(client):
    whole = client.chat(model=MODEL, messages=QUESTION, seed=7)
    events = list(client.chat_stream(model=MODEL, messages=QUESTION, seed=7))
    kinds = [event.type for event in events]
    assert kinds[:2] == ["message-start", "content-start"] and kinds[-2:] == ["content-end", "message-end"]
    assert set(kinds[2:-2]) == {"content-delta"}
    text = "".join(event.delta.message.content.text for event in events if event.type == "content-delta")
    assert text == "".join(part.text for part in whole.message.content)
    end = events[-1].delta
    assert end.finish_reason == whole.finish_reason
    assert end.usage.tokens.output_tokens == whole.usage.tokens.output_tokens


def test_calls_come_whole_and_in_pieces(client):
    asked = {"model": MODEL, "messages": QUESTION, "tools": [TOOL], "tool_choice": "REQUIRED", "seed": 7}
    whole = client.chat(**asked)
    assert whole.finish_reason == "TOOL_CALL"
    called = [(call.function.name, call.function.arguments) for call in whole.message.tool_calls]
    assert [name for name, _ in called] == ["get_tide"]
    streamed = []
    for event in client.chat_stream(**asked):
        if event.type == "tool-call-start":
            function = event.delta.message.tool_calls.function
            streamed.append([function.name, function.arguments or ""])
        elif event.type == "tool-call-delta":
            streamed[-1][1] += event.delta.message.tool_calls.function.arguments
    assert [tuple(call) for call in streamed] == called


def test_a_refused_key_is_the_sdks_own_error(witness):
    stranger = cohere.ClientV2("wrong", base_url=f"http://{witness.address}", max_retries=0)
    with pytest.raises(cohere.UnauthorizedError):
        stranger.chat(model=MODEL, messages=QUESTION)
