//! Schemas as each supplier takes them, from clients who know nothing of it: from bytes to bytes.

use serde_json::{Value, json};

use super::*;

fn told(from: Protocol, to: Protocol, body: &Value) -> Result<Outbound, TranslateError> {
    let read = translator(from).client().unwrap().decode_request(body.to_string().as_bytes()).unwrap();
    request(&read, translator(to), &target())
}

/// A client's request as a supplier gets it, and what of formats and tools is named as lost.
fn sent(from: Protocol, to: Protocol, body: &Value) -> (Value, Vec<String>) {
    let sent = told(from, to, body).unwrap();
    let lost = sent.losses.into_iter().map(|loss| loss.what);
    let lost = lost.filter(|what| what.starts_with("response_format") || what.starts_with("tools"));
    (serde_json::from_slice(&sent.body).unwrap(), lost.collect())
}

/// What google-genai makes of `response_schema`.
fn from_gemini(schema: &Value) -> Value {
    json!({"contents": [{"role": "user", "parts": [{"text": "?"}]}],
        "generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": schema}})
}

fn from_messages(schema: &Value) -> Value {
    json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "?"}],
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
        "tools": [{"name": "f", "strict": true, "input_schema": schema}]})
}

const FORMAT_OF_MESSAGES: &str = "/output_config/format/schema";

#[test]
fn b12_objects_are_closed_for_claude_and_what_it_refuses_is_named() {
    let open =
        json!({"type": "object", "properties": {"a": {"type": "string", "minLength": 3}}, "required": ["a"]});
    let shut = json!({"type": "object", "properties": {"a": {"type": "string", "description": "{minLength: 3}"}},
        "required": ["a"], "additionalProperties": false});
    let (body, lost) = sent(Protocol::Gemini, Protocol::AnthropicMessages, &from_gemini(&open));
    assert_eq!(body.pointer(FORMAT_OF_MESSAGES), Some(&shut), "{body}");
    assert_eq!(lost, ["response_format.schema.minLength"]);
    let (body, lost) = sent(Protocol::Gemini, Protocol::BedrockConverse, &from_gemini(&open));
    let text =
        body.pointer("/outputConfig/textFormat/structure/jsonSchema/schema").unwrap().as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), shut);
    assert_eq!(lost, ["response_format.schema.minLength"]);
    // A strict tool is held to its schema in the same way; another stays as it is.
    let tool = |strict: bool| {
        json!({"messages": [{"role": "user", "content": "?"}],
            "tools": [{"type": "function", "function": {"name": "f", "parameters": open, "strict": strict}}]})
    };
    let (body, lost) = sent(Protocol::OpenaiChat, Protocol::AnthropicMessages, &tool(true));
    assert_eq!((&body["tools"][0]["input_schema"], &body["tools"][0]["strict"]), (&shut, &json!(true)));
    assert_eq!(lost, ["tools.schema.minLength"]);
    let (body, lost) = sent(Protocol::OpenaiChat, Protocol::AnthropicMessages, &tool(false));
    assert_eq!((&body["tools"][0]["input_schema"], lost), (&open, vec![]));
}

#[test]
fn b12_openai_gets_strict_only_for_what_it_takes() {
    let whole = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
    let optional =
        json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false});
    for (to, format, tool) in [
        (Protocol::OpenaiChat, "/response_format/json_schema", "/tools/0/function"),
        (Protocol::OpenaiResponses, "/text/format", "/tools/0"),
    ] {
        for (schema, strict) in [(&whole, true), (&optional, false)] {
            let (body, lost) = sent(Protocol::AnthropicMessages, to, &from_messages(schema));
            assert_eq!(body.pointer(&format!("{format}/schema")), Some(schema), "{to}: {body}");
            for place in [format, tool] {
                let said = body.pointer(&format!("{place}/strict")).and_then(Value::as_bool).unwrap_or(false);
                assert_eq!(said, strict, "{to}: {body}");
            }
            let names =
                ["tools.strict", "response_format.strict"].map(|name| lost.iter().any(|lost| lost == name));
            assert_eq!(names, [!strict; 2], "{to}: {lost:?}");
        }
    }
}

