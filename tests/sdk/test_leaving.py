"""G21: a client that leaves costs no more than it must, and the ledger says what the supplier's meter says."""

import asyncio
import time

import pytest

from rig.clients import Said
from rig.config import base, entry, provider
from rig.either import settle

SLOWLY = {"tokens_per_second": 25}


def config(first, second):
    """`stops`: suppliers that stop billing when one hangs up. `bills`: those that bill whatever one does."""
    config = base()
    for kind, stops in [("stops", True), ("bills", False)]:
        for dialect in ("openai", "anthropic"):
            keys = {"stops_billing_on_abort": stops}
            config[f"providers.{kind}-{dialect}"] = provider(first, dialect, **keys)
        config[f"routes.{kind}"] = {"deployments": [entry(f"{kind}-openai"), entry(f"{kind}-anthropic")]}
    return config


async def begin_and_leave(caller, model, first, **options):
    """Reads a stream up to its third piece, then closes it. Gives the request's id and when it was closed."""
    said = Said()
    stream = await settle(caller.resource.create(**caller.request(model, stream=True, **options)))
    events = stream.__aiter__() if caller.mode == "async" else iter(stream)
    while said.pieces < 3:
        caller.hear(await anext(events) if caller.mode == "async" else next(events), said)
    await settle(stream.close())
    return caller.request_id(stream.response.headers), time.monotonic()


async def until(condition, seconds=5):
    """The moment at which `condition` holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return time.monotonic()
        await asyncio.sleep(0.002)
    raise AssertionError("it did not come to pass")


async def test_g21_a_closed_stream_is_cancelled_within_100_ms(caller, gateway, first, change):
    change(pace=SLOWLY)
    delays = []
    for _ in range(3):
        first.forget()
        request_id, closed = await begin_and_leave(caller, "stops", first)
        delays.append(await until(lambda: first.counters()["client_left"] == 1) - closed)
        counters = first.counters()
        assert counters["in_flight"] == 0 and counters["ended"] == 0
        assert counters["client_left_after"][0] < 10
    # The best of three: what is measured is the gateway, not a busy machine.
    assert min(delays) < 0.1, delays
    booked = gateway.entry(request_id)
    assert booked["outcome"] == "client_left"
    assert booked["usage"].get("output_text", 0) > 0 and booked["usage_source"] == "estimated"


async def test_g21_a_plain_request_that_is_given_up_is_cancelled(callers, first, change):
    change(pace={"ttft_ms": 4000})
    for form in ("openai-async", "anthropic-async"):
        first.forget()
        asking = asyncio.ensure_future(callers(form).plain("stops"))
        await until(lambda: first.counters()["in_flight"] == 1)
        asking.cancel()
        await until(lambda: first.counters()["client_left"] == 1, 1)
        with pytest.raises(asyncio.CancelledError):
            await asking


async def test_g21_where_leaving_saves_nothing_the_bill_is_learnt(caller, gateway, first, change):
    change(pace=SLOWLY, stops_billing_on_abort=False)
    request_id, _ = await begin_and_leave(caller, "bills", first, max_tokens=12)
    await until(lambda: first.counters()["ended"] == 1)
    assert first.counters()["client_left"] == 0
    billed = first.meter()["total"]
    booked = gateway.entry(request_id)
    assert booked["outcome"] == "client_left" and booked["usage_source"] == "supplier"
    assert booked["usage"]["output_text"] == billed["output"]
    assert booked["usage"]["input_uncached"] == billed["input_uncached"]


async def test_a_client_that_leaves_while_suppliers_fail_starts_no_further_attempt(callers, first, change):
    first.play({"kind": "hang"})
    caller = callers("openai-async")
    asking = asyncio.ensure_future(caller.stream("stops"))
    await until(lambda: first.counters()["in_flight"] == 1)
    asking.cancel()
    await until(lambda: first.counters()["client_left"] == 1, 1)
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert first.requests() == 1
