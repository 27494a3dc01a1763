"""P11: silence is not death. Keep-alives come in a form that the SDKs accept, before and inside streams."""

import pytest

from rig.config import entry, provider, two_suppliers
from rig.either import each, opened

# What takes time is tried by one form of each SDK.
PATIENT = ["openai-sync", "anthropic-async"]
KEEPALIVE = {"openai": b": keep-alive\n\n", "anthropic": b"event: ping\n"}


def config(first, second):
    config = two_suppliers(first, second, keepalive="60ms")
    for form in PATIENT:
        for case in ("dead", "dying"):
            for place, supplier in [("a", first), ("b", second)]:
                config[f'providers."{place} {case} {form}"'] = provider(supplier, form.split("-")[0])
            deployments = [entry(f"a {case} {form}"), entry(f"b {case} {form}")]
            config[f'routes."{case} {form}"'] = {"deployments": deployments}
            config[f'routes."{case} {form}".policy'] = {"keepalive": "60ms", "header_timeout": "200ms"}
    config["products.office"] = {}
    return config


@pytest.fixture(params=PATIENT)
def caller(request, callers):
    return callers(request.param)


async def raw(caller, model="assistant"):
    """All bytes of a stream."""
    request = caller.request(model, stream=True)
    async with opened(caller.resource.with_streaming_response.create(**request)) as response:
        return b"".join([piece async for piece in each(response.iter_bytes())])


async def test_p11_keepalives_before_the_supplier_says_anything(caller, first, second, truth):
    first.play({"kind": "slow_headers", "delay_ms": 250})
    said = await caller.stream()
    assert said.text == (await truth(caller.dialect)).text and said.finish == caller.ends
    assert caller.request_id(said.headers).startswith("req_")
    assert (await raw(caller)).startswith(KEEPALIVE[caller.dialect])
    assert second.requests() == 0


async def test_p11_keepalives_inside_a_stream(caller, change, truth):
    expected = await truth(caller.dialect, max_tokens=3)
    change(pace={"tokens_per_second": 6})
    bytes_heard = []
    request = caller.request(stream=True, max_tokens=3)
    async with opened(caller.resource.with_streaming_response.create(**request)) as response:
        bytes_heard = [piece async for piece in each(response.iter_bytes())]
    assert b"".join(bytes_heard).count(KEEPALIVE[caller.dialect]) >= 3
    said = await caller.stream(max_tokens=3)
    assert said.text == expected.text and said.finish == expected.finish


async def test_p11_keepalives_never_tear_an_event(caller, change, truth):
    """A supplier that stops inside an event must not get a keep-alive between its two halves."""
    expected = await truth(caller.dialect, max_tokens=2)
    change(delivery={"split": 600, "split_pause_ms": 100})
    said = await caller.stream(max_tokens=2)
    assert said.text == expected.text


async def test_p11_a_takeover_behind_keepalives_is_whole(caller, first, truth):
    case = f"dying {caller.form}"
    first.play({"kind": "hang"})
    said = await caller.stream(case)
    assert said.text == (await truth(caller.dialect)).text and said.finish == caller.ends


async def test_p11_an_error_behind_keepalives_is_the_sdks_error(caller, first, second):
    """The status went out with the first keep-alive: what fails later fails in the stream."""
    for supplier in (first, second):
        supplier.play({"kind": "hang"})
    with pytest.raises(caller.sdk.APIError) as caught:
        await caller.stream(f"dead {caller.form}")
    assert not isinstance(caught.value, caller.sdk.APIConnectionError)
    assert caught.value.body


async def test_plain_answers_get_no_keepalives(caller, first, truth):
    first.play({"kind": "slow_headers", "delay_ms": 200})
    assert (await caller.plain()).text == (await truth(caller.dialect)).text
