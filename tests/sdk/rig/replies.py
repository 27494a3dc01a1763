"""Answers that the simulated suppliers do not give by themselves, in each protocol, whole and as a stream."""

import base64
import json
import struct
import zlib

from rig.sayings import CHAT, COHERE, CONVERSE, GEMINI, MESSAGES, OLLAMA, RESPONSES

TEXT = "High water is at six."
URL, TITLE = "https://example.com/tides", "Tides"
LOGPROB = -0.28125
QUERY = "tides at Brest"


def raw(body, kind):
    """A fault for the supplier's script: exactly this reply."""
    headers = [["content-type", kind]]
    return {"kind": "raw", "status": 200, "headers": headers, "body": base64.b64encode(body).decode()}


def reply(protocol, stream, **about):
    """The reply as a fault. `about`: `finish` in the protocol's word, `usage` in its form, `refusal`, `cited`, `logprobs`,
    `searched` (of the three protocols that tell of it), `placed` (of the two that cite places in documents), `served` with priority (of the five that tell the class of service)."""
    searched, served, placed = (about.pop(name, False) for name in ("searched", "served", "placed"))
    body = WHOLE[protocol](**about)
    if placed:
        PLACED[protocol](body)
    if served:
        place, told = SERVED[protocol]
        (body[place] if place else body).update(told)
    if searched:
        return raw(*SEARCHED[protocol](body, stream))
    if not stream:
        return raw(json.dumps(body).encode(), "application/json")
    return raw(*STREAMED[protocol](body))


# Whole answers.


def chat(finish="stop", usage=None, refusal=None, cited=False, logprobs=False):
    message = {"role": "assistant", "content": None if refusal else TEXT, "refusal": refusal}
    if cited:
        cite = {"start_index": 0, "end_index": 10, "url": URL, "title": TITLE}
        message["annotations"] = [{"type": "url_citation", "url_citation": cite}]
    token = {"token": TEXT, "logprob": LOGPROB, "bytes": list(TEXT.encode()), "top_logprobs": []}
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": {"content": [token], "refusal": None} if logprobs else None}
    usage = usage or {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29}
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "relief-1", "choices": [choice], "usage": usage}


def responses(finish=None, usage=None, refusal=None, cited=False, logprobs=False):
    annotations = [{"type": "url_citation", "start_index": 0, "end_index": 10, "url": URL, "title": TITLE}] if cited else []
    token = {"token": TEXT, "logprob": LOGPROB, "bytes": list(TEXT.encode()), "top_logprobs": []}
    text = {"type": "output_text", "text": TEXT, "annotations": annotations, "logprobs": [token] if logprobs else []}
    part = {"type": "refusal", "refusal": refusal} if refusal else text
    status = "incomplete" if finish else "completed"
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": status, "content": [part]}
    usage = usage or {
        "input_tokens": 20, "output_tokens": 9, "total_tokens": 29,
        "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0},
    }
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "model": "relief-1", "status": status, "error": None,
        "incomplete_details": {"reason": finish} if finish else None, "output": [item], "usage": usage,
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
    }


def messages(finish="end_turn", usage=None, refusal=None, cited=False, logprobs=False):
    block = {"type": "text", "text": refusal or TEXT}
    if cited:
        block["citations"] = [
            {"type": "web_search_result_location", "url": URL, "title": TITLE, "cited_text": TEXT, "encrypted_index": "x"}
        ]
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "relief-1", "content": [block],
        "stop_reason": finish, "stop_sequence": None, "usage": usage or {"input_tokens": 20, "output_tokens": 9},
    }


def gemini(finish="STOP", usage=None, refusal=None, cited=False, logprobs=False):
    candidate = {"content": {"role": "model", "parts": [{"text": refusal or TEXT}]}, "finishReason": finish, "index": 0}
    if cited:
        support = {"segment": {"startIndex": 0, "endIndex": 10, "text": TEXT[:10]}, "groundingChunkIndices": [0]}
        candidate["groundingMetadata"] = {"groundingChunks": [{"web": {"uri": URL, "title": TITLE}}], "groundingSupports": [support]}
    if logprobs:
        candidate["logprobsResult"] = {"chosenCandidates": [{"token": TEXT, "tokenId": 1, "logProbability": LOGPROB}]}
    usage = usage or {"promptTokenCount": 20, "candidatesTokenCount": 9, "totalTokenCount": 29}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "relief-1", "responseId": "r1"}


