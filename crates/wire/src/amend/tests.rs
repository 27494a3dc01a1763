//! What each dialect makes of a deployment's changes, and that nothing else changes.

use bytes::Bytes;
use catalogue::{Protocol, Quirks};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{AmendTo, Amendments, Parameters};
use crate::conversation::Request;
use crate::{codec, splice};

const PREFIX: &str = "Answer \"briefly\".\nIn French.";

fn prefix() -> Amendments {
    Amendments { system_prefix: Some(PREFIX.into()), ..Amendments::default() }
}

fn to(quirks: Quirks) -> AmendTo<'static> {
    AmendTo { model: "eu.anthropic.claude-x", quirks, max_tokens: Some(4000), keeps_threads: true }
}

/// The body as it goes out, and the names of what it leaves out.
fn amended(protocol: Protocol, body: &str, amendments: &Amendments, quirks: Quirks) -> (String, Vec<String>) {
    let made = codec(protocol).unwrap().amend(body.as_bytes(), amendments, &to(quirks));
    let mut edits = made.edits;
    let text = splice(&Bytes::copy_from_slice(body.as_bytes()), &mut edits).concat();
    (String::from_utf8(text).unwrap(), made.losses.into_iter().map(|loss| loss.what).collect())
}

fn prefixed(protocol: Protocol, body: &Value) -> Value {
    let (text, losses) = amended(protocol, &body.to_string(), &prefix(), Quirks::default());
    assert_eq!(losses, [""; 0]);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn chat_instructions_are_the_first_message() {
    let ask = |messages: Value| {
        prefixed(Protocol::OpenaiChat, &json!({ "messages": messages }))["messages"].clone()
    };
    let user = json!({ "role": "user", "content": "Hi" });
    let ours = json!({ "role": "system", "content": PREFIX });
    assert_eq!(ask(json!([user])), json!([ours, user]));
    assert_eq!(ask(json!([])), json!([ours]));
    for role in ["system", "developer"] {
        let with = |content: Value| json!({ "role": role, "content": content });
        assert_eq!(
            ask(json!([with(json!("Be kind.")), user])),
            json!([with(json!(format!("{PREFIX}\n\nBe kind."))), user])
        );
        assert_eq!(ask(json!([with(json!("")), user])), json!([with(json!(PREFIX)), user]));
        assert_eq!(ask(json!([with(json!(null)), user])), json!([with(json!(PREFIX)), user]));
        let marked = json!({ "type": "text", "text": "Long.", "cache_control": { "type": "ephemeral" } });
        let block = json!({ "type": "text", "text": PREFIX });
        assert_eq!(ask(json!([with(json!([marked])), user])), json!([with(json!([block, marked])), user]));
        assert_eq!(ask(json!([with(json!([])), user])), json!([with(json!([block])), user]));
    }
}

#[test]
fn instructions_in_a_member_of_their_own() {
    let messages = |body: Value| prefixed(Protocol::AnthropicMessages, &body)["system"].clone();
    let block = json!({ "type": "text", "text": PREFIX });
    let marked =
        json!({ "type": "text", "text": "Long.", "cache_control": { "type": "ephemeral", "ttl": "1h" } });
    assert_eq!(messages(json!({ "messages": [] })), json!(PREFIX));
    assert_eq!(messages(json!({ "system": null })), json!(PREFIX));
    assert_eq!(messages(json!({ "system": "Be kind." })), json!(format!("{PREFIX}\n\nBe kind.")));
    assert_eq!(messages(json!({ "system": [marked] })), json!([block, marked]));
    assert_eq!(messages(json!({ "system": [] })), json!([block]));

    let responses = |body: Value| prefixed(Protocol::OpenaiResponses, &body)["instructions"].clone();
    assert_eq!(responses(json!({ "input": "Hi" })), json!(PREFIX));
    assert_eq!(responses(json!({ "instructions": null, "input": "Hi" })), json!(PREFIX));
    assert_eq!(responses(json!({ "instructions": "Be kind." })), json!(format!("{PREFIX}\n\nBe kind.")));

    let converse = |body: Value| prefixed(Protocol::BedrockConverse, &body)["system"].clone();
    let (block, point) = (json!({ "text": PREFIX }), json!({ "cachePoint": { "type": "default" } }));
    assert_eq!(converse(json!({ "messages": [] })), json!([block]));
    assert_eq!(
        converse(json!({ "system": [{ "text": "Long." }, point] })),
        json!([block, { "text": "Long." }, point])
    );

    for name in ["systemInstruction", "system_instruction"] {
        let gemini =
            |value: Value| prefixed(Protocol::Gemini, &json!({ name: value, "contents": [] }))[name].clone();
        assert_eq!(
            gemini(json!({ "parts": [{ "text": "Kind." }] })),
            json!({ "parts": [block, { "text": "Kind." }] })
        );
        assert_eq!(gemini(json!({ "role": "user" })), json!({ "parts": [block], "role": "user" }));
        assert_eq!(gemini(json!(null)), json!({ "parts": [block] }));
    }
    let body = json!({ "contents": [] });
    assert_eq!(prefixed(Protocol::Gemini, &body)["systemInstruction"], json!({ "parts": [block] }));
}

#[test]
fn what_has_no_form_that_is_known_stays_and_is_named() {
    let body = r#"{"system":7,"messages":[]}"#;
    let (text, losses) = amended(Protocol::AnthropicMessages, body, &prefix(), Quirks::default());
    assert_eq!((&*text, losses), (body, vec!["system".to_owned()]));
}

fn everything(effort: &str) -> Amendments {
    let number = |text: &str| Some(text.to_owned());
    let parameters = Parameters {
        temperature: number("0.30"),
        top_p: number("0.9"),
        top_k: number("40"),
        seed: number("7"),
        frequency_penalty: number("0.5"),
        presence_penalty: number("-0.5"),
        max_tokens: Some(3000),
        stop: Some(vec!["END".to_owned()]),
        reasoning_effort: Some(effort.into()),
    };
    Amendments { system_prefix: None, parameters }
}

#[test]
fn parameters_in_each_dialects_words() {
    let said = |protocol, body: &str, quirks| {
        let (text, losses) = amended(protocol, body, &everything("low"), quirks);
        (serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{error}: {text}")), losses)
    };
    let none = Quirks::default();
    let (chat, losses) = said(Protocol::OpenaiChat, r#"{"max_completion_tokens":9,"temperature":1}"#, none);
    assert_eq!(losses, ["top_k"]);
    let expected = json!({
        "max_completion_tokens": 3000, "temperature": 0.30, "top_p": 0.9, "seed": 7, "frequency_penalty": 0.5,
        "presence_penalty": -0.5, "stop": ["END"], "reasoning_effort": "low",
    });
    assert_eq!(chat, expected);
    let (chat, _) = said(Protocol::OpenaiChat, r#"{"reasoning":{"max_tokens":5}}"#, Quirks::REASONING_OBJECT);
    assert_eq!((&chat["reasoning"], &chat["max_tokens"]), (&json!({ "effort": "low" }), &json!(3000)));
    let (chat, _) = said(Protocol::OpenaiChat, r#"{"n":1}"#, Quirks::MAX_COMPLETION_TOKENS);
    assert_eq!((&chat["max_completion_tokens"], &chat["max_tokens"]), (&json!(3000), &json!(null)));

    let (responses, losses) = said(Protocol::OpenaiResponses, r#"{"reasoning":{"summary":"auto"}}"#, none);
    assert_eq!(losses, ["top_k", "seed", "frequency_penalty", "presence_penalty", "stop"]);
    assert_eq!(responses["reasoning"], json!({ "effort": "low", "summary": "auto" }));
    assert_eq!(responses["max_output_tokens"], 3000);

    let (gemini, losses) = said(
        Protocol::Gemini,
        r#"{"generation_config":{"top_k":1,"thinking_config":{"thinking_budget":-1,"includeThoughts":true}}}"#,
        Quirks::THINKING_LEVEL,
    );
    assert_eq!(losses, [""; 0]);
    let config = &gemini["generation_config"];
    assert_eq!(config["thinking_config"], json!({ "thinkingLevel": "LOW", "includeThoughts": true }));
    assert_eq!((&config["top_k"], &config["maxOutputTokens"]), (&json!(40), &json!(3000)));
    assert_eq!(config["stopSequences"], json!(["END"]));
    let (gemini, _) = said(Protocol::Gemini, "{\"contents\":[]}", none);
    assert_eq!(gemini["generationConfig"]["thinkingConfig"], json!({ "thinkingBudget": 2048 }));
}

#[test]
fn claude_thinks_where_it_can() {
    let effort = |word: &str| Amendments {
        parameters: Parameters { reasoning_effort: Some(word.into()), ..Parameters::default() },
        ..Amendments::default()
    };
    let said = |protocol, body: Value, word: &str, quirks| {
        let (text, losses) = amended(protocol, &body.to_string(), &effort(word), quirks);
        (serde_json::from_str::<Value>(&text).unwrap(), losses)
    };
    let messages = Protocol::AnthropicMessages;
    let hot = json!({ "temperature": 0.2, "max_tokens": 4000 });
    let (body, losses) = said(messages, hot.clone(), "high", Quirks::default());
    assert_eq!(body, json!({ "max_tokens": 4000, "thinking": { "type": "enabled", "budget_tokens": 3999 } }));
    assert_eq!(losses, ["temperature"]);
    let (body, _) = said(messages, hot.clone(), "high", Quirks::ADAPTIVE_THINKING);
    assert_eq!(
        (&body["thinking"], &body["output_config"]),
        (&json!({ "type": "adaptive" }), &json!({ "effort": "high" }))
    );
    let (body, losses) = said(messages, hot, "none", Quirks::ADAPTIVE_THINKING);
    assert_eq!((&body["thinking"]["type"], &body["temperature"]), (&json!("disabled"), &json!(0.2)));
    assert_eq!(losses, [""; 0]);
    for clash in [
        json!({ "tool_choice": { "type": "any" } }),
        json!({ "messages": [{ "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "t" }] }] }),
    ] {
        let (body, losses) = said(messages, clash.clone(), "high", Quirks::default());
        assert_eq!((body, losses), (clash, vec!["reasoning_effort".to_owned()]));
    }
    let converse = Protocol::BedrockConverse;
    let asked = json!({ "inferenceConfig": { "temperature": 0.2, "maxTokens": 4000 } });
    let (body, losses) = said(converse, asked, "low", Quirks::default());
    assert_eq!(
        body["additionalModelRequestFields"]["thinking"],
        json!({ "type": "enabled", "budget_tokens": 2048 })
    );
    assert_eq!(
        (&body["inferenceConfig"], losses),
        (&json!({ "maxTokens": 4000 }), vec!["temperature".to_owned()])
    );
}

#[test]
fn a_client_that_wants_less_gets_less() {
    let amendments = everything("none");
    for (protocol, body) in [
        (Protocol::OpenaiChat, r#"{"max_completion_tokens":9}"#),
        (Protocol::OpenaiResponses, r#"{"max_output_tokens":9}"#),
        (Protocol::AnthropicMessages, r#"{"max_tokens":9}"#),
        (Protocol::Gemini, r#"{"generationConfig":{"maxOutputTokens":9}}"#),
        (Protocol::BedrockConverse, r#"{"inferenceConfig":{"maxTokens":9}}"#),
    ] {
        let to = AmendTo { max_tokens: Some(9), ..to(Quirks::default()) };
        let mut edits = codec(protocol).unwrap().amend(body.as_bytes(), &amendments, &to).edits;
        let text = splice(&Bytes::copy_from_slice(body.as_bytes()), &mut edits).concat();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("okens\":9") && !text.contains("3000"), "{protocol}: {text}");
    }
    let request = Request { max_tokens: Some(9), ..Request::default() };
    assert_eq!(amendments.to(&request).max_tokens, Some(9));
}

#[test]
fn a_client_that_has_claude_think_is_not_made_wrong() {
    let said = |protocol, body: &Value, most: u64| {
        let parameters = Parameters {
            max_tokens: Some(most),
            temperature: Some("0.3".into()),
            top_k: Some("40".into()),
            ..Parameters::default()
        };
        let amendments = Amendments { parameters, ..Amendments::default() };
        let (text, losses) = amended(protocol, &body.to_string(), &amendments, Quirks::default());
        (serde_json::from_str::<Value>(&text).unwrap(), losses)
    };
    let thinking = |budget: u64| json!({ "type": "enabled", "budget_tokens": budget });
    let messages = |most: u64, budget: u64| json!({ "max_tokens": most, "thinking": thinking(budget) });
    let converse = |most: u64, budget: u64| {
        let more = json!({ "thinking": thinking(budget) });
        json!({ "inferenceConfig": { "maxTokens": most }, "additionalModelRequestFields": more })
    };
    let hot = ["temperature", "top_k"];
    for protocol in [Protocol::AnthropicMessages, Protocol::BedrockConverse] {
        let body = |most, budget| match protocol {
            Protocol::BedrockConverse => converse(most, budget),
            _ => messages(most, budget),
        };
        let (told, losses) = said(protocol, &body(4000, 2000), 3000);
        assert_eq!((told, losses.as_slice()), (body(3000, 2000), &hot.map(str::to_owned)[..]), "{protocol}");
        let (told, mut losses) = said(protocol, &body(4000, 3500), 3000);
        losses.sort();
        assert_eq!(told, body(3000, 2999), "{protocol}");
        assert_eq!(losses, ["temperature", "thinking.budget_tokens", "top_k"], "{protocol}");
        let (told, mut losses) = said(protocol, &body(4000, 3500), 1000);
        losses.sort();
        assert_eq!(told, body(4000, 3500), "{protocol}");
        assert_eq!(losses, ["max_tokens", "temperature", "top_k"], "{protocol}");
    }
    let off = json!({ "max_tokens": 4000, "thinking": { "type": "disabled" } });
    let (told, losses) = said(Protocol::AnthropicMessages, &off, 1000);
    assert_eq!((&told["max_tokens"], &told["temperature"], losses.len()), (&json!(1000), &json!(0.3), 0));
}

#[test]
fn a_tools_result_is_a_block_and_not_a_word() {
    let effort = Parameters { reasoning_effort: Some("low".into()), ..Parameters::default() };
    let amendments = Amendments { parameters: effort, ..Amendments::default() };
    let is_told = |protocol, content: Value| {
        let body = json!({ "messages": [{ "role": "user", "content": content }] }).to_string();
        amended(protocol, &body, &amendments, Quirks::default()).1.is_empty()
    };
    let (messages, converse) = (Protocol::AnthropicMessages, Protocol::BedrockConverse);
    assert!(is_told(messages, json!([{ "type": "text", "text": "What is", "x": ["tool_result"] }])));
    assert!(!is_told(
        messages,
        json!([{ "text": "", "type": "text" }, { "tool_use_id": "t", "type": "tool_result" }])
    ));
    assert!(is_told(converse, json!([{ "text": "toolResult", "x": { "toolResult": 1 } }])));
    assert!(!is_told(converse, json!([{ "text": "" }, { "toolResult": { "toolUseId": "t" } }])));
}

#[test]
fn the_neutral_request_is_changed_likewise() {
    let mut amendments = everything("none");
    amendments.system_prefix = Some(PREFIX.into());
    let client = codec(Protocol::AnthropicMessages).unwrap().translator().unwrap().client().unwrap();
    let body = r#"{"max_tokens":9,"temperature":1,"system":[{"type":"text","text":"Kind.","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"Hi"}]}"#;
    let request: Request = client.decode_request(body.as_bytes()).unwrap();
    let changed = amendments.to(&request);
    let twice = amendments.to(&request);
    assert_eq!(changed, twice);
    assert_eq!((changed.max_tokens, changed.sampling.temperature.as_deref()), (Some(9), Some("0.30")));
    assert_eq!(changed.turns.len(), request.turns.len());
    assert_eq!(changed.turns[0].blocks.len(), 2);
    assert_eq!(changed.turns[0].blocks[1], request.turns[0].blocks[0], "the client's mark stays");
    assert!(matches!(Amendments::default().to(&request), std::borrow::Cow::Borrowed(_)));
    let words = "system_prefix, temperature = 0.30, top_p = 0.9, top_k = 40, seed = 7, frequency_penalty = 0.5, \
                 presence_penalty = -0.5, max_tokens = 3000, stop = [\"END\"], reasoning_effort = none";
    assert_eq!(amendments.to_string(), words);
}

/// A JSON value, not too deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z\"\\\\\u{e9}{}\\[\\],]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("(system|content|role|parts|text|thinking|a)", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_body() -> impl Strategy<Value = Value> {
    let name = "(messages|contents|input|system|instructions|systemInstruction|generationConfig|inferenceConfig|temperature|\
                max_tokens|thinking|tool_choice|reasoning|other)";
    proptest::collection::vec((name, any_json()), 0..6)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

proptest! {
    /// Whatever a client sends, what goes out is JSON, the same each time; members that are not ours to change do not.
    #[test]
    fn p4_amended_bodies_stay_json(body in any_body(), pretty in any::<bool>(), effort in "(none|low|max)") {
        let text = if pretty { serde_json::to_string_pretty(&body).unwrap() } else { body.to_string() };
        let mut amendments = everything(&effort);
        amendments.system_prefix = Some(PREFIX.into());
        for protocol in [
            Protocol::OpenaiChat,
            Protocol::OpenaiResponses,
            Protocol::AnthropicMessages,
            Protocol::Gemini,
            Protocol::BedrockConverse,
        ] {
            let (once, losses) = amended(protocol, &text, &amendments, Quirks::default());
            let read: Value = serde_json::from_str(&once).map_err(|error| TestCaseError::fail(format!("{error}: {once}")))?;
            prop_assert_eq!(&read["other"], &body["other"]);
            prop_assert_eq!((once, losses), amended(protocol, &text, &amendments, Quirks::default()));
        }
    }
}
