"""Messages through the official SDK: what its users do, and that they get what the supplier said."""

import json

import pytest
from pydantic import BaseModel

from rig.clients import PROMPT
from rig.config import MODEL
from rig.deliveries import DELIVERIES
from rig.either import each, opened, settle

WEATHER = {
    "name": "get_weather",
    "description": "The weather in a place",
    "input_schema": {
        "type": "object",
        "properties": {
            "place": {"type": "string"},
            "days": {"type": "integer", "minimum": 1, "maximum": 9},
            "units": {"enum": ["celsius", "fahrenheit"]},
        },
        "required": ["place", "days", "units"],
    },
}
TIDES = {"name": "get_tides", "input_schema": {"type": "object", "properties": {"harbour": {"type": "string"}}}}
WISHES = {"single": "What is the weather in Brest?", "parallel": "What are the weather and the tides in Brest?"}
THINKING = {"type": "enabled", "budget_tokens": 1024}


class Forecast(BaseModel):
    place: str
    celsius: float
    warnings: list[str]


@pytest.fixture
def messages(anthropic_caller):
    return anthropic_caller.client.messages


@pytest.fixture
def said_directly(direct):
    """The witness's own message in answer to a request."""

    def ask(**request):
        return direct["anthropic"].client.messages.create(**asked(**request, model=MODEL))

    return ask


def asked(text=PROMPT, **options):
    """A request with usual options."""
    talk = [{"role": "user", "content": text}]
    return {"model": "assistant", "max_tokens": 4096, "messages": talk, **options}


def said(message):
    """A message's blocks without ids, which differ from request to request."""
    return [block.model_dump(exclude={"id"}) for block in message.content]


async def rebuilt(resource, **request):
    """The message that the SDK's own accumulator makes of the stream."""
    async with opened(resource.stream(**request)) as stream:
        return await settle(stream.get_final_message())


async def test_a_plain_answer_is_the_suppliers(messages, said_directly):
    answer, expected = await settle(messages.create(**asked())), said_directly()
    assert said(answer) == said(expected)
    assert (answer.stop_reason, answer.usage, answer.model) == ("end_turn", expected.usage, MODEL)
    assert answer.id.startswith("msg_")


async def test_a_stream_says_what_a_plain_answer_says(messages, said_directly):
    expected = said_directly()
    async with opened(messages.stream(**asked())) as stream:
        text = "".join([piece async for piece in each(stream.text_stream)])
        message = await settle(stream.get_final_message())
    assert text == expected.content[0].text
    assert said(message) == said(expected)
    assert message.usage.output_tokens == expected.usage.output_tokens


async def test_the_events_come_in_their_order(messages):
    stream = await settle(messages.create(**asked(stream=True)))
    kinds = [event.type async for event in each(stream)]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(kinds[2:-3]) == {"content_block_delta"}


@pytest.mark.parametrize("delivery", DELIVERIES.values(), ids=DELIVERIES)
async def test_g9_multibyte_text_arrives_however_it_is_delivered(messages, said_directly, change, delivery):
    change(answer={"multibyte": 1.0}, delivery=delivery)
    expected = said_directly()
    assert not expected.content[0].text.isascii()
    assert said(await rebuilt(messages, **asked())) == said(expected)
    assert said(await settle(messages.create(**asked()))) == said(expected)


async def test_g8_usage_of_streams_is_that_of_plain_answers(anthropic_caller, messages, gateway, said_directly):
    expected = said_directly().usage
    stream = await settle(messages.create(**asked(stream=True)))
    events = [event async for event in each(stream)]
    start, delta = events[0].message.usage, events[-2].usage
    assert (start.input_tokens, delta.output_tokens) == (expected.input_tokens, expected.output_tokens)
    used = gateway.entry(anthropic_caller.request_id(stream.response.headers))
    assert used["usage"] == {"input_uncached": expected.input_tokens, "output_text": expected.output_tokens}
    assert used["usage_source"] == "supplier"


