"""That the list of what is asked is not forgetful: each top-level member of the requests of the official SDKs is asked by a feature, or
stands in `UNASKED` with its reason."""

import typing

import boto3
import pytest
from anthropic.types import message_create_params
from google.genai import types
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params

from rig.members import FEATURES, UNASKED
from rig.sayings import CHAT, CLIENTS, CONVERSE, GEMINI, MESSAGES, RESPONSES, snake


def fields(kind):
    return set(typing.get_type_hints(kind))


def of_converse():
    """Its members; of those that are only groups, what is in them."""
    client = boto3.client("bedrock-runtime", region_name="eu-west-3", aws_access_key_id="x", aws_secret_access_key="x")
    members = client.meta.service_model.operation_model("Converse").input_shape.members
    groups = ("inferenceConfig", "outputConfig")
    return set(members) - set(groups) | {f"{group}.{name}" for group in groups for name in members[group].members}


MEMBERS = {
    CHAT: lambda: fields(completion_create_params.CompletionCreateParamsNonStreaming),
    RESPONSES: lambda: fields(response_create_params.ResponseCreateParamsNonStreaming),
    MESSAGES: lambda: fields(message_create_params.MessageCreateParamsNonStreaming),
    GEMINI: lambda: set(types.GenerateContentConfig.model_fields),
    CONVERSE: of_converse,
}


def said(protocol):
    """The members that features put into a client's requests, by the SDK's names."""
    ways = [ways[protocol] for group in FEATURES.values() for ways in group.values() if protocol in ways]
    requests = [{**(way.more or {}), **({"tools": way.tools} if way.tools else {})} for way in ways if way.asked]
    names = set()
    for request in requests:
        for name, value in request.items():
            match protocol, name:
                case ("gemini", "generationConfig"):
                    names |= {snake(each) for each in value}
                case ("gemini", _):
                    names.add(snake(name))
                case ("bedrock-converse", "inferenceConfig" | "outputConfig"):
                    names |= {f"{name}.{each}" for each in value}
                case ("bedrock-converse", "tools"):
                    names.add("toolConfig")
                case _:
                    names.add(name)
    return names


@pytest.mark.parametrize("protocol", CLIENTS)
def test_p4_no_member_is_forgotten(protocol):
    known, asked, excused = MEMBERS[protocol](), said(protocol), UNASKED[protocol]
    assert not known - asked - set(excused), "no feature asks these, and nobody says why"
    assert not asked & set(excused), "a feature asks these: they need no excuse"
    assert not set(excused) - known, "the SDK has them no more"


def test_p4_what_is_excused_for_vertex_alone_is_refused_by_the_sdk():
    from google import genai

    from rig.members import VERTEX

    client = genai.Client(api_key="x", http_options={"base_url": "http://127.0.0.1:9"})
    values = {"audio_timestamp": True, "generation_output_config": {}, "model_armor_config": {"prompt_template_name": "x"},
              "model_selection_config": {"feature_selection_preference": "BALANCED"}, "routing_config": {"auto_mode": {}}}
    excused = {name for name, why in UNASKED[GEMINI].items() if why == VERTEX}
    assert excused == set(values)
    for name, value in values.items():
        with pytest.raises(ValueError, match="only supported in"):
            client.models.generate_content(model="m", contents="x", config={name: value})
