"""Values of a wrong type: whatever a client writes is carried, named as lost, or its own error with the member's name. SDKs write no
such values; programs without one do."""

import copy
import http.client
import json
from urllib.parse import urlsplit

import pytest

from rig.config import every_protocol
from rig.sayings import CHAT, CLIENTS, CONVERSE, GEMINI, MESSAGES, RESPONSES

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYGBgYAAAAAUAAaX2RUAAAAAASUVORK5CYII="
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
VALID = {
    CHAT: {
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": [
                {"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}", "detail": "low"}}
            ]},
            {"role": "assistant", "content": "ok", "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":"b"}'}}]},
            {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "res"}]},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True}}],
        "tool_choice": "auto", "parallel_tool_calls": False, "max_completion_tokens": 500, "temperature": 0.5, "stop": ["X"], "user": "u",
        "reasoning_effort": "low", "verbosity": "low", "service_tier": "default",
    },
    RESPONSES: {
        "instructions": "be brief",
        "input": [
            {"role": "user", "content": [
                {"type": "input_text", "text": "hi"}, {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}", "detail": "low"}
            ]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "ok"}]},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a":"b"}'},
            {"type": "function_call_output", "call_id": "c1", "output": "res"},
        ],
        "tools": [{"type": "function", "name": "f", "description": "d", "parameters": SCHEMA, "strict": True}],
        "tool_choice": "auto", "parallel_tool_calls": False, "max_output_tokens": 500, "temperature": 0.5, "user": "u", "store": False,
        "metadata": {"k": "v"}, "reasoning": {"effort": "low", "summary": "auto"}, "text": {"format": {"type": "text"}, "verbosity": "low"},
        "truncation": "auto", "service_tier": "default",
    },
    MESSAGES: {
        "max_tokens": 3000, "system": [{"type": "text", "text": "be brief"}],
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "hi"}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
            ]},
            {"role": "assistant", "content": [{"type": "text", "text": "ok"}, {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": "b"}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "res"}], "is_error": True}
            ]},
        ],
        "tools": [{"name": "f", "description": "d", "input_schema": SCHEMA, "strict": True}],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}, "temperature": 0.5, "top_k": 5, "stop_sequences": ["X"],
        "metadata": {"user_id": "u"}, "service_tier": "standard_only", "thinking": {"type": "disabled"},
    },
    GEMINI: {
        "systemInstruction": {"parts": [{"text": "be brief"}]},
        "contents": [
            {"role": "user", "parts": [{"text": "hi"}, {"inlineData": {"mimeType": "image/png", "data": PIXEL}}]},
            {"role": "model", "parts": [{"text": "ok"}, {"functionCall": {"id": "c1", "name": "f", "args": {"a": "b"}}}]},
            {"role": "user", "parts": [{"functionResponse": {"id": "c1", "name": "f", "response": {"result": "res"}}}]},
        ],
        "tools": [{"functionDeclarations": [{"name": "f", "description": "d", "parametersJsonSchema": SCHEMA}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}},
        "generationConfig": {
            "temperature": 0.5, "topK": 5, "maxOutputTokens": 500, "stopSequences": ["X"], "seed": 5, "presencePenalty": 0.1,
            "thinkingConfig": {"thinkingBudget": 2000, "includeThoughts": True},
        },
        "labels": {"k": "v"},
    },
    CONVERSE: {
        "system": [{"text": "be brief"}],
        "messages": [
            {"role": "user", "content": [{"text": "hi"}, {"image": {"format": "png", "source": {"bytes": PIXEL}}}]},
            {"role": "assistant", "content": [{"text": "ok"}, {"toolUse": {"toolUseId": "c1", "name": "f", "input": {"a": "b"}}}]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "status": "error", "content": [{"text": "res"}]}}]},
        ],
        "toolConfig": {"tools": [{"toolSpec": {"name": "f", "description": "d", "inputSchema": {"json": SCHEMA}, "strict": True}}]},
        "inferenceConfig": {"maxTokens": 500, "temperature": 0.5, "stopSequences": ["X"]},
        "requestMetadata": {"k": "v"}, "additionalModelRequestFields": {"top_k": 5},
    },
}
FREE = ("parameters", "input_schema", "parametersJsonSchema", "json", "input", "args", "response")
"""Members whose inside is the client's own."""
WRONG = {str: (5, True, {"x": 1}), int: ("x", True, {"x": 1}), float: ("x", True, {"x": 1}), bool: (5, "x", {"x": 1}), dict: (5, True)}