async def test_g7_h06_cache_marks_reach_the_supplier_and_are_told_apart_in_the_ledger(
    anthropic_caller, messages, gateway, change
):
    change(prompt_cache=True)
    mark = {"type": "ephemeral", "ttl": "1h"} if anthropic_caller.mode == "sync" else {"type": "ephemeral"}
    kind = "cache_write_1h" if "ttl" in mark else "cache_write_5m"
    system = [{"type": "text", "text": f"Sea weather for {kind}. " * 400, "cache_control": mark}]
    for bucket in (kind, "cache_read"):
        answer = await settle(messages.create(**asked(system=system)))
        used = gateway.entry(answer._request_id)["usage"]
        written = {"cache_read": answer.usage.cache_read_input_tokens, kind: answer.usage.cache_creation_input_tokens}
        assert written[bucket] > 1000
        assert {name: used.get(name, 0) for name in written} == written
        assert used["input_uncached"] == answer.usage.input_tokens


@pytest.mark.parametrize("wish", WISHES.values(), ids=WISHES)
async def test_tools_are_called_and_answered(messages, said_directly, wish):
    request = asked(wish, tools=[WEATHER, TIDES])
    answer = await settle(messages.create(**request))
    assert answer.stop_reason == "tool_use"
    assert said(answer) == said(said_directly(text=wish, tools=[WEATHER, TIDES]))
    uses = [block for block in answer.content if block.type == "tool_use"]
    assert len(uses) == (2 if "tides" in wish else 1)
    results = [{"type": "tool_result", "tool_use_id": use.id, "content": "calm"} for use in uses]
    talk = [
        *request["messages"],
        {"role": "assistant", "content": answer.content},
        {"role": "user", "content": results},
    ]
    end = await settle(messages.create(**{**request, "messages": talk}))
    assert end.stop_reason == "end_turn" and end.content[0].text


@pytest.mark.parametrize("wish", WISHES.values(), ids=WISHES)
async def test_g1_the_sdk_rebuilds_streamed_tool_arguments(messages, said_directly, change, wish):
    change(delivery={"split": 5})
    request = asked(wish, tools=[WEATHER, TIDES])
    partial = []
    async with opened(messages.stream(**request)) as stream:
        async for event in each(stream):
            if event.type == "input_json":
                partial.append(event.partial_json)
        message = await settle(stream.get_final_message())
    expected = said_directly(text=wish, tools=[WEATHER, TIDES])
    assert said(message) == said(expected)
    inputs = [block.input for block in expected.content if block.type == "tool_use"]
    assert "".join(partial) == "".join(json.dumps(each, separators=(",", ":")) for each in inputs)
    assert len(partial) > 2 * len(inputs)


async def test_one_tool_at_a_time_and_a_forced_tool(messages, said_directly):
    for choice in [{"type": "auto", "disable_parallel_tool_use": True}, {"type": "tool", "name": "get_tides"}]:
        options = {"text": WISHES["parallel"], "tools": [WEATHER, TIDES], "tool_choice": choice}
        answer = await settle(messages.create(**asked(**options)))
        assert said(answer) == said(said_directly(**options))
        assert len([block for block in answer.content if block.type == "tool_use"]) == 1


async def test_parse_gives_the_model_that_was_asked_for(messages):
    answer = await settle(messages.parse(**asked("A forecast, please", output_format=Forecast)))
    assert isinstance(answer.parsed_output, Forecast)
    streamed = await rebuilt(messages, **asked("A forecast, please", output_format=Forecast))
    assert streamed.parsed_output == answer.parsed_output


