//! Whole answers, both ways.

use catalogue::{Protocol, Usage};
use serde_json::{Value, json};

use super::decode::decode;
use super::encode::encode;
use crate::anthropic_messages::translate::tests::about;
use crate::conversation::testing;
use crate::conversation::{
    Answer, Block, Choice, Citation, Content, FinishReason, MediaKind, MediaSource, Opaque, Reasoning, Text,
    ToolCall, ToolInput, TranslateError,
};
use crate::failure::Failure;

fn read(body: &Value) -> Answer {
    decode(body.to_string().as_bytes()).map_err(TranslateError::from).unwrap()
}

fn answer(contents: Vec<Content>, finish: Option<FinishReason>) -> Answer {
    let blocks = contents.into_iter().map(Block::from).collect();
    Answer { choices: vec![Choice { blocks, finish }], usage: Some(Usage::default()), ..Answer::default() }
}

/// What a client gets, and the names of what is lost.
fn written(answer: &Answer) -> (Value, Vec<String>) {
    let encoded = encode(answer, &about()).unwrap();
    (
        serde_json::from_slice(&encoded.body).unwrap(),
        encoded.losses.into_iter().map(|loss| loss.what).collect(),
    )
}

fn call(arguments: &str) -> Content {
    let input = ToolInput::Arguments(arguments.to_owned().into());
    Content::ToolCall(ToolCall { id: "call_1".into(), name: "f".into(), input, proof: None })
}

#[test]
fn a_suppliers_answer() {
    let body = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [
        {"type": "thinking", "thinking": "Hm", "signature": "EqQB"},
        {"type": "redacted_thinking", "data": "EmwK"},
        {"type": "thinking", "thinking": "", "signature": "EqQC"},
        {"type": "text", "text": "Hi", "citations": null},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}, "caller": {"type": "direct"}}],
        "stop_reason": "tool_use", "stop_sequence": null, "stop_details": null, "container": {"id": "c"}, "usage": {
        "input_tokens": 9, "cache_creation_input_tokens": 7, "cache_read_input_tokens": 5,
        "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4}, "output_tokens": 20,
        "output_tokens_details": {"thinking_tokens": 6}, "service_tier": "standard"}});
    let answer = read(&body);
    assert_eq!((answer.id.as_deref(), answer.model.as_deref()), (Some("msg_1"), Some("claude")));
    let contents: Vec<&Content> = answer.choices[0].blocks.iter().map(|block| &block.content).collect();
    let thought = |text: &str, kind: &'static str, data: &str| {
        let proof = Some(Opaque::new(Protocol::AnthropicMessages, kind, data));
        Content::Reasoning(Reasoning { text: text.into(), proof, is_summary: false })
    };
    assert_eq!(*contents[0], thought("Hm", "signature", "EqQB"));
    assert_eq!(*contents[1], thought("", "redacted", "EmwK"));
    assert_eq!(*contents[2], thought("", "signature", "EqQC"), "c08: a signature without text is kept");
    assert_eq!(*contents[3], Content::text("Hi"));
    assert!(matches!(contents[4], Content::Opaque(opaque) if opaque.kind == "server_tool_use"));
    assert!(matches!(contents[5], Content::ToolCall(call) if call.id == "t"));
    assert_eq!(answer.choices[0].finish, Some(FinishReason::ToolCalls));
    let usage = Usage {
        input_uncached: 9,
        cache_read: 5,
        cache_write_5m: 3,
        cache_write_1h: 4,
        output_text: 14,
        reasoning: 6,
        ..Usage::default()
    };
    assert_eq!(answer.usage, Some(usage));
    assert_eq!(answer.losses.len(), 1, "the container: {:?}", answer.losses);
}

