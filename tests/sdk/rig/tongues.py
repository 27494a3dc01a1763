"""The official SDKs of five dialects, and one way to ask in each: what is said in the same words, heard in the same words."""

import base64
import inspect
import json
from dataclasses import dataclass, field

import anthropic
import boto3
import botocore
import botocore.config
import botocore.exceptions
import openai
from google import genai
from google.genai import errors as gemini_errors
from google.genai import types

LIMIT = 600


@dataclass
class Heard:
    """An answer, stripped of its dialect."""

    text: str = ""
    calls: list = field(default_factory=list)
    """Each `(id, name, arguments)`."""
    finish: str | None = None
    """`stop`, `length`, `tools` or `filtered`."""
    input_tokens: int = 0
    output_tokens: int = 0
    reasoning: str = ""
    turn: object = None
    """What goes back into the conversation."""
    details: dict = field(default_factory=dict)
    """Tokens `read` from a cache, `written` to one, and `reasoned`, where the dialect tells."""
    choices: int = 1
    whole: str = ""
    """All of it, as JSON of the SDK's own objects."""

    @property
    def called(self):
        return [(name, arguments) for _, name, arguments in self.calls]


@dataclass(frozen=True)
class Tool:
    name: str
    description: str
    schema: dict


class Tongue:
    """One SDK. A conversation is a list of turns of its own kind; `user`, `results` and `Heard.turn` make them."""

    failures = {}
    """Its exception classes, by what went wrong."""

    def __init__(self, place, key):
        self.place, self.key = place, key
        self.dropped = set()
        """What answers named as lost, since it was last cleared."""

    def notice(self, response):
        """Reads the headers of a response as it comes in."""
        self.dropped |= {each for each in response.headers.get("x-releve-dropped", "").split(", ") if each}

    def turn(self, part):
        """A user's turn with one part of the dialect's own, after a text."""
        text = {"openai-responses": {"type": "input_text", "text": "Go on"}}.get(self.name, {"type": "text", "text": "Go on"})
        return [{"role": "user", "content": [text, part]}]


def merged(request, more):
    """Members put into a request, also inside members that both have."""
    for name, value in (more or {}).items():
        if isinstance(value, dict) and isinstance(request.get(name), dict):
            merged(request[name], value)
        else:
            request[name] = value
    return request


def known(resource, request):
    """Members that an SDK's method has no argument for go into its `extra_body`."""
    extra = {name: request.pop(name) for name in list(request) if name not in inspect.signature(resource).parameters}
    return {**request, "extra_body": extra} if extra else request


