"""google-genai's main road: a Python function as a tool, which the SDK calls by itself, plain and streamed, at every supplier."""

import pytest
from google import genai
from google.genai import types

from rig.config import every_protocol
from rig.suppliers import SAID


def config(first, _):
    return every_protocol(first)


@pytest.fixture
def client(gateway):
    return genai.Client(api_key=gateway.key, http_options=types.HttpOptions(base_url=gateway.url, timeout=20_000))


@pytest.fixture
def asked():
    """What the function was called with."""
    return []


@pytest.fixture
def chat(client, asked):
    def get_weather(place: str) -> str:
        """The weather in a place."""
        asked.append(place)
        return "calm"

    return lambda model: client.chats.create(model=model, config=types.GenerateContentConfig(tools=[get_weather]))


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("supplier", SAID)
def test_functions_are_called_by_the_sdk(chat, asked, first, supplier, stream):
    talk = chat(f"to-{supplier}")
    for turn in (1, 2):
        before = len(first.recorded())
        words = "What is the weather in Brest?"
        answers = list(talk.send_message_stream(words)) if stream else [talk.send_message(words)]
        assert "".join(answer.text or "" for answer in answers)
        assert len(asked) == turn and all(isinstance(place, str) for place in asked)
        sent = [record["body"].decode() for record in first.recorded()[before:]]
        assert len(sent) == 2 and "calm" in sent[1], "the call, and its result"
