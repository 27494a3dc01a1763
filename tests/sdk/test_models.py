"""`GET /v1/models` in both shapes, and names as clients write them."""

import pytest

from rig.config import MODEL, two_suppliers
from rig.either import each, settle


def config(first, second):
    config = two_suppliers(first, second)
    config["products.office"] = {"routes": ["assistant"], "default_route": "assistant"}
    config["products.platform"] = {"direct": True}
    config["products.strict"] = {"routes": ["assistant"]}
    return config


@pytest.fixture(scope="module")
def keys(gateway):
    return {product: gateway.run("keys", "create", "--product", product)["key"] for product in ("platform", "strict")}


async def test_the_list_has_what_the_product_may_ask_for(caller):
    page = await settle(caller.client.models.list())
    ids = [model.id async for model in each(page)]
    assert {"assistant", "gpt-4o"} <= set(ids)
    assert not [each for each in ids if "/" in each], "deployments are not this product's business"
    assert len(ids) == len(set(ids))
    if caller.dialect == "openai":
        assert {model.object for model in page.data} == {"model"}
    else:
        assert {model.type for model in page.data} == {"model"} and all(model.display_name for model in page.data)


async def test_a_direct_product_sees_deployments_too(callers, caller, keys):
    direct = callers(caller.form, key=keys["platform"])
    ids = [model.id async for model in each(await settle(direct.client.models.list()))]
    assert f"first-openai/{MODEL}" in ids and "assistant" in ids


async def test_models_are_found_by_names_with_slashes(callers, caller, keys):
    direct = callers(caller.form, key=keys["platform"])
    for name in ["assistant", "gpt-4o", f"first-{caller.dialect}/{MODEL}"]:
        model = await settle(direct.client.models.retrieve(name))
        assert model.id == name
    with pytest.raises(caller.sdk.NotFoundError):
        await settle(direct.client.models.retrieve("no/such/model"))
    with pytest.raises(caller.sdk.NotFoundError):
        await settle(caller.client.models.retrieve(f"first-{caller.dialect}/{MODEL}"))


async def test_aliases_and_patterns_lead_to_the_route(callers, caller, keys, first):
    strict = callers(caller.form, key=keys["strict"])
    for name in ["assistant", "gpt-4o", "claude-sonnet-9-1", "claude-sonnet-"]:
        assert (await strict.plain(name)).finish == caller.ends
    assert {record["model"] for record in first.recorded()} == {MODEL}
    with pytest.raises(caller.sdk.NotFoundError):
        await strict.plain("gpt-4o-mini")


async def test_an_unknown_name_leads_to_the_default_route(caller, first):
    assert (await caller.plain("whatever-is-newest")).finish == caller.ends
    assert first.recorded()[-1]["model"] == MODEL


async def test_a_direct_product_may_name_a_deployment(callers, caller, keys, first, second):
    direct = callers(caller.form, key=keys["platform"])
    said = await direct.plain(f"second-{caller.dialect}/{MODEL}")
    assert said.headers["x-releve-deployment"] == f"second-{caller.dialect}/{MODEL}"
    assert first.requests() == 0 and second.requests() == 1
    # The office may not: its unknown names lead to its default route.
    said = await caller.plain(f"second-{caller.dialect}/{MODEL}")
    assert said.headers["x-releve-deployment"] == f"first-{caller.dialect}/{MODEL}"


async def test_a_deployment_of_another_protocol_is_told_apart(callers, caller, keys):
    direct = callers(caller.form, key=keys["platform"])
    other = "anthropic" if caller.dialect == "openai" else "openai"
    with pytest.raises(caller.sdk.BadRequestError) as caught:
        await direct.plain(f"first-{other}/{MODEL}")
    assert f"first-{other}/{MODEL}" in str(caught.value)
