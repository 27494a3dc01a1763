"""G22: the state of Responses is kept here, so that a turn goes on whoever wrote the one before it."""

import itertools
import json
import time

import openai
import pytest

from rig.config import MODEL, PRICE, SUPPLIER_KEY_VARIABLE, base
from rig.processes import PATIENCE_S
from rig.suppliers import SAID, base_url

PROMPT = "Tell me about the weather at sea, please."
WISH = "What is the weather in Brest?"
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "parameters": {
        "type": "object",
        "properties": {"place": {"type": "string"}},
        "required": ["place"],
        "additionalProperties": False,
    },
    "strict": True,
}
CASES = ("turn-plain", "turn-stream", "tools", "sealed")
FORMS = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
KEEPING = {"office": "client", "vault": True}


def config(first, second):
    """A route for each case and each protocol of the supplier that takes over: first somebody who speaks Responses."""
    config = {**base(), "policy": {}}

    def provider(name, protocol, supplier):
        url = base_url(protocol, supplier.address)
        config[f"providers.{name}"] = {"protocol": protocol, "base_url": url, "api_key": {"env": SUPPLIER_KEY_VARIABLE}}
        return {"use": f"{name}/{MODEL}", "price": PRICE}

    for protocol in SAID:
        for case in CASES:
            name = f"{protocol}-{case}"
            deployments = [provider(f"a-{name}", "openai-responses", first), provider(f"b-{name}", protocol, second)]
            config[f"routes.{name}"] = {"deployments": deployments}
        config[f"routes.only-{protocol}"] = {"deployments": [provider(f"only-{protocol}", protocol, first)]}
    config["routes.assistant"] = {"deployments": [provider("own", "openai-responses", first)]}
    config["routes.large"] = {"deployments": [provider("large", "openai-responses", first)]}
    config["routes.large.policy"] = {"reply_buffer": "1KiB"}
    config["products.office"] = {"store": "client"}
    config["products.vault"] = {"store": True}
    config["products.lab"] = {}
    config["products.never"] = {"store": False}
    config["products.brief"] = {"store": True, "store_for": "400ms"}
    return config


SEEDS = itertools.count(1000)


@pytest.fixture(autouse=True)
def answers_of_their_own(healthy, first, second):
    """Suppliers with seeds of their own in each test, since ids follow from them: in the world no two answers share one."""
    before = [(supplier, supplier.change(seed=next(SEEDS))) for supplier in (first, second)]
    yield
    for supplier, settings in before:
        supplier.change(**settings)


@pytest.fixture(scope="module")
def clients(gateway):
    """Each product's own."""
    made = {}

    def client(product="office"):
        if product not in made:
            key = gateway.key if product == "office" else gateway.run("keys", "create", "--product", product)["key"]
            made[product] = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0, timeout=20)
        return made[product]

    return client


@pytest.fixture
def client(clients):
    return clients()


def ask(client, stream, **request):
    """The answer and its headers."""
    request.setdefault("model", "assistant")
    if not stream:
        raw = client.responses.with_raw_response.create(**request)
        return raw.parse(), raw.headers
    with client.responses.with_streaming_response.create(**request, stream=True) as raw:
        events = list(raw.parse())
        return next(event.response for event in events if event.type == "response.completed"), raw.headers


def sent(supplier):
    return json.loads(supplier.recorded()[-1]["body"])


@FORMS
@pytest.mark.parametrize("protocol", SAID)
def test_g22_the_next_turn_is_served_when_its_supplier_is_gone(client, first, second, protocol, stream):
    route = f"{protocol}-turn-{'stream' if stream else 'plain'}"
    one, _ = ask(client, stream, model=route, input=PROMPT, instructions="Speak like a sailor.")
    assert sent(first)["store"] is False, "nobody else need keep it"
    first.play({"kind": "refuse"})
    two, headers = ask(client, stream, model=route, input="And on land?", previous_response_id=one.id)
    assert headers["x-releve-deployment"].startswith("b-") and "state" in headers["x-releve-edits"]
    told = second.recorded()[-1]["body"].decode()
    assert PROMPT in told and json.dumps(one.output_text, ensure_ascii=False)[1:-1] in told and "And on land?" in told
    assert "sailor" not in told, "instructions hold for one turn"
    assert "store" not in headers.get("x-releve-dropped", "")
    three, _ = ask(client, stream, model=route, input=[{"role": "user", "content": "Thanks."}], previous_response_id=two.id)
    told = second.recorded()[-1]["body"].decode()
    places = [told.index(text) for text in (PROMPT, "And on land?", "Thanks.")]
    assert places == sorted(places) and three.output_text
    for kept in (one, two, three):
        assert client.responses.retrieve(kept.id).model_dump() == kept.model_dump()
    if protocol != "openai-responses":
        assert [kept.previous_response_id for kept in (one, two, three)] == [None, one.id, two.id]