async def test_g2_thinking_and_its_signature_pass_unchanged_in_both_directions(messages, said_directly):
    expected = said_directly(thinking=THINKING)
    plain = await settle(messages.create(**asked(thinking=THINKING)))
    streamed = await rebuilt(messages, **asked(thinking=THINKING))
    assert said(plain) == said(streamed) == said(expected)
    assert [block.type for block in plain.content] == ["thinking", "text"]
    assert plain.content[0].signature and plain.content[0].thinking
    # The supplier refuses a thinking block whose signature is not its own.
    for answer in (plain, streamed):
        talk = [*asked()["messages"], {"role": "assistant", "content": answer.content}]
        talk.append({"role": "user", "content": "And then?"})
        again = await settle(messages.create(**asked(thinking=THINKING, messages=talk)))
        assert again.stop_reason == "end_turn"


async def test_g2_ten_turns_of_tools_with_thinking(messages):
    talk = [{"role": "user", "content": "What is the weather in Brest?"}]
    for turn in range(10):
        request = {"model": "assistant", "max_tokens": 4096, "tools": [WEATHER, TIDES], "thinking": THINKING}
        if turn % 2:
            answer = await rebuilt(messages, **request, messages=talk)
        else:
            answer = await settle(messages.create(**request, messages=talk))
        assert answer.content[0].type == "thinking"
        uses = [block for block in answer.content if block.type == "tool_use"]
        results = [{"type": "tool_result", "tool_use_id": use.id, "content": "calm"} for use in uses]
        words = [{"type": "text", "text": "And the weather tomorrow?"}]
        talk += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": results + words}]
    assert len(talk) == 21


async def test_hidden_thinking_keeps_its_signature(messages, said_directly):
    hidden = {**THINKING, "display": "omitted"}
    expected = said_directly(thinking=hidden)
    assert said(await settle(messages.create(**asked(thinking=hidden)))) == said(expected)
    assert said(await rebuilt(messages, **asked(thinking=hidden))) == said(expected)
    assert expected.content[0].signature and not expected.content[0].thinking


async def test_stop_sequences_and_limits_end_an_answer(messages, said_directly):
    whole = said_directly().content[0].text
    word = whole.split()[5]
    for options, reason in [({"stop_sequences": [word]}, "stop_sequence"), ({"max_tokens": 3}, "max_tokens")]:
        expected = said_directly(**options)
        for answer in (await settle(messages.create(**asked(**options))), await rebuilt(messages, **asked(**options))):
            assert (answer.stop_reason, answer.stop_sequence) == (reason, expected.stop_sequence)
            assert said(answer) == said(expected) and whole.startswith(answer.content[0].text)


async def test_an_answer_goes_on_from_the_assistants_words(messages, said_directly):
    whole = said_directly().content[0].text
    begun = whole[:20].rstrip()
    talk = [*asked()["messages"], {"role": "assistant", "content": begun}]
    answer = await settle(messages.create(**asked(messages=talk)))
    assert begun + answer.content[0].text == whole


async def test_betas_and_versions_reach_the_supplier(anthropic_caller, messages, first):
    await settle(messages.create(**asked(extra_headers={"anthropic-beta": "one-2026-01-01,two-2026-02-02"})))
    headers = {name.lower(): value for name, value in first.recorded()[-1]["headers"]}
    assert headers["anthropic-beta"] == "one-2026-01-01,two-2026-02-02"
    assert headers["anthropic-version"] == anthropic_caller.wire.requests[-1].headers["anthropic-version"]


async def test_raw_and_streamed_responses(messages, said_directly):
    expected = said_directly()
    raw = await settle(messages.with_raw_response.create(**asked()))
    assert raw.headers["x-releve-deployment"] == f"first-anthropic/{MODEL}"
    assert said(await settle(raw.parse())) == said(expected)
    async with opened(messages.with_streaming_response.create(**asked(stream=True))) as response:
        lines = [line async for line in each(response.iter_lines())]
    assert "event: message_stop" in lines
    deltas = [json.loads(line[6:]).get("delta", {}) for line in lines if line.startswith("data: {")]
    assert "".join(delta.get("text", "") for delta in deltas) == expected.content[0].text
