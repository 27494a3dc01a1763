"""What the ledger knows of what SDKs did: ids, usage, money, reasons."""

import json
from decimal import Decimal

import pytest

from rig.config import MODEL, PRICE
from rig.either import each, settle
from rig.replies import chat, chat_stream, messages, messages_stream, raw

BUCKETS = {"input_uncached": "input_uncached", "output_text": "output", "reasoning": "reasoning"}
TOOL = {"name": "get_weather", "schema": {"type": "object", "properties": {"place": {"type": "string"}}}}


def tools(dialect):
    if dialect == "openai":
        return [{"type": "function", "function": {"name": TOOL["name"], "parameters": TOOL["schema"]}}]
    return [{"name": TOOL["name"], "input_schema": TOOL["schema"]}]


async def test_the_sdks_request_id_is_the_ledgers(caller, gateway):
    answer = await settle(caller.resource.create(**caller.request()))
    raw = await settle(caller.resource.with_raw_response.create(**caller.request()))
    streamed = await caller.stream()
    ids = [answer._request_id, caller.request_id(raw.headers), caller.request_id(streamed.headers)]
    assert len(set(ids)) == 3
    for request_id, stream in zip(ids, [False, False, True], strict=True):
        assert request_id.startswith("req_") and len(request_id) == 36
        entry = gateway.entry(request_id)
        assert entry["id"] == request_id
        assert (entry["product"], entry["route"], entry["asked_model"]) == ("office", "assistant", "assistant")
        assert entry["stream"] is stream and entry["key_id"] == gateway.key_id
        assert entry["protocol"] == {"openai": "openai-chat", "anthropic": "anthropic-messages"}[caller.dialect]
        assert entry["attempts"][0]["supplier_request_id"].startswith("req_")
    words = gateway.command("explain", ids[0]).stdout
    assert ids[0] in words and f"first-{caller.dialect}/{MODEL}" in words and "served" in words


async def test_p10_errors_have_ids_that_explain_knows(caller, gateway, first, second):
    first.play({"kind": "bad_request"})
    with pytest.raises(caller.sdk.BadRequestError) as caught:
        await caller.plain()
    entry = gateway.entry(caught.value.request_id)
    assert entry["outcome"] == {"client_error": {"status": 400}}


async def test_p10_a_takeover_is_explained(caller, gateway, first, second):
    """After what the tests above did, suppliers are healthy; one failure is no reason to leave anybody."""
    first.play({"fault": {"kind": "server_error"}, "times": 1})
    said = await caller.stream()
    words = gateway.command("explain", caller.request_id(said.headers)).stdout
    assert f"first-{caller.dialect}/{MODEL}" in words and f"second-{caller.dialect}/{MODEL}" in words
    assert "500" in words


async def test_p6_g8_tokens_and_money_are_the_suppliers_to_the_last_digit(caller, gateway, first, change):
    change(answer={"multibyte": 1.0})
    ids = []
    thinking = {
        "openai": {"reasoning_effort": "high"},
        "anthropic": {"thinking": {"type": "enabled", "budget_tokens": 1024}},
    }
    options = [{}, {"tools": tools(caller.dialect), "prompt": "What is the weather?"}, {"max_tokens": 4}]
    options.append({**thinking[caller.dialect], "max_tokens": 2048})
    for each_options in options:
        for stream in (False, True):
            request = caller.request(**each_options, stream=stream)
            answer = await settle(caller.resource.with_raw_response.create(**request))
            ids.append(caller.request_id(answer.headers))
            if stream:
                assert [event async for event in each(await settle(answer.parse()))]
    meter = first.meter()
    assert meter["total"]["requests"] == len(ids)
    total = Decimal(0)
    for line, request_id in zip(meter["lines"], ids, strict=True):
        entry, billed = gateway.entry(request_id), line["billed"]
        buckets = {name: billed[of] for name, of in BUCKETS.items() if billed[of]}
        assert entry["usage"] == buckets and entry["usage_source"] == "supplier"
        output = billed["output"] + billed["reasoning"]
        cost = (Decimal(PRICE["input"]) * billed["input_uncached"] + Decimal(PRICE["output"]) * output) / 1_000_000
        assert Decimal(entry["cost"]) == cost, entry
        total += cost
    assert total > 0


SERVED = {"openai": ("default", "flex", "fast"), "anthropic": ("standard", "priority", "other")}


async def test_the_class_of_service_that_served_decides_the_price(caller, gateway, first):
    """The list here is the configuration's, which states no other class's: its rates stand in, and the ledger says so."""
    for stream in (False, True):
        for word, version in zip(SERVED[caller.dialect], ("config", f"config, {SERVED[caller.dialect][1]}", "config, another service"), strict=True):
            if caller.dialect == "openai":
                body, streamed = {**chat(), "service_tier": word}, lambda body: chat_stream(body, service_tier=word)
            else:
                body, streamed = messages(usage={"input_tokens": 20, "output_tokens": 9, "service_tier": word}), messages_stream
            first.play(raw(*streamed(body)) if stream else raw(json.dumps(body).encode(), "application/json"))
            answer = await settle(caller.resource.with_raw_response.create(**caller.request(stream=stream)))
            if stream:
                assert [event async for event in each(await settle(answer.parse()))]
            entry = gateway.entry(caller.request_id(answer.headers))
            assert entry["price_version"] == version, (word, stream)
            assert entry["price_agreement"] == ("configured" if version == "config" else "stand-in")
            assert Decimal(entry["cost"]) > 0


async def test_prompts_and_answers_are_nowhere_in_the_ledger(caller, gateway, truth):
    said = await caller.plain(prompt="A secret of the customer: rosebud-5521")
    assert said.text
    for path in gateway.folder.glob("releve.db*"):
        content = path.read_bytes()
        assert b"rosebud-5521" not in content and said.text.encode()[:40] not in content