@FORMS
@pytest.mark.parametrize("protocol", SAID)
def test_g22_a_tool_is_called_by_one_and_answered_to_another(client, first, second, protocol, stream):
    route = f"{protocol}-tools" if not stream else f"only-{protocol}"
    one, _ = ask(client, stream, model=route, input=WISH, tools=[WEATHER])
    calls = [item for item in one.output if item.type == "function_call"]
    assert calls, "it called"
    if not stream:
        first.play({"kind": "refuse"})
    outputs = [{"type": "function_call_output", "call_id": call.call_id, "output": "calm"} for call in calls]
    two, _ = ask(client, stream, model=route, input=outputs, previous_response_id=one.id, tools=[WEATHER])
    assert two.output_text
    listed = client.responses.input_items.list(two.id, order="asc").data
    assert [item.type for item in listed] == ["message", *[item.type for item in one.output], *["function_call_output"] * len(calls)]


def test_g22_reasoning_goes_back_to_its_maker_alone(client, first, second):
    route = "openai-responses-sealed"
    think = {"effort": "medium", "summary": "auto"}
    one, _ = ask(client, False, model=route, input="Think about the sea.", reasoning=think)
    sealed = next(item.encrypted_content for item in one.output if item.type == "reasoning")
    assert sealed, "it was asked for, since nobody else keeps it"
    two, headers = ask(client, False, model=route, input="More.", previous_response_id=one.id, reasoning=think)
    assert sealed in first.recorded()[-1]["body"].decode() and "x-releve-dropped" not in headers
    first.play({"kind": "refuse"})
    _, headers = ask(client, False, model=route, input="More.", previous_response_id=two.id, reasoning=think)
    assert second.requests() == 1 and sealed not in second.recorded()[-1]["body"].decode()
    assert headers["x-releve-dropped"] == "reasoning.proof"


def test_g22_an_item_that_is_only_named_is_put_in_its_place(client, first):
    one, _ = ask(client, False, input=PROMPT)
    reference = {"type": "item_reference", "id": one.output[0].id}
    ask(client, False, input=[{"role": "user", "content": PROMPT}, reference, {"role": "user", "content": "Go on."}])
    assert sent(first)["input"][1] == one.output[0].model_dump(exclude_none=True)
    with pytest.raises(openai.NotFoundError):
        ask(client, False, input=[{"type": "item_reference", "id": "msg_nobody"}])


@pytest.mark.parametrize("product", KEEPING)
def test_p4_bytes_stay_the_suppliers(clients, first, product):
    client = clients(product)
    with client.responses.with_streaming_response.create(model="assistant", input=PROMPT, stream=True) as raw:
        streamed = b"".join(raw.iter_bytes())
    until = time.monotonic() + PATIENCE_S
    while (reply := first.recorded()[-1]["reply"]) != streamed:
        assert time.monotonic() < until, (reply, streamed)
    raw = client.responses.with_raw_response.create(model="assistant", input=PROMPT)
    kept = client.responses.with_raw_response.retrieve(raw.parse().id)
    assert kept.content == raw.content


def test_input_items_come_page_by_page(client):
    one, _ = ask(client, False, input=[{"role": "user", "content": "One."}, {"role": "developer", "content": "Two."}])
    two, _ = ask(client, False, input="Three.", previous_response_id=one.id)
    newest = client.responses.input_items.list(two.id, limit=2)
    assert newest.has_more and newest.data[0].content[0].text == "Three."
    everything = list(newest)
    assert len(everything) == 4, "the SDK turns the pages"
    assert [item.role for item in reversed(everything)] == ["user", "developer", "assistant", "user"]
    assert len({item.id for item in everything}) == 4
    for wrong in ({"limit": 101}, {"order": "up"}, {"after": "msg_nobody"}):
        with pytest.raises(openai.BadRequestError):
            client.responses.input_items.list(two.id, **wrong)


def is_gone(client, id):
    """In the words that the API has for it."""
    with pytest.raises(openai.NotFoundError) as caught:
        client.responses.retrieve(id)
    assert caught.value.body["message"] == f"Response with id '{id}' not found."
    assert caught.value.body["type"] == "invalid_request_error"
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="assistant", input="Go on.", previous_response_id=id)
    assert caught.value.body["code"] == "previous_response_not_found"
    assert caught.value.body["param"] == "previous_response_id"
    with pytest.raises(openai.NotFoundError):
        client.responses.input_items.list(id)
    with pytest.raises(openai.NotFoundError):
        client.responses.delete(id)


def test_what_is_deleted_is_gone_and_what_builds_on_it_says_so(client):
    one, _ = ask(client, False, input=PROMPT)
    two, _ = ask(client, False, input="Go on.", previous_response_id=one.id)
    client.responses.delete(one.id)
    is_gone(client, one.id)
    with pytest.raises(openai.BadRequestError, match=f"builds on '{one.id}'"):
        ask(client, False, input="Go on.", previous_response_id=two.id)
    assert client.responses.retrieve(two.id).id == two.id


