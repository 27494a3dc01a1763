"""Reasoning that goes back: what a supplier's answer proves it with, and what a request gives back of it."""

import re

from rig.sayings import CHAT, COHERE, CONVERSE, GEMINI, MESSAGES, OLLAMA, RESPONSES

PROOF = re.compile(rb"(?:Erel|gAAA|CpAB|Ebed)[\w+/-]{128}")
"""What simulated suppliers prove reasoning with: each its own first letters, then 96 bytes."""
SEALS = (b"rlv1.", b"cmx2MS")
"""What every seal of ours begins with, as text and where a protocol has bytes."""


def proofs(data):
    """The proofs in a body or a stream, each once, in the alphabet that all but Google's SDKs write."""
    return list(dict.fromkeys(standard(found.decode()) for found in PROOF.findall(data)))


NAMES = {"reasoning", "reasoning.proof", "text.proof", "tool_call.proof"}
"""What names a loss of reasoning."""


def given_back(protocol, request):
    """What a request gives back of reasoning, where its protocol has it: each `(text, proof)`, either of which may be empty."""
    return [(text or "", standard(proof or "")) for text, proof in PLACES[protocol][0](request)]


def thoughts(protocol, answer):
    """The texts of what was thought, of a plain answer."""
    return [text or "" for text, _ in PLACES[protocol][1](answer)]


def proved(given):
    """The proofs among what was given back; not what stands for none."""
    return [proof for _, proof in given if PROOF.fullmatch(proof.encode())]


def squeezed(texts):
    """Where thoughts are put together there is white space between them."""
    return "".join("".join(texts).split())


def standard(proof):
    return proof.translate(str.maketrans("-_", "+/"))


def blocks(messages):
    return [block for message in messages if isinstance(message.get("content"), list) for block in message["content"]]


def thinking(messages):
    return [block for block in blocks(messages) if block.get("type") == "thinking"]


def items(items):
    found = [item for item in items if item.get("type") == "reasoning"]
    return [("".join(part["text"] for part in item["summary"]), item.get("encrypted_content")) for item in found]


def signed(messages):
    return [(block["thinking"], block["signature"]) for block in thinking(messages)]


def parts(contents):
    """A signature stands on what came of the thoughts."""
    found = [part for content in contents for part in content["parts"] if part.get("thought") or "thoughtSignature" in part]
    return [(part["text"] if part.get("thought") else "", part.get("thoughtSignature")) for part in found]


def conversed(messages):
    found = [block["reasoningContent"]["reasoningText"] for block in blocks(messages) if "reasoningContent" in block]
    return [(thought["text"], thought["signature"]) for thought in found]


def planned(messages):
    return [(block["thinking"], None) for block in thinking(messages)] + [
        (message["tool_plan"], None) for message in messages if message.get("tool_plan")
    ]


def pondered(messages):
    return [(message["thinking"], None) for message in messages if message.get("thinking")]


PLACES = {
    # OpenAI's own models show none there.
    CHAT: (lambda request: [], lambda answer: []),
    RESPONSES: (lambda request: items(request["input"]), lambda answer: items(answer["output"])),
    MESSAGES: (lambda request: signed(request["messages"]), lambda answer: signed([answer])),
    GEMINI: (lambda request: parts(request["contents"]), lambda answer: parts([answer["candidates"][0]["content"]])),
    CONVERSE: (lambda request: conversed(request["messages"]), lambda answer: conversed([answer["output"]["message"]])),
    COHERE: (lambda request: planned(request["messages"]), lambda answer: planned([answer["message"]])),
    OLLAMA: (lambda request: pondered(request["messages"]), lambda answer: pondered([answer["message"]])),
}
"""Where each protocol has reasoning: in a request, and in a plain answer."""
