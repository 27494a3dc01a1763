"""Members of requests that no other group asks for: with them each top-level member of the official SDKs' requests is asked, or stands
in `UNASKED` with the reason. `test_members.py` holds both against the SDKs' own types."""

from rig.documents import FEATURES as OTHERS
from rig.sayings import CHAT, COHERE, CONVERSE, GEMINI, MESSAGES, OLLAMA, RESPONSES, SCHEMA, Way, generation, more, own

FUNCTION = {"name": "get_weather", "description": "The weather in a place", "parameters": SCHEMA}
EPHEMERAL = {"type": "ephemeral"}
POLICY = {"model": "omni-moderation-latest", "policy": {"input": {"mode": "block"}, "output": {"mode": "block"}}}

FEATURES = OTHERS | {
    "Members": {
        "functions, as before tools": {
            CHAT: Way({"functions": [FUNCTION], "function_call": "auto"}),
            **{protocol: Way(seen={"name": "get_weather"}, asked=False) for protocol in (RESPONSES, MESSAGES, GEMINI, CONVERSE, COHERE, OLLAMA)},
        },
        "an answer in sound": more(
            chat=own({"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}),
            gemini=own(generation(responseModalities=["AUDIO"], speechConfig={"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}})),
        ),
        "what the answer will be like": more(chat=own({"prediction": {"type": "content", "content": "High water is at six."}})),
        "a policy of moderation": more(chat=own({"moderation": POLICY}), responses=own({"moderation": POLICY})),
        "how a cache is kept": more(
            chat=own({"prompt_cache_retention": "24h", "prompt_cache_options": {"mode": "explicit", "ttl": "30m"}}),
            responses=own({"prompt_cache_retention": "24h", "prompt_cache_options": {"mode": "explicit", "ttl": "30m"}}, CHAT),
        ),
        "that the answer is kept": more(chat=own({"store": True}), gemini=own({"store": True})),
        "the end user, in the older word": more(
            chat={"user": "user-77"}, responses=Way({"user": "user-77"}, seen=({"user": "user-77"}, {"safety_identifier": "user-77"})),
            messages=Way(seen={"metadata": {"user_id": "user-77"}}, asked=False),
        ),
        "to cut a conversation that is too long": more(responses=own({"truncation": "auto"})),
        "to sum up a conversation that is too long": more(
            responses=own({"context_management": [{"type": "compaction", "compact_threshold": 100000}]}),
        ),
        "a program of access": more(responses=own({"access_programs": {"cyber": True}})),
        "pictures, made smaller": more(responses=own({"image": {"context_compression": "enabled"}})),
        "a prompt that is kept at the supplier": more(responses=own({"prompt": {"id": "pmpt_1"}})),
        "a mark behind all": {MESSAGES: Way({"cache_control": EPHEMERAL}), CONVERSE: Way(seen={"cachePoint": {"type": "default"}}, asked=False)},
        "going on with a part of an answer": more(gemini=own({"continuationToken": b"abc"})),
        "words to be heard": more(gemini=own(generation(audioTranscriptionConfig={"customVocabulary": ["quay"]}))),
        "a container": more(messages=own({"container": "container_1"})),
        "what became of the cache": more(messages=own({"diagnostics": {"previous_message_id": "msg_1"}})),
        "where it is computed": more(messages=own({"inference_geo": "us"})),
        "no better class of service": more(messages=own({"service_tier": "standard_only"})),
        "speed": more(messages=own({"speed": "fast"})),
        "kept contents": more(gemini=own({"cachedContent": "cachedContents/abc"})),
        "how closely to look": more(gemini=own(generation(mediaResolution="MEDIA_RESOLUTION_LOW"))),
        "answers about elections": more(gemini=own(generation(enableEnhancedCivicAnswers=True))),
        "the form of pictures": more(gemini=own(generation(imageConfig={"aspectRatio": "1:1"}))),
        "latency": more(converse=own({"performanceConfig": {"latency": "optimized"}})),
        "a project": more(converse=own({"projectIdentifier": "office"})),
        "variables of a prompt": more(converse=own({"promptVariables": {"name": {"text": "Ann"}}})),
        "a model's own members": more(converse=own({"additionalModelRequestFields": {"mirostat": 2}})),
        "what else to tell of the answer": more(converse=own({"additionalModelResponseFieldPaths": ["/stop_sequence"]})),
    },
}

TONGUE = "the rig's client says it in each request"
HTTP = "of the SDK itself or of HTTP: nothing for a model"
VERTEX = "google-genai says it to Vertex AI alone"

UNASKED = {
    CHAT: {
        "messages": TONGUE, "model": TONGUE, "stream": TONGUE, "stream_options": TONGUE,
        "max_tokens": "the older word for max_completion_tokens, which every request has",
    },
    RESPONSES: {
        "input": TONGUE, "model": TONGUE, "stream": TONGUE, "store": TONGUE, "stream_options": "how OpenAI pads its own streams",
        "instructions": "asked in test_translation.py", "previous_response_id": "asked in test_state.py",
        "background": "refused before anybody is asked: test_state.py", "background_options": "nothing without background",
        "conversation": "asked in test_state.py",
    },
    MESSAGES: {
        "messages": TONGUE, "model": TONGUE, "stream": TONGUE, "system": "asked in test_translation.py",
        "user_profile_id": "a header: whose account it is says the provider's configuration",
        "workspace_id": "a header: whose account it is says the provider's configuration",
    },
    GEMINI: {
        "automatic_function_calling": HTTP, "automatic_continuation": HTTP, "http_options": HTTP, "should_return_http_response": HTTP,
        "system_instruction": "asked in test_translation.py",
        "response_schema": "the older form of responseJsonSchema, asked in test_schemas.py",
        "response_json_schema": "asked in test_schemas.py",
        "thinking_config": "asked in test_translation.py",
        "audio_timestamp": VERTEX, "generation_output_config": VERTEX, "model_armor_config": VERTEX, "model_selection_config": VERTEX, "routing_config": VERTEX,
    },
    CONVERSE: {
        "outputConfig.textFormat": "asked in test_schemas.py", "modelId": TONGUE, "messages": TONGUE, "system": "asked in test_translation.py",
    },
}
"""Members that no feature asks, and why."""
