"""What a simulated supplier said, read from the bytes that it sent: one small reader a protocol."""

import json


def chat(answer):
    message = answer["choices"][0]["message"]
    calls = [(c["function"]["name"], json.loads(c["function"]["arguments"])) for c in message.get("tool_calls") or []]
    return message.get("content") or "", calls


def responses(answer):
    items = answer["output"]
    text = "".join(part["text"] for item in items if item["type"] == "message" for part in item["content"])
    return text, [(item["name"], json.loads(item["arguments"])) for item in items if item["type"] == "function_call"]


def messages(answer):
    blocks = answer["content"]
    text = "".join(block["text"] for block in blocks if block["type"] == "text")
    return text, [(block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"]


def gemini(answer):
    parts = answer["candidates"][0]["content"]["parts"]
    text = "".join(part.get("text", "") for part in parts if not part.get("thought"))
    return text, [(part["functionCall"]["name"], part["functionCall"]["args"]) for part in parts if "functionCall" in part]


def converse(answer):
    blocks = answer["output"]["message"]["content"]
    text = "".join(block.get("text", "") for block in blocks)
    return text, [(block["toolUse"]["name"], block["toolUse"]["input"]) for block in blocks if "toolUse" in block]


def cohere(answer):
    message = answer["message"]
    text = "".join(part.get("text", "") for part in message.get("content") or [])
    calls = message.get("tool_calls") or []
    return text, [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls]


def ollama(answer):
    message = answer["message"]
    calls = message.get("tool_calls") or []
    return message.get("content", ""), [(call["function"]["name"], call["function"]["arguments"]) for call in calls]


SAID = {
    "openai-chat": chat,
    "openai-responses": responses,
    "anthropic-messages": messages,
    "gemini": gemini,
    "bedrock-converse": converse,
    "cohere-chat": cohere,
    "ollama-chat": ollama,
}


def base_url(protocol, address):
    """What the protocol's SDK takes as its base URL."""
    return f"http://{address}/v1" if protocol.startswith("openai") else f"http://{address}"


def said(supplier):
    """Text and calls of the last reply, a plain one, whatever protocol it was in."""
    record = supplier.recorded()[-1]
    answer = json.loads(record["reply"])
    return answer, record
