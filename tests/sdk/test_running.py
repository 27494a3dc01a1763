"""P7 and P8 over a gateway's life: without keys, while it is reconfigured, when it is stopped."""

import asyncio

import pytest

from rig.clients import Caller
from rig.config import MODEL, entry, provider, two_suppliers
from rig.processes import Gateway

SLOWLY = {"tokens_per_second": 20}


@pytest.fixture
def own(tmp_path, first, second):
    """Starts gateways that a test may stop."""
    started = []

    def start(**options):
        started.append(Gateway(tmp_path, two_suppliers(first, second), **options))
        return started[-1]

    yield start
    for gateway in started:
        gateway.kill()


@pytest.mark.parametrize("form", ["openai-async", "anthropic-async"])
async def test_p8_without_any_key_loopback_serves_anybody_until_there_is_one(own, form):
    gateway = own(with_key=False)
    anybody = Caller(form, gateway, "any key will do")
    assert (await anybody.plain()).finish == anybody.ends
    assert (await anybody.plain(f"first-{anybody.dialect}/{MODEL}")).finish == anybody.ends
    gateway.run("keys", "create", "--product", "office")
    with pytest.raises(anybody.sdk.AuthenticationError):
        await anybody.plain()
    await anybody.close()
    gateway.stop()


@pytest.mark.parametrize("form", ["openai-async", "anthropic-async"])
async def test_p7_a_stop_lets_streams_come_to_their_end(own, change, truth, form):
    gateway = own()
    caller = Caller(form, gateway, gateway.key)
    expected = await truth(caller.dialect, max_tokens=8)
    change(pace=SLOWLY)
    streaming = asyncio.ensure_future(caller.stream(max_tokens=8))
    await asyncio.sleep(0.15)
    gateway.terminate()
    said = await streaming
    assert (said.text, said.finish) == (expected.text, expected.finish)
    await caller.close()
    assert gateway.process.wait(10) == 0
    late = Caller(form, gateway, gateway.key)
    with pytest.raises(late.sdk.APIConnectionError):
        await late.plain()
    await late.close()
    gateway.assert_calm()
    assert gateway.run("ledger", "verify")["whole"]
    assert gateway.entry(caller.request_id(said.headers))["outcome"] == "answered"


@pytest.mark.parametrize("form", ["openai-async", "anthropic-async"])
async def test_p7_a_change_of_the_configuration_drops_nothing(own, change, truth, first, second, form):
    gateway = own()
    caller = Caller(form, gateway, gateway.key)
    expected = await truth(caller.dialect, max_tokens=10)
    change(pace=SLOWLY)
    streaming = asyncio.ensure_future(caller.stream(max_tokens=10))
    await asyncio.sleep(0.1)
    config = two_suppliers(first, second)
    config[f"providers.third-{caller.dialect}"] = provider(second, caller.dialect)
    config["routes.added"] = {"deployments": [entry(f"third-{caller.dialect}")]}
    config["products.office"] = {"routes": ["assistant", "added"]}
    gateway.configure(config)
    await known(caller, "added", True)
    assert (await caller.plain("added", max_tokens=2)).headers["x-releve-attempts"] == "1"
    gateway.configure("[routes.assistant\nbroken = ")
    await asyncio.sleep(0.3)
    assert (await caller.plain("added", max_tokens=2)).text
    assert gateway.process.poll() is None, "a wrong configuration took it down"
    assert (await streaming).text == expected.text
    gateway.configure(two_suppliers(first, second))
    await known(caller, "added", False)
    await caller.close()
    gateway.stop()


async def known(caller, name, wanted):
    """Waits until the gateway's list of models has the name, or has it no more."""
    for _ in range(200):
        ids = [model.id async for model in caller.client.models.list()]
        if (name in ids) == wanted:
            return
        await asyncio.sleep(0.025)
    raise AssertionError(f"after 5 s the models are {ids}")
