"""Conversations that Anthropic's SDKs want kept (`thread`, which their tool runners ask for by themselves), where nobody keeps any."""

import json

import anthropic
import pytest

from rig.config import every_protocol, entry, provider
from rig.sayings import MESSAGES, SUPPLIERS

# A host that takes no betas, and a route on which another steps in.
BARE, WEEKEND = "bare", "to-weekend"


def config(first, second):
    config = every_protocol(first)
    config[f"providers.{BARE}"] = provider(first, "anthropic", betas=[])
    config[f"routes.to-{BARE}"] = {"deployments": [entry(BARE)]}
    config["providers.maker"] = provider(first, "anthropic")
    config["providers.other"] = provider(second, "openai")
    config[f"routes.{WEEKEND}"] = {"deployments": [entry("maker"), entry("other")]}
    return config


@pytest.fixture(scope="module")
def client(gateway, first, second):
    for supplier in (first, second):
        supplier.change(refuses_unknown_fields=True)
    return anthropic.Anthropic(base_url=gateway.url, api_key=gateway.key, max_retries=0)


@anthropic.beta_tool
def tides(place: str) -> str:
    """The tables of the tides.

    Args:
        place: A harbour.
    """
    return f"high at six in {place}"


def bodies(supplier):
    return [json.loads(record["body"]) for record in supplier.recorded()]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("supplier", [*SUPPLIERS, BARE])
def test_a_tool_runner_does_its_work(client, first, supplier, stream):
    asked = {"role": "user", "content": "Use tides now"}
    runner = client.beta.messages.tool_runner(
        model=f"to-{supplier}", max_tokens=600, messages=[asked], tools=[tides], stream=stream
    )
    answers = [turn.get_final_message() if stream else turn for turn in runner]
    assert [answer.stop_reason for answer in answers] == ["tool_use", "end_turn"]
    sent = bodies(first)
    assert ("thread" in sent[0]) == (supplier == MESSAGES)
    assert "high at six in" in json.dumps(sent[-1]) and "Use tides now" in json.dumps(sent[-1])


def test_what_is_left_out_is_named(client, first):
    for route, edits in (("to-openai-chat", "translated"), (f"to-{BARE}", "model, thread")):
        answer = client.beta.messages.with_raw_response.create(
            model=route,
            max_tokens=100,
            messages=[{"role": "user", "content": "When?"}],
            thread={"type": "create"},
            betas=["message-threads-2026-08-12"],
        )
        assert "thread" in answer.headers["x-releve-dropped"].split(", ")
        assert answer.headers["x-releve-edits"] == edits
        assert "thread" not in bodies(first)[-1]


@pytest.mark.parametrize("route", ["to-openai-chat", f"to-{BARE}"])
def test_going_on_is_refused_as_the_sdk_knows_it(client, first, route):
    with pytest.raises(anthropic.NotFoundError) as caught:
        client.beta.messages.create(
            model=route,
            max_tokens=100,
            messages=[{"role": "user", "content": "And then?"}],
            thread={"type": "continue", "previous_message_id": "msg_1"},
            betas=["message-threads-2026-08-12"],
        )
    assert caught.value.body["error"]["details"] == {"error_code": "thread_not_found"}
    assert not first.recorded()


def test_p1_a_thread_goes_on_when_who_kept_it_is_gone(client, first, second):
    thread = client.beta.messages.thread(model=WEEKEND, max_tokens=100)
    thread.send({"role": "user", "content": "When is high water?"})
    assert bodies(first)[-1]["thread"] == {"type": "create"} and not second.recorded()
    first.play({"kind": "status", "status": 503})
    for words in ("And low water?", "And at Brest?"):
        assert thread.send({"role": "user", "content": words}).stop_reason == "end_turn"
        said = [message["content"] for message in bodies(second)[-1]["messages"] if message["role"] == "user"]
        assert said[0] == "When is high water?" and said[-1] == words
