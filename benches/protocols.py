"""A request as each protocol's client sends it, and where each protocol's supplier is found."""

from __future__ import annotations

import dataclasses
import json

CLIENTS = ("openai-chat", "openai-responses", "anthropic-messages", "gemini", "bedrock-converse")
SUPPLIERS = (*CLIENTS, "cohere-chat", "ollama-chat")
MAX_TOKENS = 256


@dataclasses.dataclass(frozen=True)
class Ask:
    path: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def base_path(supplier: str) -> str:
    """What stands behind the address in a base URL, as the protocol's own SDK takes it."""
    return "/v1" if supplier.startswith("openai-") else ""


def ask(prompt_bytes: int, stream: bool, client: str = "openai-chat", supplier: str = "openai-chat") -> Ask:
    """For the route that leads to this supplier; a supplier itself does not mind what it is asked for."""
    text = ("The quick brown fox jumps over the lazy dog. " * (prompt_bytes // 45 + 1))[:prompt_bytes]
    model = f"bench-{supplier}"
    messages = [{"role": "user", "content": text}]
    headers: tuple[tuple[str, str], ...] = ()
    match client:
        case "openai-chat":
            path, body = "/v1/chat/completions", {"model": model, "messages": messages, "max_tokens": MAX_TOKENS}
        case "openai-responses":
            path, body = "/v1/responses", {"model": model, "input": text, "max_output_tokens": MAX_TOKENS}
        case "anthropic-messages":
            path, body = "/v1/messages", {"model": model, "messages": messages, "max_tokens": MAX_TOKENS}
            headers = (("anthropic-version", "2023-06-01"),)
        case "gemini":
            path = f"/v1beta/models/{model}:" + ("streamGenerateContent?alt=sse" if stream else "generateContent")
            body = {
                "contents": [{"role": "user", "parts": [{"text": text}]}],
                "generationConfig": {"maxOutputTokens": MAX_TOKENS},
            }
        case "bedrock-converse":
            path = f"/model/{model}/converse" + ("-stream" if stream else "")
            body = {
                "messages": [{"role": "user", "content": [{"text": text}]}],
                "inferenceConfig": {"maxTokens": MAX_TOKENS},
            }
        case _:
            raise ValueError(f"no client speaks {client}")
    if stream and "model" in body:
        body["stream"] = True
    return Ask(path, json.dumps(body).encode(), headers)