def config(first, second):
    return every_protocol(first)


def places(value, path=()):
    """The path of each value that has a type."""
    if isinstance(value, dict):
        for name, inside in value.items():
            yield (*path, name), inside
            if name not in FREE or not isinstance(inside, dict):
                yield from places(inside, (*path, name))
    elif isinstance(value, list):
        for at, inside in enumerate(value):
            yield (*path, at), inside
            yield from places(inside, (*path, at))


def changed(body, path, *value):
    """The body with another value there, or without one."""
    body = copy.deepcopy(body)
    inside = body
    for step in path[:-1]:
        inside = inside[step]
    if value:
        inside[path[-1]] = value[0]
    else:
        del inside[path[-1]]
    return body


@pytest.fixture(scope="module")
def ask(gateway, first):
    """Asks in a dialect; gives the status, the losses, the answer, and what the supplier got."""
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=20)

    def ask(client, body):
        model = "to-openai-chat" if client != CHAT else "to-anthropic-messages"
        paths = {
            CHAT: "/v1/chat/completions", RESPONSES: "/v1/responses", MESSAGES: "/v1/messages",
            GEMINI: f"/v1beta/models/{model}:generateContent", CONVERSE: f"/model/{model}/converse",
        }
        if client in (CHAT, RESPONSES, MESSAGES):
            body = {**body, "model": model}
        first.forget()
        headers = {"authorization": f"Bearer {gateway.key}", "content-type": "application/json"}
        connection.request("POST", paths[client], json.dumps(body), headers)
        response = connection.getresponse()
        answer = response.read().decode()
        losses = set((response.headers["x-releve-dropped"] or "").split(", "))
        sent = [record["body"] for record in first.recorded()]
        return response.status, losses, answer, sent

    yield ask
    connection.close()


@pytest.mark.parametrize("client", CLIENTS)
def test_p4_no_value_is_lost_for_its_type(ask, client):
    valid = VALID[client]
    status, known, answer, right = ask(client, valid)
    assert status == 200, answer
    seen = 0
    for path, value in places(valid):
        name = [step for step in path if isinstance(step, str)][-1]
        status, losses, _, without = ask(client, changed(valid, path))
        known_without = known | losses if status == 200 else known
        for wrong in WRONG.get(type(value), ()):
            case = f"{path} {wrong!r}"
            seen += 1
            status, losses, answer, sent = ask(client, changed(valid, path, wrong))
            assert status in (200, 400), f"{case}: {answer}"
            if status == 400:
                assert name in answer and not sent, f"{case}: {answer}"
            else:
                told = losses - known_without
                assert told or sent not in (right, without), f"{case}: lost in silence"
    assert seen > 100


def test_the_member_at_fault_is_named_where_sdks_look(ask):
    for path, param in (
        (("messages", 1, "content", 0, "text"), "messages[1].content[0].text"),
        (("tools", 0, "function", "name"), "tools[0].function.name"),
    ):
        status, _, answer, _ = ask(CHAT, changed(VALID[CHAT], path, 5))
        assert (status, json.loads(answer)["error"]["param"]) == (400, param)
    status, _, answer, _ = ask(RESPONSES, changed(VALID[RESPONSES], ("input", 0, "content", 0, "text"), 5))
    assert (status, json.loads(answer)["error"]["param"]) == (400, "input[0].content[0].text")


@pytest.mark.parametrize("client", CLIENTS)
def test_g10_what_is_no_base64_is_told_at_once(ask, client):
    pictures = {
        CHAT: ("messages", 1, "content", 1, "image_url", "url"), RESPONSES: ("input", 0, "content", 1, "image_url"),
        MESSAGES: ("messages", 0, "content", 1, "source", "data"), GEMINI: ("contents", 0, "parts", 1, "inlineData", "data"),
        CONVERSE: ("messages", 0, "content", 1, "image", "source", "bytes"),
    }
    path = pictures[client]
    address = "data:image/png;base64," if path[-1] in ("url", "image_url") else ""
    status, _, answer, sent = ask(client, changed(VALID[client], path, f"{address}@@@@"))
    assert status == 400 and path[-1] in answer and not sent, answer
    lines = f"{address}{PIXEL[:40]}\n{PIXEL[40:].rstrip('=')}"
    status, _, answer, sent = ask(client, changed(VALID[client], path, lines))
    assert status == 200 and PIXEL.encode() in sent[0], answer