def converse(finish="end_turn", usage=None, refusal=None, cited=False, logprobs=False):
    block = {"text": refusal or TEXT}
    if cited:
        citation = {"title": TITLE, "sourceContent": [{"text": TEXT}], "location": {"web": {"url": URL, "domain": "example.com"}}}
        block = {"citationsContent": {"content": [{"text": TEXT}], "citations": [citation]}}
    usage = usage or {"inputTokens": 20, "outputTokens": 9, "totalTokens": 29}
    message = {"role": "assistant", "content": [block]}
    return {"output": {"message": message}, "stopReason": finish, "usage": usage, "metrics": {"latencyMs": 1}}


def cohere(finish="COMPLETE", usage=None, refusal=None, cited=False, logprobs=False):
    message = {"role": "assistant", "content": [{"type": "text", "text": refusal or TEXT}]}
    if cited:
        source = {"type": "document", "id": "d1", "document": {"id": "d1", "title": TITLE, "url": URL}}
        message["citations"] = [{"start": 0, "end": 10, "text": TEXT[:10], "sources": [source], "type": "TEXT_CONTENT"}]
    usage = usage or {"billed_units": {"input_tokens": 20, "output_tokens": 9}, "tokens": {"input_tokens": 20, "output_tokens": 9}}
    body = {"id": "c1", "finish_reason": finish, "message": message, "usage": usage}
    return body | ({"logprobs": [{"token_ids": [1], "text": TEXT, "logprobs": [LOGPROB]}]} if logprobs else {})


def ollama(finish="stop", usage=None, refusal=None, cited=False, logprobs=False):
    body = {
        "model": "relief-1", "created_at": "2026-11-28T10:00:00Z", "message": {"role": "assistant", "content": refusal or TEXT},
        "done": True, "done_reason": finish, **(usage or {"prompt_eval_count": 20, "eval_count": 9}),
    }
    return body | ({"logprobs": [{"token": TEXT, "logprob": LOGPROB}]} if logprobs else {})


# The same as streams.


def events(*data, named=True, done=False):
    """Server-sent events; named after the `type` of their data."""
    lines = [(f"event: {each['type']}\n" if named else "") + f"data: {json.dumps(each)}\n\n" for each in data]
    return ("".join(lines) + ("data: [DONE]\n\n" if done else "")).encode(), "text/event-stream"


def chat_stream(body, **more):
    [choice] = body["choices"]
    head = {"id": body["id"], "object": "chat.completion.chunk", "created": 1, "model": body["model"], **more}
    head |= {"service_tier": body["service_tier"]} if "service_tier" in body else {}
    delta = {name: value for name, value in choice["message"].items() if value is not None}

    def chunk(choices, usage=None):
        return {**head, "choices": choices, "usage": usage}

    said = {"index": 0, "delta": delta, "finish_reason": None, "logprobs": choice["logprobs"]}
    end = {"index": 0, "delta": {}, "finish_reason": choice["finish_reason"], "logprobs": None}
    return events(chunk([said]), chunk([end]), chunk([], body["usage"]), named=False, done=True)


def responses_stream(body):
    [item] = body["output"]
    [part] = item["content"]
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    begun = {**body, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    steps = [("response.created", {"response": begun}), ("response.in_progress", {"response": begun})]
    steps.append(("response.output_item.added", {"output_index": 0, "item": {**item, "status": "in_progress", "content": []}}))
    if part["type"] == "refusal":
        steps += [
            ("response.content_part.added", {**place, "part": {"type": "refusal", "refusal": ""}}),
            ("response.refusal.delta", {**place, "delta": part["refusal"]}),
            ("response.refusal.done", {**place, "refusal": part["refusal"]}),
        ]
    else:
        empty = {**part, "text": "", "annotations": [], "logprobs": []}
        steps.append(("response.content_part.added", {**place, "part": empty}))
        steps.append(("response.output_text.delta", {**place, "delta": part["text"], "logprobs": part["logprobs"]}))
        for index, annotation in enumerate(part["annotations"]):
            steps.append(("response.output_text.annotation.added", {**place, "annotation_index": index, "annotation": annotation}))
        steps.append(("response.output_text.done", {**place, "text": part["text"], "logprobs": part["logprobs"]}))
    steps += [
        ("response.content_part.done", {**place, "part": part}),
        ("response.output_item.done", {"output_index": 0, "item": item}),
        (f"response.{body['status']}", {"response": body}),
    ]
    return events(*({"type": kind, "sequence_number": number, **data} for number, (kind, data) in enumerate(steps)))


def messages_stream(body):
    [block] = body["content"]
    start = {**body, "content": [], "stop_reason": None, "usage": {**body["usage"], "output_tokens": 1}}
    opened = {"type": "text", "text": ""} | ({"citations": []} if "citations" in block else {})
    deltas = [{"type": "text_delta", "text": block["text"]}]
    deltas += [{"type": "citations_delta", "citation": each} for each in block.get("citations", [])]
    return events(
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": opened},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": body["stop_reason"], "stop_sequence": None}, "usage": body["usage"]},
        {"type": "message_stop"},
    )