#[test]
fn b12_a_list_is_wrapped_where_only_objects_are_taken_and_comes_back_as_a_list() {
    let list = json!({"type": "array", "items": {"type": "string"}});
    let wrapped = json!({"type": "object", "properties": {"answer": list}, "required": ["answer"], "additionalProperties": false});
    for (to, place) in [
        (Protocol::OpenaiChat, "/response_format/json_schema/schema"),
        (Protocol::OpenaiResponses, "/text/format/schema"),
        (Protocol::CohereChat, "/response_format/json_schema"),
    ] {
        let told = told(Protocol::Gemini, to, &from_gemini(&list)).unwrap();
        let body: Value = serde_json::from_slice(&told.body).unwrap();
        assert_eq!(body.pointer(place), Some(&wrapped), "{to}: {body}");
        let answer = answered(vec![Content::text(r#"{"answer": ["a","b"]}"#)], FinishReason::Stop);
        assert_eq!(undone(told.undo, &answer), (vec![Content::text(r#"["a","b"]"#)], FinishReason::Stop));
    }
    for (to, place) in [(Protocol::AnthropicMessages, FORMAT_OF_MESSAGES), (Protocol::OllamaChat, "/format")]
    {
        assert_eq!(sent(Protocol::Gemini, to, &from_gemini(&list)).0.pointer(place), Some(&list), "{to}");
    }
    // The tokens of a wrapped answer are not the answer's.
    let mut body = from_gemini(&list);
    body["generationConfig"]["responseLogprobs"] = json!(true);
    let refused = told(Protocol::Gemini, Protocol::OpenaiChat, &body).unwrap_err();
    assert!(matches!(refused, TranslateError::Unsayable { what, .. } if what == "logprobs"));
}

#[test]
fn b12_what_claude_has_no_form_for_is_asked_for_by_a_tool() {
    let names = json!({"type": "object", "additionalProperties": {"type": "integer"}});
    for to in [Protocol::AnthropicMessages, Protocol::BedrockConverse] {
        let told = told(Protocol::Gemini, to, &from_gemini(&names)).unwrap();
        let body: Value = serde_json::from_slice(&told.body).unwrap();
        let tool = body
            .pointer("/tools/0/input_schema")
            .or(body.pointer("/toolConfig/tools/0/toolSpec/inputSchema/json"));
        assert_eq!(tool, Some(&names), "{to}: {body}");
        assert!(told.losses.iter().any(|loss| loss.what == "response_format.strict"), "{to}");
        let answer = answered(vec![call(ANSWER, r#"{"a":1}"#)], FinishReason::ToolCalls);
        assert_eq!(undone(told.undo, &answer), (vec![Content::text(r#"{"a":1}"#)], FinishReason::Stop));
    }
}

#[test]
fn g3_an_answer_is_json_whatever_the_model_says_beside_it() {
    let names = json!({"type": "object", "additionalProperties": {"type": "integer"}});
    let (words, other) = (|| Content::text("Here it is."), || call("f", "{}"));
    let one = || call(ANSWER, r#"{"a":1}"#);
    let json = || Content::text(r#"{"a":1}"#);
    for (said, expected, lost) in [
        (vec![one()], vec![json()], false),
        (vec![words(), one()], vec![json()], true),
        (vec![Content::text(" "), one()], vec![json()], false),
        (vec![one(), words(), call(ANSWER, r#"{"a":2}"#)], vec![json()], true),
        (vec![one(), other()], vec![json(), other()], false),
        (vec![one(), Content::text(" ")], vec![json()], false),
        (vec![words(), other(), one()], vec![words(), other(), json()], false),
        (vec![words(), other(), words(), one()], vec![words(), other(), json()], true),
        // What is no answer stays what it is.
        (vec![words()], vec![words()], false),
        (vec![words(), other(), words()], vec![words(), other(), words()], false),
    ] {
        let undo = || told(Protocol::Gemini, Protocol::AnthropicMessages, &from_gemini(&names)).unwrap().undo;
        let answer = answered(said, FinishReason::ToolCalls);
        assert_eq!(undone(undo(), &answer).0, expected);
        let mut whole = answer.clone();
        undo().answer(&mut whole);
        let mut stream = Stream::new(Arc::new(undo()));
        for event in answer.choices[0].blocks.iter().flat_map(|block| events_of(&block.content)) {
            stream.event(event, &mut Vec::new());
        }
        for losses in [&whole.losses[..], stream.losses()] {
            assert_eq!(losses.iter().any(|loss| loss.what == "response_format"), lost, "{expected:?}");
        }
    }
}

const ANSWER: &str = "answer_in_this_form";

#[test]
fn b12_any_json_is_really_asked_for_where_only_words_ask() {
    let asked = json!({"messages": [{"role": "user", "content": "High water, as JSON?"}],
        "response_format": {"type": "json_object"}});
    for to in [Protocol::AnthropicMessages, Protocol::BedrockConverse] {
        let (body, lost) = sent(Protocol::OpenaiChat, to, &asked);
        assert!(body["system"].to_string().contains("one JSON object and nothing else"), "{to}: {body}");
        assert_eq!(lost, ["response_format"], "{to}");
    }
}
