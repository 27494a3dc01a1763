//! What others have got wrong between two protocols, held here from bytes to bytes.

use serde_json::{Value, json};

use super::*;
use crate::codec::Codec;

fn codec(protocol: Protocol) -> &'static dyn Codec {
    crate::codec(protocol).unwrap()
}

/// A client's request as a supplier gets it, and what is named as lost.
fn sent(from: Protocol, to: Protocol, body: &Value) -> (Value, Vec<String>) {
    let client = codec(from).translator().unwrap().client().unwrap();
    let read = client.decode_request(body.to_string().as_bytes()).unwrap();
    let sent = request(&read, codec(to).translator().unwrap(), &target()).unwrap();
    (serde_json::from_slice(&sent.body).unwrap(), sent.losses.into_iter().map(|loss| loss.what).collect())
}

/// A supplier's answer as a client gets it.
fn told(from: Protocol, to: Protocol, body: &Value) -> Value {
    let (supplier, client) = (codec(from).translator().unwrap(), codec(to).translator().unwrap());
    let told =
        answer(body.to_string().as_bytes(), supplier, client.client().unwrap(), &Undo::default(), &about());
    serde_json::from_slice(&told.unwrap().body).unwrap()
}

#[test]
fn a14_what_is_too_deep_is_an_error_and_large_integers_stay() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for protocol in Protocol::ALL {
        let translator = codec(protocol).translator().unwrap();
        assert!(translator.decode_answer(deep.as_bytes()).is_err(), "{protocol}");
        let Some(client) = translator.client() else { continue };
        for body in [deep.clone(), format!(r#"{{"unknown":{deep}}}"#)] {
            let read = client.decode_request(body.as_bytes());
            assert!(matches!(read, Err(TranslateError::Malformed { .. })), "{protocol}");
        }
    }
    let schema = json!({"type": "object", "properties": {"n": {"const": 18_446_744_073_709_551_615_u64}}});
    let tool = json!({"type": "function", "function": {"name": "f", "parameters": schema}});
    let body = json!({"messages": [{"role": "user", "content": "?"}], "tools": [tool]});
    for (to, place) in [
        (Protocol::AnthropicMessages, "/tools/0/input_schema"),
        (Protocol::OpenaiResponses, "/tools/0/parameters"),
        (Protocol::Gemini, "/tools/0/functionDeclarations/0/parametersJsonSchema"),
        (Protocol::BedrockConverse, "/toolConfig/tools/0/toolSpec/inputSchema/json"),
        (Protocol::CohereChat, "/tools/0/function/parameters"),
        (Protocol::OllamaChat, "/tools/0/function/parameters"),
    ] {
        let (body, _) = sent(Protocol::OpenaiChat, to, &body);
        assert_eq!(body.pointer(place), Some(&schema), "{to}: {body}");
    }
}

#[test]
fn e11_the_wish_for_summaries_is_no_effort() {
    let body = json!({"input": "?", "reasoning": {"effort": "high", "summary": "detailed"}});
    let (chat, _) = sent(Protocol::OpenaiResponses, Protocol::OpenaiChat, &body);
    assert_eq!(chat["reasoning_effort"], "high");
    assert!(!chat.to_string().contains("summary"), "{chat}");
    let (chat, _) = sent(
        Protocol::OpenaiResponses,
        Protocol::OpenaiChat,
        &json!({"input": "?", "reasoning": {"summary": "auto"}}),
    );
    assert_eq!(chat.get("reasoning_effort"), None);
}

#[test]
fn f01_googles_stop_behind_a_call_says_that_tools_are_to_be_called() {
    let call = json!({"functionCall": {"name": "f", "args": {"n": 1}}});
    let body =
        json!({"candidates": [{"content": {"role": "model", "parts": [call]}, "finishReason": "STOP"}]});
    for (to, place, word) in [
        (Protocol::OpenaiChat, "/choices/0/finish_reason", "tool_calls"),
        (Protocol::AnthropicMessages, "/stop_reason", "tool_use"),
        (Protocol::BedrockConverse, "/stopReason", "tool_use"),
        (Protocol::OpenaiResponses, "/output/0/type", "function_call"),
    ] {
        let body = told(Protocol::Gemini, to, &body);
        assert_eq!(body.pointer(place), Some(&json!(word)), "{to}: {body}");
    }
}

#[test]
fn f16_f17_h01_tokens_are_counted_as_each_client_counts_them() {
    let usage = json!({"promptTokenCount": 100, "cachedContentTokenCount": 30, "candidatesTokenCount": 7,
        "thoughtsTokenCount": 5, "toolUsePromptTokenCount": 2, "totalTokenCount": 114});
    let content = json!({"role": "model", "parts": [{"text": "a"}]});
    let body = json!({"candidates": [{"content": content, "finishReason": "STOP"}], "usageMetadata": usage});
    let chat = told(Protocol::Gemini, Protocol::OpenaiChat, &body)["usage"].take();
    assert_eq!((&chat["prompt_tokens"], &chat["completion_tokens"]), (&json!(102), &json!(12)));
    assert_eq!(chat["prompt_tokens_details"]["cached_tokens"], 30);
    assert_eq!(chat["completion_tokens_details"]["reasoning_tokens"], 5);
    let messages = told(Protocol::Gemini, Protocol::AnthropicMessages, &body)["usage"].take();
    assert_eq!((&messages["input_tokens"], &messages["cache_read_input_tokens"]), (&json!(72), &json!(30)));
    assert_eq!(messages["output_tokens"], 12);
}

#[test]
fn h04_what_compactions_used_is_added() {
    let one = |kind: &str| json!({"type": kind, "input_tokens": 10, "output_tokens": 2});
    let usage =
        json!({"input_tokens": 10, "output_tokens": 2, "iterations": [one("compaction"), one("message")]});
    let body = json!({"type": "message", "role": "assistant", "content": [{"type": "text", "text": "a"}],
        "stop_reason": "end_turn", "usage": usage});
    let chat = told(Protocol::AnthropicMessages, Protocol::OpenaiChat, &body)["usage"].take();
    assert_eq!((&chat["prompt_tokens"], &chat["completion_tokens"]), (&json!(20), &json!(4)));
}
