"""Errors are of the class that the SDK's users catch, say why, and make no SDK multiply attempts."""

import asyncio

import pytest

from rig.config import MODEL, PROTOCOLS, entry, provider, two_suppliers
from rig.either import settle

# What both suppliers do, one at a time, each on a route of its own.
SPENT = {
    "500": {"kind": "server_error"},
    "529": {"kind": "overloaded"},
    "refused": {"kind": "refuse"},
    "reset": {"kind": "reset"},
    "empty": {"kind": "empty_body"},
    "401 of ours": {"kind": "unauthorized"},
    "quota": {"kind": "quota"},
    "model missing": {"kind": "model_missing"},
    "cut": {"kind": "cut", "after": "preamble"},
}
LIMITED = {"kind": "rate_limited", "retry_after": {"seconds": 7}}
FORMS = ["openai-sync", "openai-async", "anthropic-sync", "anthropic-async"]
KINDS = ["plain", "stream"]


def name(fault, form, kind):
    return f"{fault} {form} {kind}"


def config(first, second):
    """Besides the usual route, one for each case, over two deployments that no other case uses."""
    config = two_suppliers(first, second)
    for fault in [*SPENT, "limited", "busy", "dead", "hung"]:
        for form in FORMS:
            for kind in KINDS:
                case, dialect = name(fault, form, kind), form.split("-")[0]
                for place, supplier in [("a", first), ("b", second)]:
                    config[f'providers."{place} {case}"'] = provider(supplier, dialect)
                config[f'routes."{case}"'] = {"deployments": [entry(f"a {case}"), entry(f"b {case}")]}
                if fault == "hung":
                    config[f'routes."{case}".policy'] = {"total_timeout": "600ms"}
    # Nobody is left here, by a contract that is over.
    for dialect in PROTOCOLS:
        config[f"providers.left-{dialect}"] = provider(first, dialect, contract={"ends": "2026-02-20"})
    config["routes.left"] = {"deployments": [entry(f"left-{dialect}") for dialect in PROTOCOLS]}
    config["products.office"] = {}
    config["products.poor"] = {"budget": {"amount": "0.000001", "per": "month"}}
    return config


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


async def raised(caller, error, kind, *arguments, **options):
    with pytest.raises(getattr(caller.sdk, error)) as caught:
        await caller.ask(kind == "stream", *arguments, **options)
    return caught.value


def shape_is_right(caller, error):
    """The body as the protocol has it, whatever is wrong."""
    if caller.dialect == "openai":
        assert {"message", "type", "param", "code"} <= set(error.body), error.body
        assert error.message and error.type
    else:
        assert error.body["type"] == "error" and error.body["error"]["message"], error.body
        assert error.type == error.body["error"]["type"]
    assert error.response.headers["content-type"].startswith("application/json")
    assert error.request_id.startswith("req_")


@pytest.mark.parametrize("key", ["rlv_wrong", "sk-of-somebody-else", "rlv_" + "A" * 43, "x"])
async def test_p8_a_wrong_key_is_an_authentication_error(caller, callers, first, key, kind):
    stranger = callers(caller.form, key=key, max_retries=2)
    before = stranger.sent
    error = await raised(stranger, "AuthenticationError", kind)
    shape_is_right(caller, error)
    assert error.status_code == 401
    assert key not in str(error.body)
    assert stranger.sent == before + 1 and first.requests() == 0
    if caller.dialect == "openai":
        assert error.code == "invalid_api_key"
    else:
        assert error.type == "authentication_error"


async def test_p8_no_key_is_an_authentication_error(caller, first, kind):
    error = await raised(caller, "AuthenticationError", kind, extra_headers={"Authorization": caller.sdk.Omit()})
    shape_is_right(caller, error)
    assert "authorization" not in caller.wire.requests[-1].headers
    assert first.requests() == 0


async def test_an_unknown_model_is_not_found_and_near_names_are_offered(caller, first, kind):
    error = await raised(caller, "NotFoundError", kind, "assistent")
    shape_is_right(caller, error)
    assert "assistant" in str(error)
    assert first.requests() == 0
    if caller.dialect == "openai":
        assert (error.code, error.param) == ("model_not_found", "model")
    else:
        assert error.type == "not_found_error"


async def test_the_clients_mistake_is_told_in_the_suppliers_own_words(caller, direct, first, second, kind):
    options = {"extra_body": {"temperature": 3.5}}
    witness = direct[caller.dialect]
    expected = await raised(witness, "BadRequestError", kind, MODEL, **options)
    error = await raised(caller, "BadRequestError", kind, **options)
    shape_is_right(caller, error)
    assert "temperature" in str(error)
    # The supplier's body as it is, its own id included; ours is in the header.
    ours, theirs = dict(error.body), dict(expected.body)
    assert bool(ours.pop("request_id", None)) == bool(theirs.pop("request_id", None))
    assert ours == theirs
    assert first.requests() == 1 and second.requests() == 0, "a client's mistake is nobody else's business"


async def test_whom_we_have_left_is_a_server_that_is_down_and_not_the_clients_mistake(caller, callers, first, kind):
    """Applications take a BadRequestError for their own mistake, and wake nobody."""
    patient = callers(caller.form, max_retries=2)
    before = patient.sent
    error = await raised(patient, "InternalServerError", kind, "left")
    shape_is_right(caller, error)
    assert error.status_code == {"openai": 503, "anthropic": 529}[caller.dialect]
    assert "its contract ended on 2026-02-20" in str(error)
    assert error.response.headers["x-should-retry"] == "false"
    assert patient.sent == before + 1 and first.requests() == 0


