"""Fidelity of the forms that answers are held to: those that not every supplier takes as they are. What the client gets is of its own
schema, whatever the supplier was told, and what of it nobody is held to is named."""

import json

import pytest

from rig.config import every_protocol
from rig.losses import foreign, own
from rig.sayings import CHAT, CLIENTS, CONVERSE, GEMINI, MESSAGES, RESPONSES, SUPPLIERS, anywhere
from rig.tongues import TONGUES

TEXT, COUNT = {"type": "string"}, {"type": "integer"}


def thing(properties, required=None):
    return {"type": "object", "properties": properties, "required": required or list(properties), "additionalProperties": False}


LIMITS = {"minLength": 3, "maxLength": 40, "minimum": 2, "maximum": 9}
HARBOURS = {"type": "array", "items": thing({"name": TEXT, "berths": COUNT})}
BERTH = thing({"name": {**TEXT, "minLength": 3, "maxLength": 40}, "number": {**COUNT, "minimum": 2, "maximum": 9}, "quay": {**TEXT, "pattern": "^[a-z]+$"}})
PILOT = thing({"name": TEXT, "channel": COUNT}, ["name"])

FORMS = {
    # OpenAI takes nothing but an object from its own clients, Anthropic no limits from its own.
    "schema of a list at the top": (HARBOURS, (MESSAGES, GEMINI, CONVERSE)),
    "schema with limits": (BERTH, (CHAT, RESPONSES, GEMINI)),
    "schema with optional fields": (PILOT, CLIENTS),
}


def config(first, _):
    return every_protocol(first)


@pytest.fixture(scope="module")
def tongues(gateway):
    """Each SDK, as a client of the gateway."""
    return {name: tongue(gateway.url, gateway.key) for name, tongue in TONGUES.items()}


def asked(client, schema):
    """How each client asks for it; in OpenAI's protocols it may be held to it or not."""
    match client:
        case "openai-chat":
            return {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}}
        case "openai-responses":
            return {"text": {"format": {"type": "json_schema", "name": "answer", "schema": schema, "strict": False}}}
        case "anthropic-messages":
            return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
        case "gemini":
            return {"generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": schema}}
    return {"outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": json.dumps(schema), "name": "answer"}}}}}


def fits(value, schema):
    """Whether `value` is of the schema, as far as these go."""
    match schema["type"]:
        case "array":
            return isinstance(value, list) and all(fits(each, schema["items"]) for each in value)
        case "object":
            known = isinstance(value, dict) and set(schema["required"]) <= set(value) <= set(schema["properties"])
            return known and all(fits(each, schema["properties"][name]) for name, each in value.items())
        case "integer":
            return type(value) is int
    return isinstance(value, str)


CASES = [
    pytest.param(name, client, supplier, id=f"{name}-{client}-{supplier}")
    for name, (_, clients) in FORMS.items()
    for client in clients
    for supplier in SUPPLIERS
]


@pytest.mark.parametrize("feature, client, supplier", CASES)
def test_b12_answers_are_of_the_clients_own_schema(tongues, first, feature, client, supplier, note):
    tongue, schema = tongues[client], FORMS[feature][0]
    tongue.dropped.clear()
    for stream in (False, True):
        heard = tongue.ask(stream, f"to-{supplier}", tongue.user("What lies there?"), more=asked(client, schema))
        assert fits(json.loads(heard.text), schema), heard.text
        assert heard.finish == "stop"
    body = json.loads(first.recorded()[-1]["body"])
    assert client == supplier or not foreign(feature, tongue.dropped), tongue.dropped
    if feature == "schema with limits":
        lost = {name for name in LIMITS if f"response_format.schema.{name}" in tongue.dropped}
        held = {name for name, value in LIMITS.items() if anywhere(opened(body), {name: value})}
        assert held | lost == set(LIMITS) and not held & lost, (held, lost)
    note(client, supplier, feature, "approximated" if own(feature, tongue.dropped) else "carried", tongue.dropped)


def opened(value):
    """A body whose strings that are JSON are opened: Converse has its schema in one."""
    match value:
        case dict():
            return {name: opened(each) for name, each in value.items()}
        case list():
            return [opened(each) for each in value]
        case str() if value.startswith("{"):
            try:
                return json.loads(value)
            except ValueError:
                return value
    return value


@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_f10_a_schema_in_geminis_older_form_is_a_schema_everywhere(tongues, first, supplier):
    """`response_schema`: types in capitals, `nullable`, an order of properties. The SDK makes it of Pydantic's models, too."""
    older = {
        "type": "OBJECT", "required": ["name", "berths"], "propertyOrdering": ["name", "berths"],
        "properties": {"name": {"type": "STRING", "nullable": True}, "berths": {"type": "INTEGER"}},
    }
    tongue = tongues[GEMINI]
    more = {"generationConfig": {"responseMimeType": "application/json", "responseSchema": older}}
    for stream in (False, True):
        heard = tongue.ask(stream, f"to-{supplier}", tongue.user("What lies there?"), more=more)
        answer = json.loads(heard.text)
        assert set(answer) == {"name", "berths"} and type(answer["berths"]) is int, heard.text
    sent = opened(json.loads(first.recorded()[-1]["body"]))
    words = {"type": "INTEGER"} if supplier == GEMINI else {"type": "integer"}
    assert anywhere(sent, {"berths": words}), sent
