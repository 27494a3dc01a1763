//! What a supplier is told beside what the model is: how wordy, how fast, for whom, and what to keep.

use super::*;

/// A request of a client, in words that `to` may know.
fn through(from: Protocol, members: Value, to: Protocol, target: &Target<'_>) -> (Value, Vec<String>) {
    let mut body = match from {
        Protocol::OpenaiChat => json!({"model": "m", "messages": [{"role": "user", "content": "?"}]}),
        Protocol::OpenaiResponses => json!({"model": "m", "input": [{"role": "user", "content": "?"}]}),
        Protocol::Gemini => json!({"contents": [{"role": "user", "parts": [{"text": "?"}]}]}),
        _ => json!({"messages": [{"role": "user", "content": [{"text": "?"}]}]}),
    };
    let Value::Object(members) = members else { panic!("members are an object's") };
    body.as_object_mut().unwrap().extend(members);
    let client = crate::codec(from).unwrap().translator().unwrap().client().unwrap();
    let read = client.decode_request(body.to_string().as_bytes()).unwrap();
    let said = request(&read, crate::codec(to).unwrap().translator().unwrap(), target).unwrap();
    let lost = said.losses.into_iter().map(|loss| loss.what).collect();
    (serde_json::from_slice(&said.body).unwrap(), lost)
}

/// Fails where `body` lacks one of these members.
fn has(body: &Value, members: &Value) {
    for (name, value) in members.as_object().unwrap() {
        assert_eq!(&body[name], value, "{name}: {body}");
    }
}

fn openais() -> Target<'static> {
    Target { quirks: Quirks::OPENAI_OPTIONS, ..target() }
}

const SAID: [&str; 6] = [
    "verbosity",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
    "user",
    "service_tier",
];

/// What `OpenAI`'s two protocols say alike.
fn alike() -> Value {
    json!({"service_tier": "priority", "prompt_cache_key": "office", "prompt_cache_retention": "24h",
        "prompt_cache_options": {"mode": "explicit", "ttl": "30m"}, "user": "u", "safety_identifier": "s"})
}

