"""Tools that suppliers run themselves, which a route may do without (`may_drop`): left out by name where nobody runs them."""

import openai
import pytest

from rig.config import entry, every_protocol
from rig.sayings import CHAT, RESPONSES, SUPPLIERS

# As Codex offers it unless told otherwise.
OFF_THE_WEB = {"type": "web_search", "external_web_access": False}
FUNCTION = {"type": "function", "name": "tides", "parameters": {"type": "object", "properties": {}}, "strict": False}


def config(first, _):
    config = every_protocol(first)
    config["policy"] = {"may_drop": ["web_search"]}
    config["routes.strict"] = {"deployments": [entry(CHAT)]}
    config["routes.strict.policy"] = {"may_drop": []}
    return config


@pytest.fixture(scope="module")
def client(gateway, first):
    first.change(refuses_unknown_fields=True)
    return openai.OpenAI(base_url=gateway.openai_url, api_key=gateway.key, max_retries=0)


def ask(client, route, stream=False, **more):
    asked = {"model": route, "input": "When?", "store": False, "stream": stream, **more}
    return client.responses.with_raw_response.create(tools=[OFF_THE_WEB, FUNCTION], **asked)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_d13_what_may_be_dropped_is_dropped_by_name(client, gateway, first, supplier, stream):
    answer = ask(client, f"to-{supplier}", stream)
    if stream:
        assert [event.type for event in answer.parse()][-1] == "response.completed"
    else:
        assert answer.parse().output_text
    dropped = answer.headers.get("x-releve-dropped", "").split(", ")
    assert ("tools.web_search" in dropped) == (supplier != RESPONSES)
    body = first.recorded()[-1]["body"]
    assert (b"external_web_access" in body) == (supplier == RESPONSES) and b"tides" in body
    [attempt] = gateway.entry(answer.headers["x-request-id"])["attempts"]
    assert ("tools.web_search" in attempt.get("dropped", [])) == (supplier != RESPONSES)


def test_d13_elsewhere_it_is_refused(client, first):
    with pytest.raises(openai.BadRequestError, match="tools.web_search"):
        ask(client, "strict")
    assert not first.recorded()


def test_d13_what_the_request_insists_on_is_refused(client, first):
    with pytest.raises(openai.BadRequestError, match="tools.web_search"):
        ask(client, f"to-{CHAT}", tool_choice={"type": "web_search"})
    assert not first.recorded()
