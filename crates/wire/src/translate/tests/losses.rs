//! One loss has one name, whoever serves; and nothing is lost without one.

use std::collections::BTreeSet;

use super::*;
use crate::codec::Codec;

const SUPPLIERS: [Protocol; 7] = [
    Protocol::OpenaiChat,
    Protocol::OpenaiResponses,
    Protocol::AnthropicMessages,
    Protocol::Gemini,
    Protocol::BedrockConverse,
    Protocol::CohereChat,
    Protocol::OllamaChat,
];

fn codec(protocol: Protocol) -> &'static dyn Codec {
    crate::codec(protocol).unwrap()
}

/// What is named as lost where a supplier of another protocol gets the client's request.
fn lost(from: Protocol, to: Protocol, body: &Value) -> Vec<String> {
    let client = codec(from).translator().unwrap().client().unwrap();
    let read = client.decode_request(body.to_string().as_bytes()).unwrap();
    let sent = request(&read, codec(to).translator().unwrap(), &target()).unwrap();
    sent.losses.into_iter().map(|loss| loss.what).collect()
}

/// What is named as lost wherever else the request goes.
fn lost_anywhere(from: Protocol, body: &Value) -> BTreeSet<String> {
    let others = SUPPLIERS.into_iter().filter(|to| *to != from);
    others.flat_map(|to| lost(from, to, body)).collect()
}

fn chat(turns: &Value) -> Value {
    json!({"max_completion_tokens": 99, "messages": turns})
}

fn responses(item: &Value) -> Value {
    json!({"max_output_tokens": 99, "input": [{"role": "user", "content": "a"}, item, {"role": "user", "content": "b"}]})
}

fn messages(block: &Value) -> Value {
    json!({"max_tokens": 99, "messages": [{"role": "user", "content": "a"},
        {"role": "assistant", "content": [block, {"type": "text", "text": "b"}]}, {"role": "user", "content": "c"}]})
}

fn gemini(part: &Value) -> Value {
    json!({"generationConfig": {"maxOutputTokens": 99}, "contents": [{"role": "user", "parts": [{"text": "a"}]},
        {"role": "model", "parts": [part, {"text": "b"}]}, {"role": "user", "parts": [{"text": "c"}]}]})
}

#[test]
fn p4_one_loss_has_one_name_whoever_serves() {
    use Protocol::{AnthropicMessages, Gemini, OpenaiResponses};
    for (from, body, names) in [
        (
            OpenaiResponses,
            responses(
                &json!({"type": "mcp_call", "id": "m", "server_label": "x", "name": "n", "arguments": "{}", "output": "o"}),
            ),
            &["mcp_call"][..],
        ),
        (
            OpenaiResponses,
            responses(
                &json!({"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}}),
            ),
            &["web_search_call"],
        ),
        (
            OpenaiResponses,
            responses(
                &json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}),
            ),
            &["reasoning.proof"],
        ),
        (
            AnthropicMessages,
            messages(
                &json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "code_execution", "input": {}}),
            ),
            &["server_tool_use"],
        ),
        (
            Gemini,
            gemini(&json!({"executableCode": {"language": "PYTHON", "code": "1"}})),
            &["executableCode"],
        ),
        (Gemini, gemini(&json!({"text": "x", "thoughtSignature": "c2ln"})), &["text.proof"]),
        (
            Gemini,
            json!({"generationConfig": {"maxOutputTokens": 99}, "contents": [{"role": "user", "parts": [{"text": "a"}]},
                {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "c2ln"}]},
                {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"result": "r"}}}]}],
                "tools": [{"functionDeclarations": [{"name": "f"}]}]}),
            &["tool_call.proof"],
        ),
    ] {
        let lost: Vec<String> = lost_anywhere(from, &body).into_iter().collect();
        assert_eq!(lost, names, "{from}: {body}");
    }
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}});
    let body = chat(&json!([{"role": "user", "content": [image]}]));
    assert_eq!(lost_anywhere(Protocol::OpenaiChat, &body).into_iter().collect::<Vec<_>>(), ["media.detail"]);
}

#[test]
fn p4_names_of_speakers_and_of_schemas_are_not_lost_in_silence() {
    let turns = json!([{"role": "system", "name": "office", "content": "Be kind."}, {"role": "user", "content": "?"}]);
    for to in SUPPLIERS.into_iter().filter(|to| *to != Protocol::OpenaiChat) {
        assert_eq!(lost(Protocol::OpenaiChat, to, &chat(&turns)), ["messages.name"], "{to}");
    }
    let mut body = chat(&json!([{"role": "user", "content": "?"}]));
    let schema = json!({"type": "object", "properties": {}, "required": [], "additionalProperties": false});
    body["response_format"] =
        json!({"type": "json_schema", "json_schema": {"name": "berth", "schema": schema, "strict": true}});
    for to in SUPPLIERS {
        let lost = lost(Protocol::OpenaiChat, to, &body);
        let client = codec(Protocol::OpenaiChat).translator().unwrap().client().unwrap();
        let read = client.decode_request(body.to_string().as_bytes()).unwrap();
        let sent = request(&read, codec(to).translator().unwrap(), &target()).unwrap();
        let says_it = String::from_utf8_lossy(&sent.body).contains("berth");
        assert_ne!(lost.iter().any(|lost| lost == "response_format.name"), says_it, "{to}: {lost:?}");
    }
}