#[test]
fn c01_g05_every_reason_both_ways() {
    use FinishReason::{Filtered, Length, Other, Paused, Stop, StopSequence, ToolCalls};
    for (word, reason) in [
        ("end_turn", Stop),
        ("max_tokens", Length),
        ("model_context_window_exceeded", Length),
        ("stop_sequence", StopSequence(Some("END".into()))),
        ("tool_use", ToolCalls),
        ("pause_turn", Paused),
        ("refusal", Filtered),
        ("compaction", Other("compaction".into())),
    ] {
        let sequence = (word == "stop_sequence").then_some("END");
        let body = json!({"content": [], "stop_reason": word, "stop_sequence": sequence});
        assert_eq!(read(&body).choices[0].finish, Some(reason.clone()));
        let (body, lost) = written(&answer(vec![], Some(reason.clone())));
        match reason {
            Length => assert_eq!(body["stop_reason"], "max_tokens"),
            Other(_) => {
                assert_eq!(
                    (body["stop_reason"].as_str(), lost),
                    (Some("end_turn"), vec!["finish_reason".to_owned()])
                );
                let called = written(&answer(vec![call("{}")], Some(reason.clone()))).0;
                assert_eq!(called["stop_reason"], "tool_use", "there are calls to be answered");
            }
            _ => assert_eq!((body["stop_reason"].as_str(), lost.len()), (Some(word), 0)),
        }
        assert_eq!(body["stop_sequence"].as_str(), sequence);
    }
    assert_eq!(read(&json!({"content": []})).choices[0].finish, None);
    assert_eq!(written(&answer(vec![], None)).0["stop_reason"], Value::Null, "no reason is made up");
}

#[test]
fn c01_d09_refusals_in_words() {
    let details = json!({"type": "refusal", "category": "cyber", "explanation": "No."});
    let read = read(&json!({"content": [], "stop_reason": "refusal", "stop_details": details}));
    assert_eq!(read.choices[0].blocks[0].content, Content::Refusal("No.".into()));
    assert_eq!(read.losses[0].what, "stop_details.category");
    for reason in [FinishReason::Stop, FinishReason::Filtered] {
        let (body, lost) = written(&answer(vec![Content::Refusal("I will not.".into())], Some(reason)));
        assert_eq!(body["content"], json!([{"type": "text", "text": "I will not."}]));
        assert_eq!((body["stop_reason"].as_str(), lost.len()), (Some("refusal"), 0));
    }
    let (body, _) = written(&answer(vec![], Some(FinishReason::Filtered)));
    assert_eq!(body["stop_reason"], "refusal", "an answer of nothing says why");
}

#[test]
fn a07_a_failure_in_an_answers_place() {
    let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"x"}}"#;
    let failed = decode(error.as_bytes()).map_err(TranslateError::from);
    assert_eq!(failed, Err(TranslateError::Failed(Failure::Overloaded { retry_after: None })));
    for odd in ["{}", "[]", r#"{"content":"hi"}"#, r#"{"content":[{"text":"x"}]}"#] {
        let read = decode(odd.as_bytes()).map_err(TranslateError::from);
        assert!(matches!(read, Err(TranslateError::Malformed { .. })), "{odd}");
    }
}

#[test]
fn ids_and_models_that_fit_are_kept_and_others_made() {
    let named = |id: Option<&str>, model: Option<&str>| {
        let answer = Answer { id: id.map(Into::into), model: model.map(Into::into), ..answer(vec![], None) };
        let body = written(&answer).0;
        (body["id"].as_str().unwrap().to_owned(), body["model"].as_str().unwrap().to_owned())
    };
    assert_eq!(named(Some("msg_7"), Some("claude")), ("msg_7".into(), "claude".into()));
    assert_eq!(named(Some("chatcmpl-7"), None), ("msg_01jd".into(), "asked".into()));
    assert_eq!(named(None, None), ("msg_01jd".into(), "asked".into()));
}

