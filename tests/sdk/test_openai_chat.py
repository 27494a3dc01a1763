"""Chat Completions through the official SDK: what its users do, and that they get what the supplier said."""

import json

import pytest
from pydantic import BaseModel

from rig.clients import PROMPT, Said
from rig.config import MODEL
from rig.deliveries import DELIVERIES
from rig.either import each, opened, settle

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a place",
        "parameters": {
            "type": "object",
            "properties": {
                "place": {"type": "string"},
                "days": {"type": "integer", "minimum": 1, "maximum": 9},
                "units": {"enum": ["celsius", "fahrenheit"]},
            },
            "required": ["place", "days", "units"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}
TIDES = {
    "type": "function",
    "function": {
        "name": "get_tides",
        "parameters": {
            "type": "object",
            "properties": {"harbour": {"type": "string"}},
            "required": ["harbour"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}
WISHES = {"single": "What is the weather in Brest?", "parallel": "What are the weather and the tides in Brest?"}


class Forecast(BaseModel):
    place: str
    celsius: float
    warnings: list[str]


@pytest.fixture
def completions(openai_caller):
    return openai_caller.client.chat.completions


@pytest.fixture
def said_directly(direct):
    """The witness's own completion of a request."""

    def ask(**request):
        return direct["openai"].client.chat.completions.create(model=MODEL, **request)

    return ask


def user(text):
    return [{"role": "user", "content": text}]


def called(message):
    """The names and arguments of a message's tool calls; ids differ from request to request."""
    return [(call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls]


async def test_a_plain_answer_is_the_suppliers(completions, said_directly):
    answer = await settle(completions.create(model="assistant", messages=user(PROMPT), temperature=0.5))
    expected = said_directly(messages=user(PROMPT), temperature=0.5)
    assert answer.choices == expected.choices
    assert answer.usage == expected.usage
    assert answer.model == MODEL
    assert answer.id.startswith("chatcmpl-")


async def test_a_stream_says_what_a_plain_answer_says(openai_caller, truth):
    streamed, expected = await openai_caller.stream(), await truth("openai")
    assert (streamed.text, streamed.finish) == (expected.text, "stop")
    assert streamed.pieces > 5


# OpenAI alone pads its events.
CHAT_DELIVERIES = DELIVERIES | {"padded": {"obfuscation": True}}


@pytest.mark.parametrize("delivery", CHAT_DELIVERIES.values(), ids=CHAT_DELIVERIES)
async def test_g9_multibyte_text_arrives_however_it_is_delivered(openai_caller, truth, change, delivery):
    change(answer={"multibyte": 1.0}, delivery=delivery)
    streamed, plain, expected = await openai_caller.stream(), await openai_caller.plain(), await truth("openai")
    assert len(expected.text.encode()) > len(expected.text)
    assert streamed.text == plain.text == expected.text


@pytest.mark.parametrize("asked", [None, False, True], ids=["unasked", "declined", "asked"])
async def test_g8_one_usage_chunk_if_asked_for_and_none_if_not(
    openai_caller, completions, gateway, said_directly, asked
):
    options = {} if asked is None else {"stream_options": {"include_usage": asked}}
    stream = await settle(completions.create(model="assistant", messages=user(PROMPT), stream=True, **options))
    chunks = [chunk async for chunk in each(stream)]
    expected = said_directly(messages=user(PROMPT)).usage
    with_usage = [chunk for chunk in chunks if chunk.usage is not None]
    if asked:
        assert [chunk.usage for chunk in with_usage] == [expected]
        assert chunks[-1] is with_usage[0] and chunks[-1].choices == []
    else:
        assert not with_usage
        assert all(chunk.choices for chunk in chunks)
    used = gateway.entry(openai_caller.request_id(stream.response.headers))
    assert used["usage_source"] == "supplier"
    assert used["usage"] == {"input_uncached": expected.prompt_tokens, "output_text": expected.completion_tokens}


@pytest.mark.parametrize("wish", WISHES.values(), ids=WISHES)
async def test_tools_are_called_and_answered(completions, said_directly, wish):
    request = {"messages": user(wish), "tools": [WEATHER, TIDES]}
    answer = await settle(completions.create(model="assistant", **request))
    expected = said_directly(**request).choices[0].message
    message = answer.choices[0].message
    assert answer.choices[0].finish_reason == "tool_calls"
    assert called(message) == called(expected)
    assert len(message.tool_calls) == (2 if "tides" in wish else 1)
    results = [{"role": "tool", "tool_call_id": call.id, "content": "calm"} for call in message.tool_calls]
    talk = [*request["messages"], message.model_dump(exclude_none=True), *results]
    end = await settle(completions.create(model="assistant", messages=talk, tools=request["tools"]))
    assert end.choices[0].finish_reason == "stop" and end.choices[0].message.content


@pytest.mark.parametrize("wish", WISHES.values(), ids=WISHES)
async def test_g1_the_sdk_rebuilds_streamed_tool_arguments(completions, said_directly, change, wish):
    change(delivery={"split": 5})
    request = {"messages": user(wish), "tools": [WEATHER, TIDES]}
    done = []
    async with opened(completions.stream(model="assistant", **request)) as stream:
        async for event in each(stream):
            if event.type == "tool_calls.function.arguments.done":
                done.append((event.name, event.parsed_arguments or json.loads(event.arguments)))
        rebuilt = await settle(stream.get_final_completion())
    expected = called(said_directly(**request).choices[0].message)
    assert called(rebuilt.choices[0].message) == expected
    assert done == expected
    assert rebuilt.choices[0].finish_reason == "tool_calls"


async def test_one_tool_at_a_time_and_a_forced_tool(completions, said_directly):
    for options in [
        {"parallel_tool_calls": False},
        {"tool_choice": {"type": "function", "function": {"name": "get_tides"}}},
    ]:
        request = {"messages": user(WISHES["parallel"]), "tools": [WEATHER, TIDES], **options}
        answer = await settle(completions.create(model="assistant", **request))
        assert called(answer.choices[0].message) == called(said_directly(**request).choices[0].message)
        assert len(answer.choices[0].message.tool_calls) == 1


async def test_parse_gives_the_model_that_was_asked_for(completions, said_directly):
    request = {"messages": user("A forecast, please"), "response_format": Forecast}
    answer = await settle(completions.parse(model="assistant", **request))
    parsed = answer.choices[0].message.parsed
    assert isinstance(parsed, Forecast)
    async with opened(completions.stream(model="assistant", **request)) as stream:
        streamed = await settle(stream.get_final_completion())
    assert streamed.choices[0].message.parsed == parsed


async def test_json_mode(openai_caller, truth):
    options = {"prompt": "Answer in json", "response_format": {"type": "json_object"}}
    said = await openai_caller.plain(**options)
    assert json.loads(said.text)["answer"]
    assert said.text == (await truth("openai", **options)).text


async def test_several_choices(completions, said_directly):
    expected = said_directly(messages=user(PROMPT), n=2).choices
    answer = await settle(completions.create(model="assistant", messages=user(PROMPT), n=2))
    assert answer.choices == expected
    async with opened(completions.stream(model="assistant", messages=user(PROMPT), n=2)) as stream:
        rebuilt = await settle(stream.get_final_completion())
    texts = [choice.message.content for choice in rebuilt.choices]
    assert texts == [choice.message.content for choice in expected] and texts[0] != texts[1]


async def test_stop_words_and_limits_end_an_answer(openai_caller, truth):
    whole = (await truth("openai")).text
    word = whole.split()[5]
    cases = [({"stop": [word]}, "stop", whole[: whole.index(word)]), ({"max_completion_tokens": 3}, "length", None)]
    for options, finish, text in cases:
        for stream in (False, True):
            said = await openai_caller.ask(stream, **options)
            assert said.finish == finish
            assert said.text == (await truth("openai", **options)).text
            assert whole.startswith(said.text) and (text is None or said.text == text)


async def test_log_probabilities_come_through(completions, said_directly):
    request = {"messages": user(PROMPT), "logprobs": True, "top_logprobs": 2, "max_completion_tokens": 4}
    expected = said_directly(**request).choices[0].logprobs.content
    answer = await settle(completions.create(model="assistant", **request))
    assert answer.choices[0].logprobs.content == expected
    stream = await settle(completions.create(model="assistant", stream=True, **request))
    chunks = [chunk async for chunk in each(stream)]
    told = [
        entry for chunk in chunks for choice in chunk.choices if choice.logprobs for entry in choice.logprobs.content
    ]
    assert [entry.model_dump() for entry in told] == [entry.model_dump() for entry in expected]


async def test_shown_reasoning_comes_through(openai_caller, completions, direct, change):
    change(answer={"shows_reasoning": True})
    request = {"messages": user(PROMPT), "reasoning_effort": "low"}
    expected = direct["openai"].client.chat.completions.create(model=MODEL, **request)
    thoughts = expected.choices[0].message.reasoning_content
    answer = await settle(completions.create(model="assistant", **request))
    assert answer.choices[0].message.reasoning_content == thoughts
    assert answer.usage.completion_tokens_details == expected.usage.completion_tokens_details
    stream = await settle(completions.create(model="assistant", stream=True, **request))
    said, heard = Said(), ""
    async for chunk in each(stream):
        openai_caller.hear(chunk, said)
        heard += "".join((choice.delta.model_extra or {}).get("reasoning_content", "") for choice in chunk.choices)
    assert (heard, said.text) == (thoughts, expected.choices[0].message.content)


async def test_raw_and_streamed_responses(completions, truth):
    expected = (await truth("openai")).text
    raw = await settle(completions.with_raw_response.create(model="assistant", messages=user(PROMPT)))
    assert raw.headers["x-releve-deployment"] == f"first-openai/{MODEL}"
    assert (await settle(raw.parse())).choices[0].message.content == expected
    streaming = completions.with_streaming_response.create(model="assistant", messages=user(PROMPT), stream=True)
    async with opened(streaming) as response:
        lines = [line async for line in each(response.iter_lines())]
    assert lines[-1] in ("", "data: [DONE]") and "data: [DONE]" in lines
    deltas = [json.loads(line[6:])["choices"][0]["delta"] for line in lines if line.startswith("data: {")]
    assert "".join(delta.get("content") or "" for delta in deltas) == expected