/// A supplier's answer as a client gets it: what is named as lost.
fn answer_lost(from: Protocol, to: Protocol, body: &Value) -> Vec<String> {
    let (supplier, client) = (codec(from).translator().unwrap(), codec(to).translator().unwrap());
    let bytes = body.to_string();
    let told =
        answer(bytes.as_bytes(), supplier, client.client().unwrap(), &Undo::default(), &about()).unwrap();
    told.losses.into_iter().map(|loss| loss.what).collect()
}

#[test]
fn p4_what_an_answer_tells_beside_its_words_is_not_lost_in_silence() {
    let told = json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "system_fingerprint": "fp_1",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "x"}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}});
    for to in [Protocol::OpenaiResponses, Protocol::AnthropicMessages, Protocol::Gemini] {
        let lost = answer_lost(Protocol::OpenaiChat, to, &told);
        assert!(lost.contains(&"system_fingerprint".to_owned()), "{to}: {lost:?}");
    }
    let told = json!({"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [{"type": "text", "text": "x"}],
        "stop_reason": "stop_sequence", "stop_sequence": "END", "usage": {"input_tokens": 1, "output_tokens": 1}});
    for to in [Protocol::OpenaiResponses, Protocol::Gemini] {
        let lost = answer_lost(Protocol::AnthropicMessages, to, &told);
        assert!(lost.contains(&"stop_sequence".to_owned()), "{to}: {lost:?}");
    }
}

#[test]
fn p4_what_a_tools_result_has_no_place_for_has_its_own_name_everywhere() {
    let opaque = Content::Opaque(Opaque::new(Protocol::CohereChat, "map_tile", "{}"));
    let result = crate::conversation::ToolResult {
        call_id: "1".into(),
        name: Some("f".into()),
        blocks: vec![Content::text("so").into(), opaque.into()],
        is_error: false,
        is_custom: false,
    };
    let said = |role, content: Content| Turn { role, name: None, blocks: vec![content.into()] };
    let turns = vec![
        said(Role::User, Content::text("q")),
        said(Role::Assistant, call("f", "{}")),
        said(Role::User, Content::ToolResult(result)),
    ];
    let asked = Request { turns, tools: vec![function("f")], max_tokens: Some(99), ..Request::default() };
    for to in SUPPLIERS {
        let sent = request(&asked, codec(to).translator().unwrap(), &target()).unwrap();
        let lost: Vec<String> = sent.losses.into_iter().map(|loss| loss.what).collect();
        assert_eq!(lost, ["map_tile"], "{to}");
    }
}

/// Where the client sets no limit, or a higher one than the model has, only an answer that is cut off has lost anything.
#[test]
fn b01_a_limit_that_is_not_the_clients_is_told_of_where_it_cuts_an_answer_off() {
    use Protocol::{AnthropicMessages as Messages, OpenaiChat};
    let small = Target { max_output: Some(50), ..target() };
    let asked = |limit: Option<u64>| {
        let mut body = chat(&json!([{"role": "user", "content": "?"}]));
        body["max_completion_tokens"] = json!(limit);
        codec(OpenaiChat)
            .translator()
            .unwrap()
            .client()
            .unwrap()
            .decode_request(body.to_string().as_bytes())
            .unwrap()
    };
    let told = |reason: &str| {
        json!({"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [{"type": "text", "text": "x"}],
            "stop_reason": reason, "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 1}})
    };
    let supplier = codec(Messages).translator().unwrap();
    let client = codec(OpenaiChat).translator().unwrap().client().unwrap();
    for (limit, target, is_told) in
        [(None, target(), true), (Some(99), small, true), (Some(99), target(), false), (None, small, true)]
    {
        for (reason, is_cut) in [("end_turn", false), ("max_tokens", true)] {
            // A limit that the model itself has is none of ours.
            let expected = is_told && is_cut && (limit.is_some() || target.max_output.is_none());
            let sent = request(&asked(limit), supplier, &target).unwrap();
            assert_eq!(sent.losses, []);
            let undo = Arc::new(sent.undo);
            let body = told(reason).to_string();
            let whole = answer(body.as_bytes(), supplier, client, &undo, &about()).unwrap();
            let names = |losses: Vec<Loss>| losses.into_iter().any(|loss| loss.what == "max_tokens");
            assert_eq!(names(whole.losses), expected, "{limit:?} {reason}");
            let mut stream = StreamTranslation::new(supplier, client, undo, &about());
            let mut out = Vec::new();
            let begun = json!({"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "model": "m",
                "content": [], "stop_reason": null, "usage": {"input_tokens": 1, "output_tokens": 1}}});
            let ended = json!({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 1}});
            let events = [begun, ended, json!({"type": "message_stop"})];
            let framed =
                |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
            let events = events.iter().map(framed).collect::<Vec<_>>().concat();
            for frame in crate::testing::frames(&events) {
                stream.frame(&frame, None, &mut out).unwrap();
            }
            stream.end(&mut out).unwrap();
            assert_eq!(names(stream.losses()), expected, "{limit:?} {reason}, streamed");
        }
    }
}