#[test]
fn h01_usage_is_split_as_the_dialect_splits_it() {
    let usage = Usage {
        input_uncached: 10,
        image_in: 2,
        cache_read: 5,
        cache_write_5m: 3,
        cache_write_1h: 4,
        output_text: 14,
        reasoning: 6,
        tool_requests: 1,
        ..Usage::default()
    };
    let (body, lost) = written(&Answer { usage: Some(usage), ..answer(vec![], None) });
    let expected = json!({"input_tokens": 12, "cache_creation_input_tokens": 7, "cache_read_input_tokens": 5,
        "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4}, "output_tokens": 20,
        "output_tokens_details": {"thinking_tokens": 6},
        "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0}});
    assert_eq!((&body["usage"], lost), (&expected, vec!["usage.modalities".to_owned()]));
    let (body, lost) = written(&Answer { usage: None, ..answer(vec![], None) });
    assert_eq!((&body["usage"]["input_tokens"], lost), (&json!(77), vec!["usage".to_owned()]));
}

#[test]
fn b07_a_call_that_broke_off_is_still_json() {
    let (body, lost) = written(&answer(vec![call(r#"{"city": "Pa"#)], Some(FinishReason::Length)));
    assert_eq!(body["content"][0]["input"], json!({"INVALID_JSON": "{\"city\": \"Pa"}));
    assert_eq!(lost, ["tool_call.arguments"]);
    let exact = encode(&answer(vec![call(r#"{ "n":9007199254740993 }"#)], None), &about()).unwrap().body;
    assert!(
        String::from_utf8_lossy(&exact).contains(r#""input":{ "n":9007199254740993 }"#),
        "spliced as it came"
    );
}

#[test]
fn citations_with_an_address_are_said() {
    let cited = |url: Option<&str>| {
        let text = |text: &str| Some(text.to_owned());
        let citation = Citation {
            url: url.map(Into::into),
            title: text("t"),
            quote: text("q"),
            range: Some((1, 5)),
            place: None,
        };
        Content::Text(Text { text: "words".into(), citations: vec![citation], ..Text::default() })
    };
    let (body, lost) = written(&answer(vec![cited(Some("https://x"))], None));
    let citation = &body["content"][0]["citations"][0];
    assert_eq!((citation["type"].as_str(), lost.len()), (Some("web_search_result_location"), 0));
    assert_eq!((citation["url"].as_str(), citation["cited_text"].as_str()), (Some("https://x"), Some("q")));
    assert!(
        citation["encrypted_index"].as_str().unwrap().starts_with("rlv1."),
        "nobody takes it for Anthropic's"
    );
    assert_eq!(written(&answer(vec![cited(None)], None)).1, ["citations"]);
}

#[test]
fn d11_thoughts_of_other_makers_carry_a_seal() {
    let thought =
        |text: &str, proof| Content::Reasoning(Reasoning { text: text.into(), proof, is_summary: true });
    let foreign = Opaque {
        owner: Some("them".into()),
        ..Opaque::new(Protocol::OpenaiResponses, "encrypted_content", "x")
    };
    let contents = vec![
        thought("Hm", None),
        thought("Hm", Some(foreign.clone())),
        thought("", Some(foreign.clone())),
        thought("", None),
    ];
    let (body, lost) = written(&answer(contents, None));
    let content = body["content"].as_array().unwrap();
    assert_eq!((content.len(), lost.len()), (3, 0), "where there is nothing to say nothing is said");
    let unsigned = Opaque::unseal(content[0]["signature"].as_str().unwrap()).unwrap();
    assert_eq!((unsigned.protocol, unsigned.kind.as_ref()), (Protocol::AnthropicMessages, "unsigned"));
    assert_eq!(content[1], json!({"type": "thinking", "thinking": "Hm", "signature": foreign.seal()}));
    assert_eq!(content[2], json!({"type": "redacted_thinking", "data": foreign.seal()}));
}

#[test]
fn f04_the_proof_of_a_call_stands_before_it() {
    let proof =
        Opaque { owner: Some("them".into()), ..Opaque::new(Protocol::Gemini, "thought_signature", "x") };
    let mut called = call("{}");
    if let Content::ToolCall(call) = &mut called {
        call.proof = Some(proof.clone());
    }
    let (body, lost) = written(&answer(vec![Content::text("so"), called], None));
    let types: Vec<&str> =
        body["content"].as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!((types, lost.len()), (vec!["text", "thinking", "tool_use"], 0));
    assert_eq!(body["content"][1], json!({"type": "thinking", "thinking": "", "signature": proof.seal()}));
}

#[test]
fn what_an_answer_cannot_hold() {
    let media = testing::media(MediaKind::Image, None, MediaSource::Base64("/9j/".into()));
    let refused = |answer: &Answer| matches!(encode(answer, &about()), Err(TranslateError::Unsayable { .. }));
    assert!(refused(&answer(vec![Content::Media(media)], None)));
    let two = Answer { choices: vec![Choice::default(), Choice::default()], ..Answer::default() };
    assert!(refused(&two) && refused(&Answer::default()));
    let foreign = Content::Opaque(Opaque::new(Protocol::OpenaiResponses, "web_search_call", "{}"));
    let (body, lost) = written(&answer(vec![foreign], None));
    assert_eq!(
        (body["content"][0]["type"].as_str(), lost),
        (Some("redacted_thinking"), vec!["web_search_call".to_owned()])
    );
}
