"""What requests can say, protocol by protocol: one line a feature and protocol serves to ask and to recognise.

A `Way` is a fragment of a request. As a client's it is put into the SDK's request; as a supplier's it must be found in what
arrived. A protocol that a feature does not list has no words for it: there the feature must be refused or named as lost.
"""

import base64
import dataclasses
import json
import re
from dataclasses import dataclass

CHAT, RESPONSES, MESSAGES = "openai-chat", "openai-responses", "anthropic-messages"
GEMINI, CONVERSE, COHERE, OLLAMA = "gemini", "bedrock-converse", "cohere-chat", "ollama-chat"
CLIENTS = (CHAT, RESPONSES, MESSAGES, GEMINI, CONVERSE)
SUPPLIERS = (*CLIENTS, COHERE, OLLAMA)

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x00\x00\x00\x00"
PICTURE = "https://example.com/harbour.png"
BIG = 9007199254740993
"""2**53 + 1: what a double makes another number of."""
ODD = "quay\u2028number"
LONG = "mcp__harbour_office__read_the_tables_of_the_tides_of_a_harbour_for_a_day_and_a_berth"
"""84 characters: more than tools may have anywhere but at Anthropic's."""


def b64(data):
    return base64.b64encode(data).decode()


def data_url(kind, data):
    return f"data:{kind};base64,{b64(data)}"


@dataclass(frozen=True)
class Way:
    """How one protocol says something."""

    more: dict | None = None
    """Members of the request."""
    part: dict | None = None
    """A part of the user's message."""
    talk: list | None = None
    """A whole conversation."""
    tools: list | None = None
    """The request's tools, in place of none."""
    seen: object = None
    """What a supplier of the protocol gets of it from others, where that is not all of the above; one of a tuple's."""
    asked: bool = True
    """Whether it is a client's way, too, or only what becomes of others' at a supplier."""
    absent: str | None = None
    """A member that must be missing, where that says it."""
    only_from: tuple = CLIENTS
    """Clients that can say it to a supplier of this protocol."""

    def arrived(self, body, from_others):
        """Whether a request's body says this."""
        if self.absent:
            return self.absent not in body
        if from_others and self.seen is not None:
            return any(anywhere(body, plain(each)) for each in (self.seen if isinstance(self.seen, tuple) else (self.seen,)))
        wanted = [self.more, self.part, self.tools, *(self.talk or ())]
        return all(anywhere(body, plain(each)) for each in wanted if each is not None)


def own(way, *clients):
    """Only among those who speak the protocol, and a few: an extension, or the name of something that a supplier keeps."""
    return dataclasses.replace(way if isinstance(way, Way) else Way(more=way), only_from=clients)


def plain(value):
    """A fragment as it is on the wire: bytes as base64."""
    match value:
        case bytes():
            return b64(value)
        case dict():
            return {name: plain(each) for name, each in value.items()}
        case list():
            return [plain(each) for each in value]
    return value


def includes(whole, fragment):
    """Whether all of `fragment` is in `whole`, at its place; of a list's elements in their order."""
    match fragment:
        case dict():
            return isinstance(whole, dict) and all(
                any(written in whole and includes(whole[written], each) for written in (name, snake(name)))
                for name, each in fragment.items()
            )
        case list():
            if not isinstance(whole, list):
                return False
            rest = iter(whole)
            return all(any(includes(element, each) for element in rest) for each in fragment)
        case bool():
            return whole is fragment
        case str():
            if not isinstance(whole, str):
                return False
            return fragment in (whole, standard(whole)) or (fragment.startswith("{") and same_json(whole, fragment))
    return whole == fragment


def snake(name):
    """As google-genai writes some members, which Gemini takes too."""
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def standard(data):
    """Base64 in the alphabet that everybody but google-genai writes."""
    return data.translate(str.maketrans("-_", "+/"))


def same_json(left, right):
    """Arguments that are JSON inside a string: the same value, however spaced."""
    try:
        return json.loads(left) == json.loads(right)
    except ValueError:
        return False


def anywhere(whole, fragment):
    """Whether `fragment` is in `whole`, however deep."""
    if includes(whole, fragment):
        return True
    inner = whole.values() if isinstance(whole, dict) else whole if isinstance(whole, list) else ()
    return any(anywhere(each, fragment) for each in inner)


