"""How clients come in: keys, base URLs, headers that are theirs and ours, WebSocket, and what a stop does to them."""

import asyncio
import http.client
import json
from urllib.parse import urlsplit

import pytest
from google import genai
from google.genai import errors, types

from rig.clients import FORMS
from rig.config import MODEL, two_suppliers
from rig.either import settle


def config(first, second):
    config = two_suppliers(first, second)
    config["products.support"] = {"routes": ["assistant"]}
    return config


async def test_p8_a_revoked_key_is_refused_at_once(caller, callers, gateway, first):
    issued = gateway.run("keys", "create", "--product", "support", "--name", f"of {caller.form}")
    assert issued["in_force"] == "now"
    holder = callers(caller.form, key=issued["key"])
    assert (await holder.plain()).finish == caller.ends
    revoked = gateway.run("keys", "revoke", issued["id"])
    assert revoked["in_force"] == "now"
    before = first.requests()
    for stream in (False, True):
        with pytest.raises(caller.sdk.AuthenticationError):
            await holder.ask(stream)
    assert first.requests() == before
    # Others' keys go on.
    assert (await caller.plain()).finish == caller.ends


async def test_a_stream_that_is_under_way_outlives_its_key(callers, gateway, change, truth):
    caller = callers("openai-async")
    issued = gateway.run("keys", "create", "--product", "support")
    holder = callers("openai-async", key=issued["key"])
    expected = await truth("openai", max_tokens=5)
    change(pace={"tokens_per_second": 15})
    streaming = asyncio.ensure_future(holder.stream(max_tokens=5))
    await asyncio.sleep(0.1)
    gateway.run("keys", "revoke", issued["id"])
    assert (await streaming).text == expected.text
    with pytest.raises(caller.sdk.AuthenticationError):
        await holder.plain()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("end", ["", "/"], ids=["bare", "slash"])
async def test_base_urls_with_and_without_a_slash(callers, gateway, form, end):
    caller = callers(form)
    url = getattr(gateway, f"{caller.dialect}_url") + end
    said = await callers(form, place=url).plain()
    assert said.finish == caller.ends


async def test_keys_come_where_each_sdk_puts_them(callers, gateway):
    """Besides the bearer token: Anthropic's and Azure's own headers."""
    caller = callers("anthropic-sync")
    for header in ("x-api-key", "api-key"):
        headers = {"Authorization": caller.sdk.Omit(), header: gateway.key}
        said = await caller.plain(extra_headers=headers)
        assert caller.wire.requests[-1].headers[header] == gateway.key
        assert said.finish == "end_turn"


async def test_p8_no_header_of_the_client_chooses_account_or_place(caller, gateway, first):
    secret = "of-the-client-7d1c"
    names = [
        "openai-organization",
        "openai-project",
        "x-forwarded-host",
        "x-forwarded-for",
        "cookie",
        "x-base-url",
        "api-base",
    ]
    await caller.plain(extra_headers={name: secret for name in names})
    record = first.recorded()[-1]
    head = "\n".join(": ".join(header) for header in record["headers"])
    assert secret not in head and gateway.key not in head
    assert f"host: {first.address}" in head.lower()


async def test_our_own_headers_stay_with_us(caller, gateway, first):
    ours = {"x-releve-tags": "nightly, import", "x-releve-session": "session-9a77", "x-releve-user": "user-31"}
    said = await caller.plain(extra_headers=ours)
    names = {name.lower() for name, _ in first.recorded()[-1]["headers"]}
    assert not [name for name in names if name.startswith("x-releve")]
    entry = gateway.entry(caller.request_id(said.headers))
    assert entry["tags"] == ["nightly", "import"]
    assert "session-9a77" not in json.dumps(entry), "sessions are kept as hashes"


async def test_suppliers_headers_about_our_account_stay_with_us(caller):
    headers = (await caller.plain()).headers
    for name in headers:
        assert not name.startswith(
            ("x-ratelimit", "anthropic-ratelimit", "anthropic-organization", "openai-organization")
        )


async def test_x_releve_explain_answers_with_the_plan_and_sends_nothing(callers, first):
    caller = callers("openai-sync")
    raw = caller.client.chat.completions.with_raw_response
    answer = raw.create(**caller.request(extra_headers={"x-releve-explain": "1"}))
    plan = json.loads(answer.http_response.text)
    assert [each["deployment"] for each in plan["candidates"]][:1] == [f"first-openai/{MODEL}"]
    assert first.requests() == 0


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/realtime?model=assistant", "/v1/chat/completions"])
def test_a_websocket_upgrade_is_refused_plainly(gateway, path):
    """A client that tries WebSocket first must learn at once that it has to fall back."""
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=5)
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Authorization": f"Bearer {gateway.key}",
    }
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    assert 400 <= response.status < 500 and response.status not in (401, 408, 429)
    assert "WebSocket" in json.loads(response.read())["error"]["message"]
    connection.close()


def test_the_openai_sdks_own_websocket_is_refused_at_once(callers):
    """The Realtime client reports a refusal, and does not hang."""
    caller = callers("openai-sync")
    with pytest.raises(Exception, match="(?i)HTTP 4|rejected"):
        with caller.client.realtime.connect(model="assistant"):
            pass


async def test_many_at_once(callers, truth, first, change):
    """One client, many requests side by side: no answer is another's."""
    prompts = [f"Question {number} about the sea" for number in range(24)]
    dialects = ("openai", "anthropic")
    expected = {dialect: [(await truth(dialect, prompt)).text for prompt in prompts] for dialect in dialects}
    change(pace={"ttft_ms": 100})
    for dialect in dialects:
        caller = callers(f"{dialect}-async")
        said = await asyncio.gather(*(caller.ask(number % 2, prompt=prompt) for number, prompt in enumerate(prompts)))
        assert [each.text for each in said] == expected[dialect]
    assert first.counters()["in_flight_peak"] >= 8


async def test_p12_i08_nobody_embeds_in_anothers_place(openai_caller, gateway, first, second):
    """Vectors of two models are of two spaces: as long as none are served, an error says so, however they are asked for."""
    before = first.requests(), second.requests()
    asked = ({"input": "high water at six"}, {"input": [[11, 47, 5]], "encoding_format": "base64", "dimensions": 256})
    for how in asked:
        with pytest.raises(openai_caller.sdk.NotFoundError, match="no embeddings"):
            await settle(openai_caller.client.embeddings.create(model="assistant", **how))
    options = types.HttpOptions(base_url=gateway.url, timeout=20_000)
    client = genai.Client(api_key=gateway.key, http_options=options)
    with pytest.raises(errors.ClientError, match="no embeddings") as caught:
        client.models.embed_content(model="assistant", contents="high water at six")
    assert caught.value.code == 404
    assert (first.requests(), second.requests()) == before