async def test_g15_the_clients_mistakes_take_no_supplier_out(caller, first, second):
    for _ in range(12):
        await raised(caller, "BadRequestError", "plain", extra_body={"temperature": 3.5})
    assert (await caller.plain()).finish == caller.ends
    assert first.requests() == 13 and second.requests() == 0


@pytest.mark.parametrize("fault", SPENT)
async def test_p3_when_all_are_spent_the_sdk_gets_one_error_and_tries_no_more(
    caller, callers, first, second, gateway, fault, kind
):
    patient = callers(caller.form, max_retries=2)
    played = SPENT[fault]
    first.play(played)
    second.play(played)
    before = patient.sent
    error = await raised(patient, "InternalServerError", kind, name(fault, caller.form, kind))
    shape_is_right(caller, error)
    assert error.status_code >= 500
    assert error.response.headers["x-should-retry"] == "false"
    assert patient.sent == before + 1, "the SDK multiplied the attempts"
    if fault != "refused":
        attempts = [supplier.counters()["faults"][played["kind"]] for supplier in (first, second)]
        assert all(attempts) and sum(attempts) <= 3, attempts
    for place in "ab":
        assert f"{place} {name(fault, caller.form, kind)}/{MODEL}" in str(error), "each candidate's reason is told"


async def test_p3_when_all_hang_the_sdk_gets_one_error_and_tries_no_more(callers, first, second):
    """The time that a request may take is over: asking anew would take as long again, three times."""
    for supplier in (first, second):
        supplier.play({"kind": "hang"})
    routes = [(form, kind) for form in ("openai-async", "anthropic-async") for kind in KINDS]
    patient = {form: callers(form, max_retries=2) for form, _ in routes}
    before = {form: caller.sent for form, caller in patient.items()}
    asking = [raised(patient[form], "InternalServerError", kind, name("hung", form, kind)) for form, kind in routes]
    for error, (form, _) in zip(await asyncio.gather(*asking), routes, strict=True):
        shape_is_right(patient[form], error)
        assert error.status_code == 504
    sent = {form: caller.sent - before[form] for form, caller in patient.items()}
    assert sent == {form: len(KINDS) for form in patient}, "the SDK multiplied the attempts"


async def test_p3_many_requests_to_the_dead_make_few_attempts(callers, first, second):
    caller = callers("openai-sync")
    for supplier in (first, second):
        supplier.play({"kind": "server_error"})
    requests = 50
    for number in range(requests):
        await raised(caller, "InternalServerError", KINDS[number % 2], name("dead", caller.form, "plain"))
    assert first.requests() + second.requests() <= 1.2 * requests


async def test_when_all_are_rate_limited_so_is_the_client_and_told_for_how_long(caller, first, second, kind):
    first.play(LIMITED)
    second.play({**LIMITED, "retry_after": {"seconds": 30}})
    case = name("limited", caller.form, kind)
    error = await raised(caller, "RateLimitError", kind, case)
    shape_is_right(caller, error)
    assert int(error.response.headers["retry-after"]) in (7, 8)
    # Who is asked again meanwhile refuses by itself: the suppliers said when to come back.
    again = await raised(caller, "RateLimitError", kind, case)
    assert 1 <= int(again.response.headers["retry-after"]) <= 8
    assert first.requests() == second.requests() == 1


async def test_p1_an_overload_that_passes_is_waited_for_by_the_sdk_as_told(callers, first, second):
    """`Retry-After`, and when it is over somebody can be asked: each SDK's first retry succeeds."""
    routes = [(form, kind) for form in ("openai-async", "anthropic-async") for kind in KINDS]
    busy = {"kind": "overloaded", "retry_after": {"seconds": 1}}
    for supplier in (first, second):
        supplier.play({"fault": busy, "times": len(routes)})
    patient = {form: callers(form, max_retries=2) for form, _ in routes}
    before = {form: caller.sent for form, caller in patient.items()}
    asking = [patient[form].ask(kind == "stream", name("busy", form, kind)) for form, kind in routes]
    for said, (form, _) in zip(await asyncio.gather(*asking), routes, strict=True):
        assert said.finish == patient[form].ends
    sent = {form: caller.sent - before[form] for form, caller in patient.items()}
    assert sent == {form: 2 * len(KINDS) for form in patient}, "a retry came while we still refused by ourselves"


async def test_a_spent_budget_is_a_limit_that_no_sdk_tries_again(caller, callers, gateway, first, second, kind):
    issued = gateway.run("keys", "create", "--product", "poor")
    holder = callers(caller.form, key=issued["key"], max_retries=2)
    before = holder.sent
    error = await raised(holder, "RateLimitError", kind)
    shape_is_right(caller, error)
    assert "budget of 0.000001 USD a month" in str(error) and "begins anew on 20" in str(error)
    assert error.type == ("insufficient_quota" if caller.dialect == "openai" else "rate_limit_error")
    if caller.dialect == "openai":
        assert error.code == "insufficient_quota"
    assert holder.sent == before + 1, "waiting does not help before the period ends"
    assert first.requests() == second.requests() == 0


async def test_endpoints_that_are_not_there_are_plain_not_found_errors(callers):
    for form in FORMS:
        caller = callers(form)
        with pytest.raises(caller.sdk.NotFoundError) as caught:
            await settle(caller.client.post("/v1/nowhere", body={}, cast_to=object))
        shape_is_right(caller, caught.value)