def more(**ways):
    """A feature that is members of the request."""
    names = {"chat": CHAT, "responses": RESPONSES, "messages": MESSAGES, "gemini": GEMINI, "converse": CONVERSE}
    names |= {"cohere": COHERE, "ollama": OLLAMA}
    return {names[name]: way if isinstance(way, Way) else Way(more=way) for name, way in ways.items()}


def parts(**ways):
    """A feature that is a part of a message."""
    return {name: way if isinstance(way, Way) else Way(part=way) for name, way in more(**ways).items() for way in [way.more or way]}


def generation(**members):
    return {"generationConfig": members}


def inference(**members):
    return {"inferenceConfig": members}


def options(**members):
    return {"options": members}


ONLY_JSON = "Your answer must be one JSON object and nothing else: no words before or after it, no code fence."
SCHEMA = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}


def tool(protocol, name="get_weather", schema=SCHEMA, **extra):
    """One tool, as the protocol declares it."""
    about = "The weather in a place"
    match protocol:
        case "openai-chat" | "cohere-chat" | "ollama-chat":
            return [{"type": "function", "function": {"name": name, "description": about, "parameters": schema, **extra}}]
        case "openai-responses":
            return [{"type": "function", "name": name, "description": about, "parameters": schema, **extra}]
        case "anthropic-messages":
            return [{"name": name, "description": about, "input_schema": schema, **extra}]
        case "gemini":
            return [{"functionDeclarations": [{"name": name, "description": about, "parametersJsonSchema": schema}]}]
        case "bedrock-converse":
            return [{"toolSpec": {"name": name, "description": about, "inputSchema": {"json": schema}, **extra}}]


def with_tool(**ways):
    """A feature that is members of a request with a tool."""
    ways = more(**ways)
    return {
        protocol: Way(way.more, tools=tool(protocol), seen=way.seen or way.more, absent=way.absent, asked=way.asked) for protocol, way in ways.items()
    }


def call(protocol, name, arguments, result, wrap=True):
    """A conversation in which a tool was called and has answered; `result` is the protocol's own, or a text."""
    text = json.dumps(arguments, ensure_ascii=False)
    match protocol:
        case "openai-chat":
            calls = [{"id": "call_1", "type": "function", "function": {"name": name, "arguments": text}}]
            return [{"role": "user", "content": "Go on"}, {"role": "assistant", "tool_calls": calls},
                    {"role": "tool", "tool_call_id": "call_1", "content": result}]
        case "openai-responses":
            return [{"role": "user", "content": "Go on"},
                    {"type": "function_call", "call_id": "call_1", "name": name, "arguments": text},
                    {"type": "function_call_output", "call_id": "call_1", "output": result}]
        case "anthropic-messages":
            answer = {"type": "tool_result", "tool_use_id": "call_1"} | (result if isinstance(result, dict) else {"content": result})
            return [{"role": "user", "content": "Go on"},
                    {"role": "assistant", "content": [{"type": "tool_use", "id": "call_1", "name": name, "input": arguments}]},
                    {"role": "user", "content": [answer]}]
        case "gemini":
            answer = result if isinstance(result, dict) else {"response": {"result": result}}
            return [{"role": "user", "parts": [{"text": "Go on"}]},
                    {"role": "model", "parts": [{"functionCall": {"name": name, "args": arguments}}]},
                    {"role": "user", "parts": [{"functionResponse": {"name": name, **answer}}]}]
        case "bedrock-converse":
            answer = result if isinstance(result, dict) else {"content": [{"text": result}]}
            return [{"role": "user", "content": [{"text": "Go on"}]},
                    {"role": "assistant", "content": [{"toolUse": {"toolUseId": "call_1", "name": name, "input": arguments}}]},
                    {"role": "user", "content": [{"toolResult": {"toolUseId": "call_1", **answer}}]}]


def called(result, seen, name="get_weather", arguments=None, schema=SCHEMA, clients=CLIENTS):
    """A feature of calls and results, by protocol: the client's result, and what a supplier must see of it."""
    arguments = {"place": "Brest"} if arguments is None else arguments
    ways = {}
    for protocol in SUPPLIERS:
        if protocol not in seen:
            continue
        told = result.get(protocol) if isinstance(result, dict) else result
        talk = call(protocol, name, arguments, told) if told is not None and protocol in clients else None
        ways[protocol] = Way(talk=talk, tools=tool(protocol, name, schema), seen=seen[protocol], asked=talk is not None)
    return ways


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
STRINGS = (CHAT, RESPONSES, COHERE)
"""Where a call's arguments are JSON inside a string."""