def test_another_products_responses_are_not_there(clients):
    one, _ = ask(clients(), False, input=PROMPT)
    is_gone(clients("vault"), one.id)
    assert clients().responses.retrieve(one.id).id == one.id


def test_what_has_expired_is_gone(clients):
    one, _ = ask(clients("brief"), False, input=PROMPT)
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            clients("brief").responses.retrieve(one.id)
            assert time.monotonic() < until, "it never expires"
        except openai.NotFoundError:
            break
    is_gone(clients("brief"), one.id)


@FORMS
def test_who_wants_nothing_kept_has_nothing_kept(clients, stream):
    one, headers = ask(clients(), stream, input=PROMPT, store=False)
    assert "state" not in headers.get("x-releve-edits", "")
    is_gone(clients(), one.id)
    kept, _ = ask(clients("vault"), stream, input=PROMPT, store=False)
    assert clients("vault").responses.retrieve(kept.id).output_text == kept.output_text


def test_a_turn_may_build_on_others_and_not_be_kept(client, first):
    one, _ = ask(client, False, input=PROMPT)
    two, headers = ask(client, False, input="Go on.", previous_response_id=one.id, store=False)
    assert PROMPT in first.recorded()[-1]["body"].decode() and "state" in headers["x-releve-edits"]
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(two.id)


def test_an_answer_that_was_cut_at_its_limit_is_kept_so(client):
    one, _ = ask(client, False, input=PROMPT, max_output_tokens=16)
    assert one.status == "incomplete"
    assert client.responses.retrieve(one.id).model_dump() == one.model_dump()


def test_what_is_too_large_to_look_at_is_served_and_not_kept(client):
    one, headers = ask(client, False, model="large", input=PROMPT)
    assert headers["x-releve-dropped"] == "store" and one.output_text
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(one.id)


def test_the_ledger_says_what_was_built_on_and_kept(gateway, client):
    one, headers = ask(client, False, input=PROMPT)
    first = gateway.entry(headers["x-request-id"])
    assert first["kept"] is True and "former_turns" not in first
    two, _ = ask(client, False, input="Go on.", previous_response_id=one.id)
    _, headers = ask(client, True, input="Go on.", previous_response_id=two.id, store=False)
    third = gateway.entry(headers["x-request-id"])
    assert third["former_turns"] == 2 and "kept" not in third
    told = gateway.command("explain", headers["x-request-id"])
    assert "builds on 2 kept turns" in told.stdout


def test_a_product_that_keeps_nothing_says_so(clients, first):
    client = clients("never")
    one, headers = ask(client, False, input=PROMPT, store=True)
    assert headers["x-releve-dropped"] == "store" and sent(first)["store"] is False
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(one.id)
    with pytest.raises(openai.BadRequestError, match="keeps no responses") as caught:
        ask(client, False, input="Go on.", previous_response_id=one.id)
    assert caught.value.body["param"] == "previous_response_id"
    _, headers = ask(client, False, input=PROMPT)
    assert "x-releve-dropped" not in headers and sent(first)["store"] is False


def test_without_a_word_state_is_the_suppliers(clients, first):
    client = clients("lab")
    one, headers = ask(client, False, input=PROMPT, store=True)
    assert "state" not in headers.get("x-releve-edits", "") and sent(first)["store"] is True
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(one.id)
    with pytest.raises(openai.BadRequestError):
        ask(client, False, input="Go on.", previous_response_id="resp_theirs")
    assert sent(first)["previous_response_id"] == "resp_theirs", "it is for them to say"


def test_what_is_not_offered_is_refused(client):
    for request in ({"background": True}, {"conversation": "conv_1"}):
        with pytest.raises(openai.BadRequestError) as caught:
            ask(client, False, input=PROMPT, **request)
        assert caught.value.body["param"] in request
    one, _ = ask(client, False, input=PROMPT)
    with pytest.raises(openai.BadRequestError, match="background"):
        client.responses.cancel(one.id)
    with pytest.raises(openai.BadRequestError):
        list(client.responses.retrieve(one.id, stream=True))


def test_an_answer_that_breaks_off_is_not_kept(client, first):
    first.play({"kind": "cut", "after": {"tokens": 3}})
    begun = None
    with pytest.raises(openai.APIError):
        for event in client.responses.create(model="assistant", input=PROMPT, stream=True):
            if event.type == "response.created":
                begun = event.response.id
    first.play()
    is_gone(client, begun)


def test_words_lie_encrypted_and_are_counted(gateway, client):
    ask(client, False, input="A canary that sings at sea.")
    for file in gateway.folder.glob("releve.db*"):
        assert b"canary" not in file.read_bytes(), file
    _, metrics = gateway.get("/metrics")
    assert 'releve_state_kept_total{product="office"}' in metrics
    assert 'releve_state_kept_bytes_total{product="office"}' in metrics
    assert 'releve_state_used_total{product="office"}' in metrics
