"""What is said about documents, and all other features with it."""

from rig.sayings import (
    CHAT, COHERE, CONVERSE, GEMINI, MESSAGES, OLLAMA, RESPONSES, Way, b64, called, data_url, own, parts,
)
from rig.sayings import FEATURES as OTHERS

TEXT = b"High water at six."
CITED = {"enabled": True}
ADDRESS = "https://example.com/harbour?id=3"
"""Of a picture: it does not tell which type it is of."""


def of_messages(**about):
    return {"type": "document", "title": "tides", "source": {"type": "text", "media_type": "text/plain", "data": TEXT.decode()}, **about}


def of_converse(**about):
    return {"document": {"name": "tides", "format": "txt", "source": {"bytes": TEXT}, **about}}


def passages(of):
    return [{**of, "text": "High water at six."}, {**of, "text": "Low water at noon."}]


BLOCK = {"type": "text"}
FOUND = {"source": "row 7 of the pilots' book", "title": "Pilots"}
RESULTS = {
    MESSAGES: [{"type": "search_result", **FOUND, "content": [{**BLOCK, "text": "Call first."}]}],
    CONVERSE: {"content": [{"searchResult": {**FOUND, "content": [{"text": "Call first."}]}}]},
}

FEATURES = OTHERS | {
    "Documents": {
        "what is to be known of a document": parts(messages=of_messages(context="of 2026"), converse=of_converse(context="of 2026")),
        "a document to cite": parts(messages=of_messages(citations=CITED), converse=of_converse(citations=CITED)),
        "a document in passages": parts(
            messages={"type": "document", "title": "tides", "source": {"type": "content", "content": passages(BLOCK)}},
            converse={"document": {"name": "tides", "source": {"content": passages({})}}},
        ),
        "a search result": parts(
            messages={"type": "search_result", **FOUND, "content": passages(BLOCK), "citations": CITED},
            converse={"searchResult": {**FOUND, "content": passages({}), "citations": CITED}},
        ),
        "a search result of a tool": called(RESULTS, {MESSAGES: RESULTS[MESSAGES][0], CONVERSE: RESULTS[CONVERSE]["content"][0]}),
        "a text document in base64": {
            MESSAGES: Way(part={"type": "document", "source": {"type": "base64", "media_type": "text/plain", "data": b64(TEXT)}}),
            CHAT: Way(seen={"file_data": data_url("text/plain", TEXT)}, asked=False),
            RESPONSES: Way(seen={"file_data": data_url("text/plain", TEXT)}, asked=False),
            GEMINI: Way(seen={"inlineData": {"mimeType": "text/plain", "data": b64(TEXT)}}, asked=False),
            CONVERSE: Way(seen={"format": "txt", "source": {"bytes": b64(TEXT)}}, asked=False),
            COHERE: Way(seen={"data": {"text": TEXT.decode()}}, asked=False),
            OLLAMA: Way(seen={"content": f"Go on\n\n{TEXT.decode()}"}, asked=False),
        },
        # Gemini wants to be told the type: without `fetch_media` only its own clients can.
        "an image by an address that does not tell its type": {
            CHAT: Way(part={"type": "image_url", "image_url": {"url": ADDRESS}}),
            RESPONSES: Way(part={"type": "input_image", "image_url": ADDRESS, "detail": "auto"}),
            MESSAGES: Way(part={"type": "image", "source": {"type": "url", "url": ADDRESS}}),
            GEMINI: own(Way(part={"fileData": {"fileUri": ADDRESS, "mimeType": "image/png"}})),
            COHERE: Way(part={"type": "image_url", "image_url": {"url": ADDRESS}}),
        },
    },
}