def arguments_seen(arguments):
    """A call's arguments, as each protocol has them."""
    text = json.dumps(arguments, ensure_ascii=False)
    seen = {protocol: {"arguments": text} for protocol in STRINGS}
    return seen | {MESSAGES: {"input": arguments}, GEMINI: {"args": arguments}, CONVERSE: {"input": arguments}, OLLAMA: {"arguments": arguments}}


def schema_seen(schema):
    names = {CHAT: "parameters", RESPONSES: "parameters", COHERE: "parameters", OLLAMA: "parameters"}
    names |= {MESSAGES: "input_schema", GEMINI: "parametersJsonSchema", CONVERSE: "json"}
    return {protocol: {name: schema} for protocol, name in names.items()}


def everywhere(value):
    return dict.fromkeys(SUPPLIERS, value)


ODD_SCHEMA = {
    "type": "object",
    "properties": {"berth": {"type": "integer", "maximum": BIG, "description": ODD}},
    "required": ["berth"],
}
IMAGE_RESULT = {
    RESPONSES: [{"type": "input_image", "image_url": data_url("image/png", PIXEL), "detail": "auto"}],
    MESSAGES: [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": b64(PIXEL)}}],
    GEMINI: {"response": {"result": "seen"}, "parts": [{"inlineData": {"mimeType": "image/png", "data": PIXEL}}]},
    CONVERSE: {"content": [{"image": {"format": "png", "source": {"bytes": PIXEL}}}]},
}
IMAGE_SEEN = {
    # A tool's message is text there: the user says the image behind it.
    CHAT: {"type": "image_url", "image_url": {"url": data_url("image/png", PIXEL)}},
    RESPONSES: {"image_url": data_url("image/png", PIXEL)},
    MESSAGES: {"type": "base64", "media_type": "image/png", "data": b64(PIXEL)},
    GEMINI: {"inlineData": {"mimeType": "image/png", "data": b64(PIXEL)}},
    CONVERSE: {"image": {"format": "png", "source": {"bytes": b64(PIXEL)}}},
    OLLAMA: {"images": [b64(PIXEL)]},
}
ERROR_RESULT = {
    MESSAGES: {"content": "no such harbour", "is_error": True},
    GEMINI: {"response": {"error": "no such harbour"}},
    CONVERSE: {"content": [{"text": "no such harbour"}], "status": "error"},
}
ERROR_SEEN = {
    MESSAGES: {"is_error": True},
    GEMINI: {"response": {"error": "no such harbour"}},
    CONVERSE: {"status": "error"},
}

WEB_SEARCH = {"type": "web_search_20250305", "name": "web_search"}

FEATURES = {
    "Sampling": {
        "temperature": more(
            chat={"temperature": 0.3}, responses={"temperature": 0.3}, messages={"temperature": 0.3},
            gemini=generation(temperature=0.3), converse=inference(temperature=0.3),
            cohere={"temperature": 0.3}, ollama=options(temperature=0.3),
        ),
        "temperature above 1": more(
            chat={"temperature": 1.5}, responses={"temperature": 1.5}, gemini=generation(temperature=1.5),
            ollama=options(temperature=1.5), messages=Way(seen={"temperature": 1}, asked=False),
            converse=Way(seen={"temperature": 1}, asked=False), cohere=Way(seen={"temperature": 1}, asked=False),
        ),
        "top_p": more(
            chat={"top_p": 0.8}, responses={"top_p": 0.8}, messages={"top_p": 0.8}, gemini=generation(topP=0.8),
            converse=inference(topP=0.8), cohere={"p": 0.8}, ollama=options(top_p=0.8),
        ),
        "top_k": more(messages={"top_k": 40}, gemini=generation(topK=40), cohere={"k": 40}, ollama=options(top_k=40)),
        "seed": more(chat={"seed": 7}, gemini=generation(seed=7), cohere={"seed": 7}, ollama=options(seed=7)),
        "presence penalty": more(
            chat={"presence_penalty": 0.5}, gemini=generation(presencePenalty=0.5), cohere={"presence_penalty": 0.5},
            ollama=options(presence_penalty=0.5),
        ),
        "frequency penalty": more(
            chat={"frequency_penalty": 0.5}, gemini=generation(frequencyPenalty=0.5), cohere={"frequency_penalty": 0.5},
            ollama=options(frequency_penalty=0.5),
        ),
        "logit_bias": more(chat={"logit_bias": {"1734": -100}}),
        "several stop words": more(
            chat={"stop": ["zebra", "okapi"]}, messages={"stop_sequences": ["zebra", "okapi"]},
            gemini=generation(stopSequences=["zebra", "okapi"]), converse=inference(stopSequences=["zebra", "okapi"]),
            cohere={"stop_sequences": ["zebra", "okapi"]}, ollama=options(stop=["zebra", "okapi"]),
        ),
        "the limit of an answer": more(
            chat=Way({"max_completion_tokens": 77}, seen={"max_tokens": 77}), responses={"max_output_tokens": 77}, messages={"max_tokens": 77},
            gemini=generation(maxOutputTokens=77), converse=inference(maxTokens=77), cohere={"max_tokens": 77},
            ollama=options(num_predict=77),
        ),
        "a limit of one token": more(
            chat=Way({"max_completion_tokens": 1}, seen={"max_tokens": 1}), messages={"max_tokens": 1},
            gemini=generation(maxOutputTokens=1), converse=inference(maxTokens=1), cohere={"max_tokens": 1}, ollama=options(num_predict=1),
            # Sixteen are the least.
            responses=Way(seen={"max_output_tokens": 16}, asked=False),
        ),
        "several choices": more(chat={"n": 2}, gemini=generation(candidateCount=2)),
        "log probabilities": more(
            chat={"logprobs": True, "top_logprobs": 2},
            responses={"include": ["message.output_text.logprobs"], "top_logprobs": 2},
            gemini=generation(responseLogprobs=True, logprobs=2), cohere={"logprobs": True},
            ollama={"logprobs": True, "top_logprobs": 2},
        ),
    },
    "Reasoning": {
        # Where there are numbers and no words for it, a large one.
        "the most reasoning": more(
            chat=Way({"reasoning_effort": "xhigh", "max_completion_tokens": 8192}, seen=({"reasoning_effort": "xhigh"}, {"reasoning_effort": "max"})),
            responses=Way({"reasoning": {"effort": "xhigh"}, "max_output_tokens": 8192}, seen=({"effort": "xhigh"}, {"effort": "max"})),
            messages=Way(
                {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}, "max_tokens": 8192},
                seen={"thinking": {"type": "enabled"}},
            ),
            gemini=Way(seen={"thinkingConfig": {"thinkingBudget": 24576}}, asked=False),
            # Whether a model takes it is known of few.
            converse=own({"outputConfig": {"effort": "max"}, "inferenceConfig": {"maxTokens": 8192}}),
            cohere=Way(seen={"thinking": {"type": "enabled", "token_budget": 32768}}), ollama={"think": "max"},
        ),
    },
    "Form": {
        "any JSON": more(
            chat={"response_format": {"type": "json_object"}}, responses={"text": {"format": {"type": "json_object"}}},
            gemini=generation(responseMimeType="application/json"), cohere={"response_format": {"type": "json_object"}},
            # These have the words alone.
            ollama={"format": "json"}, messages=Way(seen={"text": ONLY_JSON}, asked=False),
            converse=Way(seen={"text": ONLY_JSON}, asked=False),
        ),
        # In Gemini the form alone says it; OpenAI refuses a prompt without the word, which is put there.
        "any JSON, without the word": {
            GEMINI: Way(generation(responseMimeType="application/json"), talk=[{"role": "user", "parts": [{"text": "When is high water?"}]}]),
            CHAT: Way(seen={"response_format": {"type": "json_object"}}, asked=False),
            RESPONSES: Way(seen={"text": {"format": {"type": "json_object"}}}, asked=False),
            COHERE: Way(seen={"response_format": {"type": "json_object"}}), OLLAMA: Way(seen={"format": "json"}),
            MESSAGES: Way(seen={"text": ONLY_JSON}, asked=False), CONVERSE: Way(seen={"text": ONLY_JSON}, asked=False),
        },
        "verbosity": more(chat=own({"verbosity": "low"}), responses={"text": {"verbosity": "low"}}),
    },
    "Tools": {
        "tools at will": with_tool(
            chat={"tool_choice": "auto"}, responses={"tool_choice": "auto"}, messages={"tool_choice": {"type": "auto"}},
            gemini={"toolConfig": {"functionCallingConfig": {"mode": "AUTO"}}},
            converse=Way({"toolConfig": {"toolChoice": {"auto": {}}}}, seen={"toolSpec": {"name": "get_weather"}}),
            cohere=Way({}, seen={"name": "get_weather"}), ollama=Way({}, seen={"name": "get_weather"}),
        ),
        "no tool now": with_tool(
            chat={"tool_choice": "none"}, responses={"tool_choice": "none"}, messages={"tool_choice": {"type": "none"}},
            gemini={"toolConfig": {"functionCallingConfig": {"mode": "NONE"}}}, cohere={"tool_choice": "NONE"},
            # There is no word for it, but tools that are not on offer.
            converse=Way(absent="toolConfig", asked=False),
        ),
        "some tool now": with_tool(
            chat={"tool_choice": "required"}, responses={"tool_choice": "required"}, messages={"tool_choice": {"type": "any"}},
            gemini={"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
            converse={"toolConfig": {"toolChoice": {"any": {}}}}, cohere={"tool_choice": "REQUIRED"},
            # The answer is held to the form of the one tool's call.
            ollama=Way(seen={"format": SCHEMA}, asked=False),
        ),
        "this tool now": with_tool(
            chat={"tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
            responses={"tool_choice": {"type": "function", "name": "get_weather"}},
            messages={"tool_choice": {"type": "tool", "name": "get_weather"}},
            gemini={"toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["get_weather"]}}},
            converse={"toolConfig": {"toolChoice": {"tool": {"name": "get_weather"}}}},
            # The one tool that is on offer, and some tool must be called.
            cohere={"tool_choice": "REQUIRED"}, ollama=Way(seen={"format": SCHEMA}, asked=False),
        ),
        "one call at a time": with_tool(
            chat={"parallel_tool_calls": False}, responses={"parallel_tool_calls": False},
            messages={"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        ),
        "strict tools": {
            CHAT: Way(tools=tool(CHAT, schema={**SCHEMA, "additionalProperties": False}, strict=True), seen={"strict": True}),
            RESPONSES: Way(tools=tool(RESPONSES, schema={**SCHEMA, "additionalProperties": False}, strict=True), seen={"strict": True}),
            MESSAGES: Way(tools=tool(MESSAGES, schema={**SCHEMA, "additionalProperties": False}, strict=True), seen={"strict": True}),
            CONVERSE: Way(tools=tool(CONVERSE, schema={**SCHEMA, "additionalProperties": False}, strict=True), seen={"strict": True}),
            COHERE: Way({"strict_tools": True}),
        },
        "a tool without parameters": {
            CHAT: Way(tools=[{"type": "function", "function": {"name": "now"}}], seen={"name": "now"}),
            RESPONSES: Way(tools=[{"type": "function", "name": "now", "parameters": None, "strict": None}], seen={"name": "now"}),
            MESSAGES: Way(tools=[{"name": "now", "input_schema": {"type": "object"}}], seen={"name": "now", "input_schema": {"type": "object"}}),
            GEMINI: Way(tools=[{"functionDeclarations": [{"name": "now"}]}], seen={"name": "now"}),
            CONVERSE: Way(tools=[{"toolSpec": {"name": "now", "inputSchema": {"json": {"type": "object"}}}}], seen={"name": "now"}),
            COHERE: Way(seen={"name": "now"}),
            OLLAMA: Way(seen={"name": "now"}),
        },
        # In Chat Completions and Converse few models search: it is asked only of those that are known to.
        "a search of the web": {
            CHAT: own({"web_search_options": {}}),
            RESPONSES: Way(tools=[{"type": "web_search"}]),
            MESSAGES: Way(tools=[WEB_SEARCH]),
            GEMINI: Way(tools=[{"googleSearch": {}}]),
            CONVERSE: own(Way(tools=[{"systemTool": {"name": "nova_grounding"}}])),
        },
        "a search of some domains": {
            RESPONSES: Way(tools=[{"type": "web_search", "filters": {"allowed_domains": ["example.com"]}}]),
            MESSAGES: Way(tools=[{**WEB_SEARCH, "allowed_domains": ["example.com"]}]),
        },
        "a search near the user": {
            CHAT: own({"web_search_options": {"user_location": {"type": "approximate", "approximate": {"city": "Brest"}}}}),
            RESPONSES: Way(tools=[{"type": "web_search", "user_location": {"type": "approximate", "city": "Brest"}}]),
            MESSAGES: Way(tools=[{**WEB_SEARCH, "user_location": {"type": "approximate", "city": "Brest"}}]),
        },
        "a limit of searches": {
            RESPONSES: Way({"max_tool_calls": 3}, tools=[{"type": "web_search"}], seen={"max_tool_calls": 3}),
            MESSAGES: Way(tools=[{**WEB_SEARCH, "max_uses": 3}]),
        },
        "schemas, exactly": {
            protocol: Way(tools=tool(protocol, "moor", ODD_SCHEMA), seen=seen) for protocol, seen in schema_seen(ODD_SCHEMA).items()
        },
        "arguments, exactly": called(
            "moored", arguments_seen({"berth": BIG, "note": ODD}), "moor", {"berth": BIG, "note": ODD}, ODD_SCHEMA
        ),
        "results": called("calm, 12 degrees", everywhere("calm, 12 degrees") | {GEMINI: {"result": "calm, 12 degrees"}}),
        "results with an image": called(IMAGE_RESULT, IMAGE_SEEN),
        "results that are errors": called(ERROR_RESULT, ERROR_SEEN),
    },
    "Content": {
        # The answer goes on with it; OpenAI's protocols begin another message, and Cohere takes none.
        "a start of the answer": {
            MESSAGES: Way(talk=[{"role": "user", "content": "When?"}, {"role": "assistant", "content": "High water is"}], seen={"role": "assistant"}),
            GEMINI: Way(
                talk=[{"role": "user", "parts": [{"text": "When?"}]}, {"role": "model", "parts": [{"text": "High water is"}]}],
                seen={"role": "model", "parts": [{"text": "High water is"}]},
            ),
            CONVERSE: Way(
                talk=[{"role": "user", "content": [{"text": "When?"}]}, {"role": "assistant", "content": [{"text": "High water is"}]}],
                seen={"role": "assistant", "content": [{"text": "High water is"}]},
            ),
            OLLAMA: Way(seen={"role": "assistant", "content": "High water is"}),
        },
        "an image by its address": parts(
            chat={"type": "image_url", "image_url": {"url": PICTURE}},
            responses={"type": "input_image", "image_url": PICTURE, "detail": "auto"},
            messages={"type": "image", "source": {"type": "url", "url": PICTURE}},
            gemini={"fileData": {"fileUri": PICTURE, "mimeType": "image/png"}},
            cohere={"type": "image_url", "image_url": {"url": PICTURE}},
        ),
        "a PDF": parts(
            chat=Way(
                part={"type": "file", "file": {"filename": "tides.pdf", "file_data": data_url("application/pdf", PDF)}},
                seen={"file_data": data_url("application/pdf", PDF)},
            ),
            responses=Way(
                part={"type": "input_file", "filename": "tides.pdf", "file_data": data_url("application/pdf", PDF)},
                seen={"file_data": data_url("application/pdf", PDF)},
            ),
            messages=Way(
                part={"type": "document", "title": "tides.pdf", "source": {"type": "base64", "media_type": "application/pdf", "data": b64(PDF)}},
                seen={"type": "base64", "media_type": "application/pdf", "data": b64(PDF)},
            ),
            gemini={"inlineData": {"mimeType": "application/pdf", "data": PDF}},
            converse=Way(
                part={"document": {"name": "tides", "format": "pdf", "source": {"bytes": PDF}}},
                seen={"format": "pdf", "source": {"bytes": b64(PDF)}},
            ),
        ),
        "a text document": parts(
            chat=Way(
                part={"type": "file", "file": {"filename": "tides.txt", "file_data": data_url("text/plain", b"High water at six.")}},
                # A document that has no name is said as text.
                seen=({"file_data": data_url("text/plain", b"High water at six.")}, {"text": "High water at six."}),
            ),
            responses=Way(
                part={"type": "input_file", "filename": "tides.txt", "file_data": data_url("text/plain", b"High water at six.")},
                seen={"file_data": data_url("text/plain", b"High water at six.")},
            ),
            messages=Way(
                part={"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "High water at six."}},
                seen={"type": "text", "media_type": "text/plain", "data": "High water at six."},
            ),
            gemini={"inlineData": {"mimeType": "text/plain", "data": b"High water at six."}},
            converse=Way(
                part={"document": {"name": "tides", "format": "txt", "source": {"bytes": b"High water at six."}}},
                seen={"format": "txt", "source": {"bytes": b64(b"High water at six.")}},
            ),
            cohere=Way(seen={"data": {"text": "High water at six."}}, asked=False),
            ollama=Way(seen={"content": "Go on\n\nHigh water at six."}, asked=False),
        ),
        "sound": parts(
            chat={"type": "input_audio", "input_audio": {"data": b64(WAV), "format": "wav"}},
            gemini={"inlineData": {"mimeType": "audio/wav", "data": WAV}},
            converse={"audio": {"format": "wav", "source": {"bytes": WAV}}},
        ),
        "a file kept at the supplier": {
            # OpenAI's two protocols name the same files.
            protocol: own(Way(part=part), *([CHAT] if protocol == RESPONSES else []))
            for protocol, part in {
                CHAT: {"type": "file", "file": {"file_id": "file-abc123"}},
                RESPONSES: {"type": "input_file", "file_id": "file-abc123"},
                MESSAGES: {"type": "document", "source": {"type": "file", "file_id": "file_011CNha8iCJcU1wXNR6q4V8w"}},
                GEMINI: {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/abc", "mimeType": "application/pdf"}},
                CONVERSE: {"document": {"name": "tides", "format": "pdf", "source": {"s3Location": {"uri": "s3://bucket/tides.pdf"}}}},
            }.items()
        },
    },
    "Around": {
        # What only OpenAI's own Chat Completions know is said to no other supplier that speaks it: most refuse what they
        # do not know. Those are `own` below.
        "cache marks": {
            MESSAGES: Way(part={"type": "text", "text": "Long rules.", "cache_control": {"type": "ephemeral"}}, seen={"type": "ephemeral"}),
            CONVERSE: Way(part={"cachePoint": {"type": "default"}}),
            # What aggregators read in Chat Completions.
            CHAT: own(Way(part={"type": "text", "text": "Long rules.", "cache_control": {"type": "ephemeral"}})),
        },
        "cache marks for an hour": {
            MESSAGES: Way(part={"type": "text", "text": "Long rules.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}, seen={"ttl": "1h"}),
            CONVERSE: Way(part={"cachePoint": {"type": "default", "ttl": "1h"}}),
            CHAT: own(Way(part={"type": "text", "text": "Long rules.", "cache_control": {"type": "ephemeral", "ttl": "1h"}})),
        },
        "the key of a cache": more(chat=own({"prompt_cache_key": "office"}), responses={"prompt_cache_key": "office"}),
        "the end user": more(
            chat=Way({"safety_identifier": "user-77"}, seen={"user": "user-77"}),
            responses=Way({"safety_identifier": "user-77"}, seen=({"safety_identifier": "user-77"}, {"user": "user-77"})),
            messages={"metadata": {"user_id": "user-77"}},
        ),
        "metadata": more(
            chat=own({"metadata": {"ticket": "4711"}}), responses={"metadata": {"ticket": "4711"}},
            converse={"requestMetadata": {"ticket": "4711"}}, gemini=own({"labels": {"ticket": "4711"}}),
        ),
        "class of service": more(
            chat=own({"service_tier": "priority"}), responses={"service_tier": "priority"},
            gemini={"serviceTier": "priority"}, converse={"serviceTier": {"type": "priority"}},
        ),
        "safety settings": more(
            gemini={"safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]},
        ),
        "a guardrail": more(
            converse={"guardrailConfig": {"guardrailIdentifier": "gr-1", "guardrailVersion": "1"}},
        ),
    },
}
