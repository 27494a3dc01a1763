"""LangChain over the SDKs: what agents are built with sees neither the gateway nor a takeover."""

import anthropic
import openai
import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from rig.clients import PROMPT
from rig.config import one_route_each, two_suppliers

CHATS = {"openai": ChatOpenAI, "anthropic": ChatAnthropic}
FAULTS = {
    "500": {"kind": "server_error"},
    "429": {"kind": "rate_limited", "retry_after": {"seconds": 20}},
    "reset": {"kind": "reset"},
    "error in a 200": {"kind": "error_in_200"},
    "cut before content": {"kind": "cut", "after": "preamble"},
}
WAYS = ["invoke", "ainvoke", "stream", "astream"]


def name(fault, dialect, way):
    return f"{fault} {dialect} {way}"


def config(first, second):
    cases = {name(fault, dialect, way): (dialect, {}) for fault in FAULTS for dialect in CHATS for way in WAYS}
    config = {**two_suppliers(first, second), **one_route_each(cases, first, second)}
    config["products.office"] = {}
    return config


@tool
def get_weather(place: str, days: int) -> str:
    """The weather in a place."""
    return f"calm in {place}"


class Forecast(BaseModel):
    """A forecast."""

    place: str
    celsius: float


@pytest.fixture(params=CHATS)
def dialect(request):
    return request.param


@pytest.fixture
def chat(dialect, gateway):
    """Makes a chat model of a route."""

    def chat(model="assistant", place=gateway, key=gateway.key, **options):
        url = getattr(place, f"{dialect}_url")
        options = {"max_retries": 0, "timeout": 20, "max_tokens": 1024, **options}
        return CHATS[dialect](model=model, base_url=url, api_key=key, **options)

    return chat


async def said(chat, way, prompt):
    """The whole message, however it is asked for."""
    match way:
        case "invoke":
            return chat.invoke(prompt)
        case "ainvoke":
            return await chat.ainvoke(prompt)
        case "stream":
            pieces = list(chat.stream(prompt))
        case "astream":
            pieces = [piece async for piece in chat.astream(prompt)]
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    assert len(pieces) > 5
    return whole


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_p1_langchain_sees_no_takeover(chat, dialect, truth, first, second, fault, way):
    first.play(FAULTS[fault])
    message = await said(chat(name(fault, dialect, way)), way, PROMPT)
    assert message.text == (await truth(dialect, max_tokens=1024)).text
    assert first.requests() >= 1 and second.requests() == 1


@pytest.mark.parametrize("way", WAYS)
async def test_usage_is_the_suppliers(chat, dialect, truth, way):
    message = await said(chat(stream_usage=True), way, PROMPT)
    usage = (await truth(dialect, max_tokens=1024)).usage
    expected = usage.prompt_tokens if dialect == "openai" else usage.input_tokens
    assert message.usage_metadata["input_tokens"] == expected
    assert message.usage_metadata["output_tokens"] > 0


@pytest.mark.parametrize("way", WAYS)
async def test_tools_are_called_and_answered(chat, way):
    bound = chat().bind_tools([get_weather])
    question = HumanMessage("What is the weather in Brest?")
    message = await said(bound, way, [question])
    assert [call["name"] for call in message.tool_calls] == ["get_weather"]
    call = message.tool_calls[0]
    assert set(call["args"]) == {"place", "days"} and isinstance(call["args"]["days"], int)
    result = ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])
    answer = await bound.ainvoke([question, message, result])
    assert answer.text and not answer.tool_calls


async def test_structured_output(chat, dialect):
    for method in ["function_calling", "json_schema"]:
        forecast = await chat().with_structured_output(Forecast, method=method).ainvoke("A forecast, please")
        assert isinstance(forecast, Forecast)


async def test_errors_are_the_sdks(chat, dialect):
    with pytest.raises({"openai": openai, "anthropic": anthropic}[dialect].NotFoundError):
        await chat("no-such-route").ainvoke(PROMPT)
