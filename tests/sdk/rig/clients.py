"""The official SDKs: clients that note what goes over the wire, and one way to ask in either protocol."""

import gzip
from dataclasses import dataclass, field

import anthropic
import httpx2
import openai

from rig.either import each, settle

PROMPT = "Tell me about the weather at sea, please."
FORMS = ["openai-sync", "openai-async", "anthropic-sync", "anthropic-async"]


class Wire:
    """What a client sent and got: one exchange an HTTP request."""

    def __init__(self, packs=False):
        self.packs = packs
        self.requests, self.responses, self.plain_bodies = [], [], []

    def sends(self, request):
        """The request as it goes out: packed, if this wire packs."""
        body = request.content if request.method == "POST" else b""
        self.plain_bodies.append(body)
        if self.packs and body:
            headers = [(name, value) for name, value in request.headers.raw if name.lower() != b"content-length"]
            headers.append((b"content-encoding", b"gzip"))
            request = httpx2.Request(
                request.method, request.url, headers=headers, content=gzip.compress(body), extensions=request.extensions
            )
        self.requests.append(request)
        return request

    def got(self, response):
        self.responses.append(response)
        return response


class SyncTransport(httpx2.HTTPTransport):
    def __init__(self, wire):
        super().__init__()
        self.wire = wire

    def handle_request(self, request):
        return self.wire.got(super().handle_request(self.wire.sends(request)))


class AsyncTransport(httpx2.AsyncHTTPTransport):
    def __init__(self, wire):
        super().__init__()
        self.wire = wire

    async def handle_async_request(self, request):
        await request.aread()
        return self.wire.got(await super().handle_async_request(self.wire.sends(request)))


@dataclass
class Said:
    """An answer as an SDK gives it, stripped of its protocol."""

    text: str = ""
    finish: str | None = None
    usage: object = None
    pieces: int = 0
    headers: dict = field(default_factory=dict)


class Caller:
    """One SDK client in one form. `client` is the SDK's own; the methods ask the simplest question in either form."""

    def __init__(self, form, place, key, packs=False, **options):
        self.dialect, self.mode = form.split("-")
        self.form, self.wire = form, Wire(packs)
        self.sdk = {"openai": openai, "anthropic": anthropic}[self.dialect]
        name = ("" if self.mode == "sync" else "Async") + {"openai": "OpenAI", "anthropic": "Anthropic"}[self.dialect]
        if self.mode == "sync":
            http_client = self.sdk.DefaultHttpxClient(transport=SyncTransport(self.wire))
        else:
            http_client = self.sdk.DefaultAsyncHttpxClient(transport=AsyncTransport(self.wire))
        url = place if isinstance(place, str) else getattr(place, f"{self.dialect}_url")
        options = {"max_retries": 0, "timeout": 20, **options}
        self.client = getattr(self.sdk, name)(base_url=url, api_key=key, http_client=http_client, **options)

    @property
    def sent(self):
        """How many HTTP requests went out."""
        return len(self.wire.requests)

    @property
    def ends(self):
        """What an answer that came to its own end says."""
        return {"openai": "stop", "anthropic": "end_turn"}[self.dialect]

    def request_id(self, headers):
        return headers[{"openai": "x-request-id", "anthropic": "request-id"}[self.dialect]]

    @property
    def resource(self):
        """Where answers are asked for."""
        return self.client.chat.completions if self.dialect == "openai" else self.client.messages

    def request(self, model="assistant", prompt=PROMPT, **options):
        """The simplest question, as the SDK takes it."""
        limit = {"max_tokens": 1024} if self.dialect == "anthropic" else {}
        return {"model": model, "messages": [{"role": "user", "content": prompt}], **limit, **options}

    async def plain(self, model="assistant", prompt=PROMPT, **options):
        answer = await settle(self.resource.create(**self.request(model, prompt, **options)))
        said = Said(usage=answer.usage, pieces=1, headers=self.headers_of(answer))
        if self.dialect == "openai":
            said.text, said.finish = answer.choices[0].message.content, answer.choices[0].finish_reason
        else:
            said.text, said.finish = "".join(b.text for b in answer.content if b.type == "text"), answer.stop_reason
        return said

    def headers_of(self, answer):
        """The headers of the HTTP response that an answer came in, also when several are under way."""
        responses = reversed(self.wire.responses)
        return next(each.headers for each in responses if self.request_id(each.headers) == answer._request_id)

    async def stream(self, model="assistant", prompt=PROMPT, into=None, **options):
        """Reads a stream to its end. What came before an error is in `into`."""
        said = into or Said()
        stream = await settle(self.resource.create(**self.request(model, prompt, stream=True, **options)))
        said.headers = stream.response.headers
        async for event in each(stream):
            self.hear(event, said)
        return said

    def hear(self, event, said):
        said.usage = getattr(event, "usage", None) or said.usage
        if self.dialect == "openai":
            for choice in event.choices:
                said.pieces += bool(choice.delta.content)
                said.text += choice.delta.content or ""
                said.finish = choice.finish_reason or said.finish
        elif event.type == "content_block_delta" and event.delta.type == "text_delta":
            said.pieces += 1
            said.text += event.delta.text
        elif event.type == "message_delta":
            said.finish = event.delta.stop_reason or said.finish

    async def ask(self, stream, *arguments, **options):
        return await (self.stream if stream else self.plain)(*arguments, **options)

    async def close(self):
        await settle(self.client.close())