fn with(more: &Value) -> Value {
    let mut all = alike();
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

#[test]
fn a16_what_openais_two_protocols_share_is_carried_between_them() {
    let (chat, responses) = (json!({"verbosity": "low"}), json!({"text": {"verbosity": "low"}}));
    let (body, lost) = through(Protocol::OpenaiChat, with(&chat), Protocol::OpenaiResponses, &target());
    has(&body, &with(&responses));
    assert_eq!(lost, [""; 0]);
    let (body, lost) = through(Protocol::OpenaiResponses, with(&responses), Protocol::OpenaiChat, &openais());
    has(&body, &with(&chat));
    assert_eq!(lost, [""; 0]);
    let schema = json!({"type": "json_object"});
    let formed = json!({"verbosity": "high", "response_format": schema});
    let (body, _) = through(Protocol::OpenaiChat, formed, Protocol::OpenaiResponses, &target());
    assert_eq!(body["text"], json!({"format": schema, "verbosity": "high"}));
}

#[test]
fn a16_all_others_are_not_told_what_they_would_refuse_and_it_is_named() {
    let all = with(&json!({"verbosity": "low"}));
    // Who speaks Chat Completions and is not known to be OpenAI refuses members that it does not know.
    let (body, lost) = through(Protocol::OpenaiResponses, alike(), Protocol::OpenaiChat, &target());
    assert_eq!(lost, SAID[1..]);
    assert_eq!(body["user"], "s", "who it is has a place");
    let names: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(names, ["messages", "model", "user"]);
    for to in [Protocol::AnthropicMessages, Protocol::CohereChat, Protocol::OllamaChat] {
        let (body, mut lost) =
            through(Protocol::OpenaiChat, all.clone(), to, &Target { max_output: Some(9), ..target() });
        lost.sort_unstable();
        let mut expected = SAID;
        expected.sort_unstable();
        assert_eq!(lost, expected, "{to}");
        assert!(!body.to_string().contains("priority") && !body.to_string().contains("office"), "{body}");
    }
}

#[test]
fn a16_what_is_so_anyway_is_no_loss() {
    let usual = json!({"service_tier": "auto", "verbosity": "medium", "prompt_cache_options": {}, "prompt_cache_key": null});
    for to in Protocol::ALL {
        let target = Target { max_output: Some(9), ..target() };
        let plain = through(Protocol::OpenaiChat, json!({}), to, &target);
        assert_eq!(through(Protocol::OpenaiChat, usual.clone(), to, &target), plain, "{to}");
        let (_, lost) = through(Protocol::OpenaiChat, json!({"service_tier": "default"}), to, &target);
        assert_eq!(lost, [""; 0], "{to}");
    }
}

#[test]
fn a_class_of_service_is_said_in_each_makers_word() {
    let (openai, gemini, converse) = (
        |word: &str| json!({"service_tier": word}),
        |word: &str| json!({"serviceTier": word}),
        |word: &str| json!({"serviceTier": {"type": word}}),
    );
    let (chat, responses) = (Protocol::OpenaiChat, Protocol::OpenaiResponses);
    for (from, asked, to, said) in [
        (chat, openai("flex"), Protocol::Gemini, gemini("flex")),
        (chat, openai("fast"), Protocol::Gemini, gemini("priority")),
        (responses, openai("default"), Protocol::Gemini, gemini("standard")),
        (responses, openai("priority"), Protocol::BedrockConverse, converse("priority")),
        (chat, openai("fast"), Protocol::BedrockConverse, converse("priority")),
        (Protocol::Gemini, gemini("STANDARD"), responses, openai("default")),
        (Protocol::Gemini, gemini("PRIORITY"), Protocol::BedrockConverse, converse("priority")),
        (Protocol::BedrockConverse, converse("flex"), responses, openai("flex")),
        (Protocol::BedrockConverse, converse("reserved"), Protocol::BedrockConverse, converse("reserved")),
    ] {
        let (body, lost) = through(from, asked, to, &openais());
        has(&body, &said);
        assert_eq!(lost, [""; 0], "{body}");
    }
    for (from, asked, to) in [
        (Protocol::BedrockConverse, converse("reserved"), responses),
        (Protocol::BedrockConverse, converse("reserved"), chat),
        (responses, openai("ultrafast"), chat),
        (chat, openai("scale"), Protocol::BedrockConverse),
        (chat, openai("scale"), Protocol::Gemini),
    ] {
        let (body, lost) = through(from, asked, to, &openais());
        assert_eq!(lost, ["service_tier"], "{body}");
        assert!(body.get("service_tier").or(body.get("serviceTier")).is_none(), "{body}");
    }
}

#[test]
fn a_model_that_refuses_verbosity_is_not_asked_for_it() {
    let refuses = ["verbosity".into()];
    let target = Target { refuses: &refuses, ..openais() };
    for (from, asked, to) in [
        (Protocol::OpenaiChat, json!({"verbosity": "low"}), Protocol::OpenaiResponses),
        (Protocol::OpenaiResponses, json!({"text": {"verbosity": "low"}}), Protocol::OpenaiChat),
    ] {
        let (body, lost) = through(from, asked, to, &target);
        assert_eq!(lost, ["verbosity"]);
        assert!(body.get("verbosity").or(body.get("text")).is_none(), "{body}");
    }
}

/// An answer that says that it was served as `flex`, whole and as the last word of a stream.
fn flexible(by: Protocol) -> (Value, String) {
    let event = |data: &Value| format!("data: {data}\n\n");
    match by {
        Protocol::OpenaiChat => {
            let chunk = json!({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}], "service_tier": "flex"});
            let whole = json!({"choices": [{"index": 0, "message": {"content": "a"}, "finish_reason": "stop"}], "service_tier": "flex"});
            (whole, event(&chunk))
        }
        Protocol::OpenaiResponses => {
            let content = json!([{"type": "output_text", "text": "a"}]);
            let whole = json!({"object": "response", "status": "completed", "service_tier": "flex",
                "output": [{"type": "message", "content": content}]});
            let asked = json!({"type": "response.created", "response": {"object": "response", "service_tier": "auto"}});
            let ended = json!({"type": "response.completed", "response": whole});
            (whole, event(&asked) + &event(&ended))
        }
        Protocol::AnthropicMessages => {
            let usage = json!({"input_tokens": 1, "output_tokens": 1, "service_tier": "flex"});
            let whole = json!({"type": "message", "content": [{"type": "text", "text": "a"}], "stop_reason": "end_turn", "usage": usage});
            let start = json!({"type": "message_start", "message": {"content": [], "usage": usage}});
            let end = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}});
            (whole, event(&start) + &event(&end))
        }
        _ => {
            let whole = json!({"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}],
                "usageMetadata": {"promptTokenCount": 1, "trafficType": "ON_DEMAND_FLEX"}});
            let stream = event(&whole);
            (whole, stream)
        }
    }
}

#[test]
fn the_class_of_service_that_served_is_read_in_answers_and_streams() {
    use catalogue::Service;
    for by in [Protocol::OpenaiChat, Protocol::OpenaiResponses, Protocol::AnthropicMessages, Protocol::Gemini]
    {
        let codec = crate::codec(by).unwrap();
        let (whole, stream) = flexible(by);
        assert_eq!(codec.reply(whole.to_string().as_bytes()).unwrap().service, Service::Flex, "{by}");
        let mut reader = codec.stream();
        for frame in crate::testing::frames(&stream) {
            reader.read(&frame);
        }
        assert_eq!(reader.service(), Service::Flex, "{by}");
    }
    let converse = json!({"output": {"message": {"role": "assistant", "content": [{"text": "a"}]}},
        "stopReason": "end_turn", "serviceTier": {"type": "reserved"}});
    let reply = crate::codec(Protocol::BedrockConverse).unwrap().reply(converse.to_string().as_bytes());
    assert_eq!(reply.unwrap().service, Service::Other);
}