def gemini_stream(body):
    return events(body, named=False)


def frame(kind, data):
    """A message of AWS's event streams: headers of strings, and two checksums."""
    headers = b""
    for name, value in ((":event-type", kind), (":content-type", "application/json"), (":message-type", "event")):
        headers += bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
    payload = json.dumps(data).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))


def converse_stream(body):
    [block] = body["output"]["message"]["content"]
    cites = block.get("citationsContent")
    deltas = [{"text": each["text"]} for each in cites["content"]] if cites else [block]
    deltas += [{"citation": each} for each in cites["citations"]] if cites else []
    frames = [("messageStart", {"role": "assistant"})]
    frames += [("contentBlockDelta", {"contentBlockIndex": 0, "delta": delta}) for delta in deltas]
    frames += [("contentBlockStop", {"contentBlockIndex": 0}), ("messageStop", {"stopReason": body["stopReason"]})]
    frames += [("metadata", {name: body[name] for name in ("usage", "metrics", "serviceTier") if name in body})]
    return b"".join(frame(*each) for each in frames), "application/vnd.amazon.eventstream"


def cohere_stream(body):
    [part] = body["message"]["content"]
    logprobs = {"logprobs": body["logprobs"][0]} if "logprobs" in body else {}
    steps = [
        {"type": "message-start", "id": body["id"], "delta": {"message": {"role": "assistant", "content": [], "tool_calls": [], "citations": []}}},
        {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}},
        {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": part["text"]}}}, **logprobs},
    ]
    for index, citation in enumerate(body["message"].get("citations", [])):
        steps.append({"type": "citation-start", "index": index, "delta": {"message": {"citations": citation}}})
        steps.append({"type": "citation-end", "index": index})
    steps.append({"type": "content-end", "index": 0})
    steps.append({"type": "message-end", "delta": {"finish_reason": body["finish_reason"], "usage": body["usage"]}})
    return events(*steps)


def ollama_stream(body):
    said = {name: body[name] for name in ("model", "created_at", "message")} | {"done": False}
    said |= {"logprobs": body["logprobs"]} if "logprobs" in body else {}
    end = {name: value for name, value in body.items() if name != "logprobs"} | {"message": {"role": "assistant", "content": ""}}
    return "".join(json.dumps(each) + "\n" for each in (said, end)).encode(), "application/x-ndjson"


WHOLE = {CHAT: chat, RESPONSES: responses, MESSAGES: messages, GEMINI: gemini, CONVERSE: converse, COHERE: cohere, OLLAMA: ollama}
STREAMED = {
    CHAT: chat_stream, RESPONSES: responses_stream, MESSAGES: messages_stream, GEMINI: gemini_stream,
    CONVERSE: converse_stream, COHERE: cohere_stream, OLLAMA: ollama_stream,
}

# The same after a search of the web, which stands before the text.


def searched_responses(body, stream):
    action = {"type": "search", "query": QUERY, "queries": [QUERY], "sources": [{"type": "url", "url": URL}]}
    item = {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": action}
    whole = {**body, "output": [item, *body["output"]]}
    if not stream:
        return json.dumps(whole).encode(), "application/json"
    place, begun = {"item_id": "ws_1", "output_index": 0}, {**item, "status": "in_progress"}
    before = [("response.output_item.added", {"output_index": 0, "item": begun})]
    before += [(f"response.web_search_call.{stage}", place) for stage in ("in_progress", "searching", "completed")]
    before += [("response.output_item.done", {"output_index": 0, "item": item})]
    frames, kind = responses_stream(body)
    told = [json.loads(line[6:]) for line in frames.decode().splitlines() if line.startswith("data: ")]
    for event in told[2:]:
        event |= {"output_index": 1} if "output_index" in event else {}
    told[2:2] = [{"type": name, **data} for name, data in before]
    told[-1]["response"] = whole
    return events(*({**event, "sequence_number": number} for number, event in enumerate(told)))[0], kind


def searched_messages(body, stream):
    page = {"type": "web_search_result", "url": URL, "title": TITLE, "encrypted_content": "EqQB", "page_age": None}
    call = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": QUERY}}
    result = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [page]}
    if not stream:
        return json.dumps({**body, "content": [call, result, *body["content"]]}).encode(), "application/json"
    frames, kind = messages_stream(body)
    told = [json.loads(line[6:]) for line in frames.decode().splitlines() if line.startswith("data: ")]
    for event in told:
        event |= {"index": 2} if "index" in event else {}
    told[1:1] = [
        {"type": "content_block_start", "index": 0, "content_block": {**call, "input": {}}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": json.dumps(call["input"])}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": result},
        {"type": "content_block_stop", "index": 1},
    ]
    return events(*told)[0], kind


