"""P4 as SDKs meet it: what a supplier gets is what the SDK sent, save the edits that the answer's headers name."""

import json

import pytest

from rig.clients import PROMPT
from rig.config import MODEL
from rig.either import each, opened

LONG = "Ships and weather, 船と天気 ⛵. " * 5600


def edited(body, **changes):
    """A request as a supplier should get it: values replaced in the text, nothing else touched."""
    text = body.decode()
    for old, new in changes.values():
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text.encode()


def model_edit(body):
    written = '"model":"assistant"' if b'"model":"assistant"' in body else '"model": "assistant"'
    return written, written.replace("assistant", MODEL)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("prompt", [PROMPT, LONG], ids=["short", "200 KB"])
async def test_p4_the_request_is_the_sdks_but_for_the_named_edits(caller, first, truth, prompt, stream):
    said = await caller.ask(stream, prompt=prompt)
    body = caller.wire.plain_bodies[-1]
    got = first.recorded()[-1]["body"]
    changes = {"model": model_edit(body)}
    edits = "model"
    if stream and caller.dialect == "openai":
        asked = json.loads(got).pop("stream_options")
        assert asked == {"include_usage": True}
        without = got.replace(b'"stream_options":{"include_usage":true},', b"", 1)
        assert without != got
        got, edits = without, said.headers["x-releve-edits"]
        assert "model" in edits and "usage" in edits
    assert got == edited(body, **changes)
    assert said.headers["x-releve-edits"] == edits
    assert said.text == (await truth(caller.dialect, prompt)).text
    assert len(prompt) < 1000 or len(body) > 200_000


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("prompt", [PROMPT, LONG], ids=["short", "200 KB"])
async def test_packed_requests_are_unpacked(caller, callers, first, truth, prompt, stream):
    packing = callers(caller.form, packs=True)
    said = await packing.ask(stream, prompt=prompt)
    assert packing.wire.requests[-1].headers["content-encoding"] == "gzip"
    got = first.recorded()[-1]
    assert prompt in json.loads(got["body"])["messages"][0]["content"]
    assert "content-encoding" not in {name.lower() for name, _ in got["headers"]}
    assert said.text == (await truth(caller.dialect, prompt)).text


async def test_p4_fields_that_nobody_knows_go_through_untouched(caller, first):
    extra = {"vendor_field": {"b": [1.0, 1e3, "é", None], "a": 12345678901234567890123}}
    await caller.plain(extra_body=extra)
    body = caller.wire.plain_bodies[-1]
    assert first.recorded()[-1]["body"] == edited(body, model=model_edit(body))


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
async def test_p4_the_answer_is_the_suppliers_byte_for_byte(caller, first, change, stream):
    change(delivery={"split": 11, "comments": True, "line_end": "crlf"})
    asked = {"stream_options": {"include_usage": True}} if stream and caller.dialect == "openai" else {}
    request = caller.request(stream=stream, **asked)
    async with opened(caller.resource.with_streaming_response.create(**request)) as response:
        got = b"".join([piece async for piece in each(response.iter_bytes())])
    assert got == first.recorded()[-1]["reply"]