class Chat(Tongue):
    name = "openai-chat"
    failures = {429: openai.RateLimitError, 400: openai.BadRequestError, 503: openai.InternalServerError}
    finishes = {"stop": "stop", "length": "length", "tool_calls": "tools", "content_filter": "filtered"}

    def __init__(self, place, key):
        super().__init__(place, key)
        hooks = openai.DefaultHttpxClient(event_hooks={"response": [self.notice]})
        self.client = openai.OpenAI(base_url=f"{place}/v1", api_key=key, max_retries=0, timeout=20, http_client=hooks)

    def user(self, text, image=None):
        if image is None:
            return [{"role": "user", "content": text}]
        url = "data:image/png;base64," + base64.b64encode(image).decode()
        return [{"role": "user", "content": [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": url}}]}]

    def results(self, heard, text):
        return [{"role": "tool", "tool_call_id": call, "content": text} for call, _, _ in heard.calls]

    def request(self, model, talk, system=None, tools=(), force=None, schema=None, limit=LIMIT, stop=None, effort=None, more=None):
        request = {"model": model, "messages": list(talk), "max_completion_tokens": limit}
        if system:
            request["messages"].insert(0, {"role": "system", "content": system})
        if tools:
            request["tools"] = [
                {"type": "function", "function": {"name": t.name, "description": t.description, "parameters": t.schema}}
                for t in tools
            ]
        if force:
            request["tool_choice"] = {"type": "function", "function": {"name": force}}
        if schema:
            request["response_format"] = {
                "type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}
            }
        if stop:
            request["stop"] = [stop]
        if effort:
            request["reasoning_effort"] = effort
            request["max_completion_tokens"] = max(limit, 4096)
        return known(self.client.chat.completions.create, merged(request, more))

    def ask(self, stream, *arguments, **options):
        request = self.request(*arguments, **options)
        if stream:
            request["stream_options"] = {"include_usage": True}
            try:
                with self.client.chat.completions.stream(**request) as events:
                    answer = events.get_final_completion()
            except (openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError):
                answer = events.current_completion_snapshot
        else:
            answer = self.client.chat.completions.create(**request)
        choice = answer.choices[0]
        message = choice.message
        calls = [
            (call.id, call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls or []
        ]
        turn = message.model_dump(exclude_none=True, exclude={"parsed"})
        for call in turn.get("tool_calls", []):
            call["function"].pop("parsed_arguments", None)
        turn.pop("tool_calls", None) if not turn.get("tool_calls") else None
        return Heard(
            message.content or "", calls, self.finishes.get(choice.finish_reason, choice.finish_reason),
            answer.usage.prompt_tokens, answer.usage.completion_tokens,
            getattr(message, "reasoning_content", None) or "", [turn],
            details_of(answer.usage.prompt_tokens_details, answer.usage.completion_tokens_details), len(answer.choices),
            answer.model_dump_json(),
        )


def details_of(prompt, answer):
    """What OpenAI's usage says beside totals."""
    return {"read": getattr(prompt, "cached_tokens", None) or 0, "reasoned": getattr(answer, "reasoning_tokens", None) or 0}


ENDS = ("response.completed", "response.incomplete")


class Responses(Tongue):
    name = "openai-responses"
    failures = Chat.failures

    def __init__(self, place, key):
        super().__init__(place, key)
        hooks = openai.DefaultHttpxClient(event_hooks={"response": [self.notice]})
        self.client = openai.OpenAI(base_url=f"{place}/v1", api_key=key, max_retries=0, timeout=20, http_client=hooks)

    def user(self, text, image=None):
        if image is None:
            return [{"role": "user", "content": text}]
        url = "data:image/png;base64," + base64.b64encode(image).decode()
        return [
            {"role": "user", "content": [{"type": "input_text", "text": text}, {"type": "input_image", "image_url": url, "detail": "auto"}]}
        ]

    def results(self, heard, text):
        return [{"type": "function_call_output", "call_id": call, "output": text} for call, _, _ in heard.calls]

    def request(self, model, talk, system=None, tools=(), force=None, schema=None, limit=LIMIT, stop=None, effort=None, more=None):
        request = {"model": model, "input": list(talk), "max_output_tokens": limit, "store": False}
        if system:
            request["instructions"] = system
        if tools:
            request["tools"] = [
                {"type": "function", "name": t.name, "description": t.description, "parameters": t.schema, "strict": False}
                for t in tools
            ]
        if force:
            request["tool_choice"] = {"type": "function", "name": force}
        if schema:
            request["text"] = {"format": {"type": "json_schema", "name": "answer", "schema": schema, "strict": True}}
        if effort:
            request["reasoning"] = {"effort": effort, "summary": "auto"}
            request["include"] = ["reasoning.encrypted_content"]
            request["max_output_tokens"] = max(limit, 4096)
        return known(self.client.responses.create, merged(request, more))

    def ask(self, stream, *arguments, **options):
        request = self.request(*arguments, **options)
        if stream:
            with self.client.responses.stream(**request) as events:
                [answer] = [event.response for event in events if event.type in ENDS]
        else:
            answer = self.client.responses.create(**request)
        calls = [
            (item.call_id, item.name, json.loads(item.arguments)) for item in answer.output if item.type == "function_call"
        ]
        thought = [part.text for item in answer.output if item.type == "reasoning" for part in item.summary]
        cut = answer.status == "incomplete" and answer.incomplete_details.reason
        finish = {"max_output_tokens": "length", "content_filter": "filtered"}[cut] if cut else "tools" if calls else "stop"
        turn = [item.model_dump(exclude_none=True, exclude={"parsed_arguments", "status"}) for item in answer.output]
        for item in turn:
            for part in item.get("content") or []:
                part.pop("parsed", None)
        return Heard(
            answer.output_text, calls, finish, answer.usage.input_tokens, answer.usage.output_tokens,
            "".join(thought), turn,
            details_of(answer.usage.input_tokens_details, answer.usage.output_tokens_details), 1, answer.model_dump_json(),
        )


class Messages(Tongue):
    name = "anthropic-messages"
    failures = {429: anthropic.RateLimitError, 400: anthropic.BadRequestError, 503: anthropic.InternalServerError}
    finishes = {
        "end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "tools", "refusal": "filtered",
        "model_context_window_exceeded": "length",
    }

    def __init__(self, place, key):
        super().__init__(place, key)
        hooks = anthropic.DefaultHttpxClient(event_hooks={"response": [self.notice]})
        self.client = anthropic.Anthropic(base_url=place, api_key=key, max_retries=0, timeout=20, http_client=hooks)

    def user(self, text, image=None):
        if image is None:
            return [{"role": "user", "content": text}]
        source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(image).decode()}
        return [{"role": "user", "content": [{"type": "text", "text": text}, {"type": "image", "source": source}]}]

    def results(self, heard, text):
        content = [{"type": "tool_result", "tool_use_id": call, "content": text} for call, _, _ in heard.calls]
        return [{"role": "user", "content": content}]

    def request(self, model, talk, system=None, tools=(), force=None, schema=None, limit=LIMIT, stop=None, effort=None, more=None):
        request = {"model": model, "messages": list(talk), "max_tokens": limit}
        if system:
            request["system"] = system
        if tools:
            request["tools"] = [{"name": t.name, "description": t.description, "input_schema": t.schema} for t in tools]
        if force:
            request["tool_choice"] = {"type": "tool", "name": force}
        if schema:
            request["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
        if stop:
            request["stop_sequences"] = [stop]
        if effort:
            request["thinking"] = {"type": "enabled", "budget_tokens": 1024}
            request["max_tokens"] = max(limit, 4096)
        return known(self.client.messages.create, merged(request, more))

    def ask(self, stream, *arguments, **options):
        request = self.request(*arguments, **options)
        if stream:
            with self.client.messages.stream(**request) as events:
                answer = events.get_final_message()
        else:
            answer = self.client.messages.create(**request)
        text = "".join(block.text for block in answer.content if block.type == "text")
        calls = [(block.id, block.name, block.input) for block in answer.content if block.type == "tool_use"]
        thought = "".join(block.thinking for block in answer.content if block.type == "thinking")
        turn = {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in answer.content]}
        for block in turn["content"]:
            block.pop("parsed_output", None)
        usage = answer.usage
        cached = (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
        finish = self.finishes.get(answer.stop_reason, answer.stop_reason)
        return Heard(
            text, calls, finish, usage.input_tokens + cached, usage.output_tokens, thought, [turn],
            {"read": usage.cache_read_input_tokens or 0, "written": usage.cache_creation_input_tokens or 0}, 1, answer.model_dump_json(),
        )


class Gemini(Tongue):
    name = "gemini"
    failures = {429: gemini_errors.ClientError, 400: gemini_errors.ClientError, 503: gemini_errors.ServerError}

    def __init__(self, place, key):
        super().__init__(place, key)
        options = types.HttpOptions(
            base_url=place, timeout=20_000, client_args={"event_hooks": {"response": [self.notice]}}
        )
        self.client = genai.Client(api_key=key, http_options=options)

    def turn(self, part):
        return [{"role": "user", "parts": [{"text": "Go on"}, part]}]

    def user(self, text, image=None):
        parts = [types.Part(text=text)]
        if image is not None:
            parts.append(types.Part.from_bytes(data=image, mime_type="image/png"))
        return [types.Content(role="user", parts=parts)]

    def results(self, heard, text):
        answered = [
            types.Part(function_response=types.FunctionResponse(id=call, name=name, response={"result": text}))
            for call, name, _ in heard.calls
        ]
        return [types.Content(role="user", parts=answered)]

    def config(self, system=None, tools=(), force=None, schema=None, limit=LIMIT, stop=None, effort=None, more=None):
        config = types.GenerateContentConfig(max_output_tokens=limit, system_instruction=system)
        config.automatic_function_calling = types.AutomaticFunctionCallingConfig(disable=True)
        if tools:
            declared = [
                types.FunctionDeclaration(name=t.name, description=t.description, parameters_json_schema=t.schema)
                for t in tools
            ]
            config.tools = [types.Tool(function_declarations=declared)]
        if force:
            calling = types.FunctionCallingConfig(mode="ANY", allowed_function_names=[force])
            config.tool_config = types.ToolConfig(function_calling_config=calling)
        if schema:
            config.response_mime_type, config.response_json_schema = "application/json", schema
        if stop:
            config.stop_sequences = [stop]
        if effort:
            config.thinking_config = types.ThinkingConfig(thinking_budget=1024, include_thoughts=True)
            config.max_output_tokens = max(limit, 4096)
        if more:
            flat = {**more.get("generationConfig", {}), **{name: each for name, each in more.items() if name != "generationConfig"}}
            said = types.GenerateContentConfig.model_validate(flat)
            config = config.model_copy(update={name: getattr(said, name) for name in said.model_fields_set})
        return config

    def ask(self, stream, model, talk, **options):
        arguments = {"model": model, "contents": list(talk), "config": self.config(**options)}
        if stream:
            answers = list(self.client.models.generate_content_stream(**arguments))
        else:
            answers = [self.client.models.generate_content(**arguments)]
        parts = [
            part
            for answer in answers
            for part in (answer.candidates[0].content.parts if answer.candidates and answer.candidates[0].content else None) or []
        ]
        heard = Heard(turn=[types.Content(role="model", parts=parts)])
        for part in parts:
            if part.function_call:
                call = part.function_call
                heard.calls.append((call.id, call.name, call.args))
            elif part.thought:
                heard.reasoning += part.text or ""
            else:
                heard.text += part.text or ""
        reasons = [answer.candidates[0].finish_reason for answer in answers if answer.candidates]
        reason = next(reason for reason in reversed(reasons) if reason)
        heard.finish = {"STOP": "tools" if heard.calls else "stop", "MAX_TOKENS": "length", "SAFETY": "filtered"}.get(
            reason.name, reason.name
        )
        usage = next(answer.usage_metadata for answer in reversed(answers) if answer.usage_metadata)
        heard.input_tokens = usage.prompt_token_count
        heard.output_tokens = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
        heard.details = {"read": usage.cached_content_token_count or 0, "reasoned": usage.thoughts_token_count or 0}
        heard.choices = len({candidate.index or 0 for answer in answers for candidate in answer.candidates or []})
        heard.whole = "".join(answer.model_dump_json() for answer in answers)
        return heard


class Converse(Tongue):
    name = "bedrock-converse"
    failures = dict.fromkeys((429, 400, 503), botocore.exceptions.ClientError)
    finishes = {
        "end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "tools",
        "content_filtered": "filtered", "guardrail_intervened": "filtered", "model_context_window_exceeded": "length",
    }

    def __init__(self, place, key):
        super().__init__(place, key)
        session = boto3.session.Session()
        config = botocore.config.Config(
            retries={"total_max_attempts": 1}, read_timeout=20, signature_version=botocore.UNSIGNED
        )
        self.client = session.client("bedrock-runtime", region_name="eu-west-3", endpoint_url=place, config=config)
        # It sends its bearer tokens over TLS only; this gateway is on the loopback.
        self.client.meta.events.register("before-send", self.sign)
        self.client.meta.events.register("after-call", lambda http_response, **_: self.notice(http_response))

    def sign(self, request, **_):
        request.headers["Authorization"] = f"Bearer {self.key}"

    def turn(self, part):
        return [{"role": "user", "content": [{"text": "Go on"}, part]}]

    def user(self, text, image=None):
        content = [{"text": text}]
        if image is not None:
            content.append({"image": {"format": "png", "source": {"bytes": image}}})
        return [{"role": "user", "content": content}]

    def results(self, heard, text):
        content = [{"toolResult": {"toolUseId": call, "content": [{"text": text}]}} for call, _, _ in heard.calls]
        return [{"role": "user", "content": content}]

    def request(self, model, talk, system=None, tools=(), force=None, schema=None, limit=LIMIT, stop=None, effort=None, more=None):
        request = {"modelId": model, "messages": list(talk), "inferenceConfig": {"maxTokens": limit}}
        if system:
            request["system"] = [{"text": system}]
        if tools:
            request["toolConfig"] = {
                "tools": [
                    {"toolSpec": {"name": t.name, "description": t.description, "inputSchema": {"json": t.schema}}}
                    for t in tools
                ]
            }
        if force:
            request["toolConfig"]["toolChoice"] = {"tool": {"name": force}}
        if schema:
            structure = {"jsonSchema": {"name": "answer", "schema": json.dumps(schema)}}
            request["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": structure}}
        if stop:
            request["inferenceConfig"]["stopSequences"] = [stop]
        if effort:
            request["additionalModelRequestFields"] = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
            request["inferenceConfig"]["maxTokens"] = max(limit, 4096)
        return merged(request, more)

    def ask(self, stream, *arguments, **options):
        request = self.request(*arguments, **options)
        if stream:
            content, reason, usage, service = self.gathered(self.client.converse_stream(**request)["stream"])
        else:
            answer = self.client.converse(**request)
            content, reason, usage = answer["output"]["message"]["content"], answer["stopReason"], answer["usage"]
            service = answer.get("serviceTier")
        heard = Heard(turn=[{"role": "assistant", "content": content}], finish=self.finishes.get(reason, reason))
        for block in content:
            heard.text += block.get("text", "")
            heard.text += "".join(each["text"] for each in block.get("citationsContent", {}).get("content", []))
            if "toolUse" in block:
                use = block["toolUse"]
                heard.calls.append((use["toolUseId"], use["name"], use["input"]))
            if "reasoningText" in block.get("reasoningContent", {}):
                heard.reasoning += block["reasoningContent"]["reasoningText"]["text"]
        cached = usage.get("cacheReadInputTokens", 0) + usage.get("cacheWriteInputTokens", 0)
        heard.input_tokens, heard.output_tokens = usage["inputTokens"] + cached, usage["outputTokens"]
        heard.details = {"read": usage.get("cacheReadInputTokens", 0), "written": usage.get("cacheWriteInputTokens", 0)}
        heard.whole = json.dumps([content, service], default=str)
        return heard

    @staticmethod
    def gathered(events):
        blocks, reason, usage, service = {}, None, None, None
        for event in events:
            if "contentBlockStart" in event:
                start = event["contentBlockStart"]
                blocks[start["contentBlockIndex"]] = {"toolUse": {**start["start"]["toolUse"], "input": ""}}
            elif "contentBlockDelta" in event:
                index, delta = event["contentBlockDelta"]["contentBlockIndex"], event["contentBlockDelta"]["delta"]
                if "text" in delta:
                    block = blocks.setdefault(index, {"text": ""})
                    block["text"] += delta["text"]
                elif "toolUse" in delta:
                    blocks[index]["toolUse"]["input"] += delta["toolUse"]["input"]
                elif "citation" in delta:
                    blocks[index].setdefault("citations", []).append(delta["citation"])
                elif "reasoningContent" in delta:
                    more = delta["reasoningContent"]
                    if "redactedContent" in more:
                        blocks[index] = {"reasoningContent": more}
                        continue
                    block = blocks.setdefault(index, {"reasoningContent": {"reasoningText": {"text": ""}}})
                    thought = block["reasoningContent"]["reasoningText"]
                    thought["text"] += more.get("text", "")
                    if "signature" in more:
                        thought["signature"] = thought.get("signature", "") + more["signature"]
            elif "messageStop" in event:
                reason = event["messageStop"]["stopReason"]
            elif "metadata" in event:
                usage, service = event["metadata"]["usage"], event["metadata"].get("serviceTier")
        for block in blocks.values():
            if "toolUse" in block:
                block["toolUse"]["input"] = json.loads(block["toolUse"]["input"] or "{}")
        return [blocks[index] for index in sorted(blocks)], reason, usage, service


TONGUES = {tongue.name: tongue for tongue in (Chat, Responses, Messages, Gemini, Converse)}


def status_of(error):
    """The status of HTTP in an SDK's exception."""
    if isinstance(error, botocore.exceptions.ClientError):
        return error.response["ResponseMetadata"]["HTTPStatusCode"]
    return getattr(error, "status_code", None) or error.code
