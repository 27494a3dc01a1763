"""P2: after the first content no answer ends silently. What broke raises the SDK's error, after what was said."""

import json

import pytest

from rig.clients import FORMS, Said
from rig.config import MODEL, entry, one_route_each, provider
from rig.either import each, opened

TOKENS = {"tokens": 3}
BREAKS = {
    "cut": {"kind": "cut", "after": TOKENS},
    "cut hard": {"kind": "cut", "after": TOKENS, "with": "rst"},
    "ends": {"kind": "clean_end", "after": TOKENS},
    "done without a reason": {"kind": "clean_end", "after": TOKENS, "says": "terminal"},
    "error": {"kind": "error_in_200", "after": TOKENS},
    "overload": {"kind": "error_in_200", "after": TOKENS, "error": "overloaded"},
    "rate limit": {"kind": "error_in_200", "after": TOKENS, "error": "rate_limited"},
    "silence": {"kind": "stall", "after": TOKENS},
    "noise": {"kind": "garbage", "bytes": 400, "after": TOKENS},
    "not JSON": {"kind": "invalid_json", "after": TOKENS},
}


def name(fault, form):
    return f"{fault} {form}"


def config(first, second):
    # Only silence is waited for; what comes before it may take its time.
    policies = {"silence": {"token_gap_timeout": "1s"}}
    cases = {name(fault, form): (form.split("-")[0], policies.get(fault, {})) for fault in BREAKS for form in FORMS}
    config = one_route_each(cases, first, second)
    for dialect in ("openai", "anthropic"):
        config[f"providers.lively-{dialect}"] = provider(first, dialect)
    config["routes.lively"] = {"deployments": [entry("lively-openai"), entry("lively-anthropic")]}
    config["routes.lively.policy"] = {"token_gap_timeout": "500ms"}
    return config


@pytest.mark.parametrize("fault", BREAKS)
async def test_p2_a_broken_stream_raises_the_sdks_error(caller, gateway, first, second, truth, fault):
    first.play(BREAKS[fault])
    said, whole = Said(), await truth(caller.dialect)
    with pytest.raises(caller.sdk.APIError) as caught:
        await caller.stream(name(fault, caller.form), into=said)
    assert not isinstance(caught.value, caller.sdk.APIConnectionError), "an error that says nothing"
    assert said.finish is None, "a finish reason was invented"
    assert said.pieces == 3 and whole.text.startswith(said.text), "what came before the break is the supplier's"
    assert caught.value.body, "the error is the gateway's, in the protocol's words"
    # Once released, nothing is sent again: nobody else was asked.
    assert first.requests() == 1 and second.requests() == 0
    booked = gateway.entry(caller.request_id(said.headers))
    assert booked["outcome"] == "broken_off"
    assert booked["deployment"] == f"first-{name(fault, caller.form)}/{MODEL}"
    used = booked["usage"]
    assert used.get("input_uncached", 0) > 0 and used.get("output_text", 0) > 0, "what was said has its price"
    assert booked["usage_source"] == "estimated"


async def test_p2_the_error_is_the_last_that_a_stream_says(caller, first):
    first.play(BREAKS["cut"])
    request = caller.request(name("cut", caller.form), stream=True)
    async with opened(caller.resource.with_streaming_response.create(**request)) as response:
        frames = b"".join([piece async for piece in each(response.iter_bytes())]).split(b"\n\n")
    assert frames[-1] == b""
    last = json.loads(frames[-2].split(b"data: ")[-1])
    assert last["error"]["message"]
    assert b"[DONE]" not in b"".join(frames) and b"message_stop" not in b"".join(frames)


@pytest.mark.parametrize("form", ["openai-async", "anthropic-sync"])
async def test_pings_keep_a_silent_stream_alive(callers, change, truth, form):
    """A supplier that thinks for longer than the gap allows but says that it lives is not cut off."""
    caller = callers(form)
    change(delivery={"ping_ms": 40})
    expected = await truth(caller.dialect, max_tokens=2)
    change(pace={"tokens_per_second": 1.2})
    said = await caller.stream("lively", max_tokens=2)
    assert said.text == expected.text


async def test_large_and_long_lines_pass(caller, first, second):
    for fault in [
        {"kind": "huge_line", "bytes": 1_000_000},
        {"kind": "big", "bytes": 2_000_000, "event_bytes": 50_000},
    ]:
        first.play(fault)
        for stream in (False, True):
            said = await caller.ask(stream, "lively")
            assert len(said.text) >= fault["bytes"] and said.finish == caller.ends
    assert second.requests() == 0