def searched_gemini(body, stream):
    body["candidates"][0]["groundingMetadata"]["webSearchQueries"] = [QUERY]
    return gemini_stream(body) if stream else (json.dumps(body).encode(), "application/json")


SEARCHED = {RESPONSES: searched_responses, MESSAGES: searched_messages, GEMINI: searched_gemini}

SERVED = {
    CHAT: (None, {"service_tier": "priority"}), RESPONSES: (None, {"service_tier": "priority"}),
    MESSAGES: ("usage", {"service_tier": "priority"}), GEMINI: ("usageMetadata", {"trafficType": "ON_DEMAND_PRIORITY"}),
    CONVERSE: (None, {"serviceTier": {"type": "priority"}}),
}
"""Where each protocol tells the class of service, in which words."""

PLACE, WORDS = {"start": 11, "end": 29}, "six in the morning"
"""Where in a document a source stands, by characters, and its words."""


def placed_messages(body):
    place = {"document_index": 1, "start_char_index": PLACE["start"], "end_char_index": PLACE["end"]}
    body["content"][0]["citations"] = [{"type": "char_location", "cited_text": WORDS, "document_title": TITLE, **place}]


def placed_converse(body):
    location = {"documentChar": {"documentIndex": 1, **PLACE}}
    citation = {"title": TITLE, "sourceContent": [{"text": WORDS}], "location": location}
    body["output"]["message"]["content"] = [{"citationsContent": {"content": [{"text": TEXT}], "citations": [citation]}}]


PLACED = {MESSAGES: placed_messages, CONVERSE: placed_converse}

FINISHES = {
    CHAT: {"stop": "stop", "length": "length", "content_filter": "filtered"},
    RESPONSES: {None: "stop", "max_output_tokens": "length", "content_filter": "filtered"},
    MESSAGES: {
        "end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "model_context_window_exceeded": "length",
        "refusal": "filtered",
    },
    GEMINI: {
        "STOP": "stop", "MAX_TOKENS": "length", "SAFETY": "filtered", "RECITATION": "filtered", "BLOCKLIST": "filtered",
        "PROHIBITED_CONTENT": "filtered", "SPII": "filtered",
    },
    CONVERSE: {
        "end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "model_context_window_exceeded": "length",
        "guardrail_intervened": "filtered", "content_filtered": "filtered",
    },
    COHERE: {"COMPLETE": "stop", "STOP_SEQUENCE": "stop", "MAX_TOKENS": "length"},
    OLLAMA: {"stop": "stop", "length": "length"},
}
"""Each protocol's words for why an answer ends, and what they mean."""

READ, WRITTEN, REASONED = 30, 5, 7
USAGE = {
    CHAT: {
        "prompt_tokens": 50, "completion_tokens": 16, "total_tokens": 66, "prompt_tokens_details": {"cached_tokens": READ},
        "completion_tokens_details": {"reasoning_tokens": REASONED},
    },
    RESPONSES: {
        "input_tokens": 50, "output_tokens": 16, "total_tokens": 66, "input_tokens_details": {"cached_tokens": READ},
        "output_tokens_details": {"reasoning_tokens": REASONED},
    },
    MESSAGES: {"input_tokens": 15, "cache_read_input_tokens": READ, "cache_creation_input_tokens": WRITTEN, "output_tokens": 16},
    GEMINI: {
        "promptTokenCount": 50, "cachedContentTokenCount": READ, "candidatesTokenCount": 9, "thoughtsTokenCount": REASONED,
        "totalTokenCount": 66,
    },
    CONVERSE: {"inputTokens": 15, "cacheReadInputTokens": READ, "cacheWriteInputTokens": WRITTEN, "outputTokens": 16, "totalTokens": 66},
    COHERE: {"tokens": {"input_tokens": 50, "output_tokens": 16}, "cached_tokens": READ},
    OLLAMA: {"prompt_eval_count": 50, "eval_count": 16},
}
"""A prompt of 50 tokens and an answer of 16, in as much detail as the protocol has."""
COUNTS = {
    CHAT: {"read", "reasoned"}, RESPONSES: {"read", "reasoned"}, MESSAGES: {"read", "written"}, GEMINI: {"read", "reasoned"},
    CONVERSE: {"read", "written"}, COHERE: {"read"}, OLLAMA: set(),
}
"""Which details those are."""
