//! Whole answers both ways.

use catalogue::Protocol;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::testing::{
    about, any_finish, any_usage, call, converse, said_by_assistant, says, signature, thought,
};
use super::*;
use crate::conversation::*;

fn read(body: &Value) -> Answer {
    decode(body.to_string().as_bytes()).unwrap()
}

fn written(answer: &Answer) -> (Value, Vec<String>) {
    let encoded = encode(answer, &about()).unwrap();
    let losses = encoded.losses.into_iter().map(|loss| loss.what).collect();
    (serde_json::from_slice(&encoded.body).unwrap(), losses)
}

fn answered(content: impl IntoIterator<Item = Content>, finish: FinishReason) -> Answer {
    let blocks = content.into_iter().map(Block::from).collect();
    let choices = vec![Choice { blocks, finish: Some(finish) }];
    Answer { choices, usage: Some(Usage::default()), ..Answer::default() }
}

/// The example is of the shape that botocore's parser takes, with every member that means something here.
#[test]
fn an_answer_with_everything() {
    let text = include_str!("tests/everything.json");
    let body: Value = serde_json::from_str(text).unwrap();
    let answer = decode(text.as_bytes()).unwrap();
    let lost: Vec<&str> = answer.losses.iter().map(|loss| &*loss.what).collect();
    assert_eq!(lost, ["additionalModelResponseFields.x", "trace"]);
    let choice = &answer.choices[0];
    assert_eq!(choice.finish, Some(FinishReason::StopSequence(Some("END".into()))));
    assert_eq!(choice.blocks.len(), 8);
    let Content::Text(cited) = &choice.blocks[3].content else { panic!() };
    assert_eq!(cited.text, "It is sunny.");
    assert_eq!(cited.citations[0].url.as_deref(), Some("https://weather.example/paris"));
    assert_eq!(cited.citations[1].quote.as_deref(), Some("sun all day"));
    assert!(matches!(&choice.blocks[6].content, Content::Opaque(opaque) if opaque.kind == "toolUse"));
    assert!(matches!(&choice.blocks[7].content, Content::Opaque(opaque) if opaque.kind == "newKind"));

    let (again, losses) = written(&answer);
    assert_eq!(losses, [""; 0]);
    let mut expected = body;
    for gone in ["trace", "additionalModelResponseFields", "performanceConfig"] {
        expected.as_object_mut().unwrap().remove(gone);
    }
    expected["metrics"]["latencyMs"] = json!(0);
    assert_eq!(again, expected);
}

#[test]
fn k08_every_stop_reason() {
    let finish = |word: &str| {
        let body = json!({"output": {"message": {"content": [{"text": "a"}]}}, "stopReason": word});
        decode(body.to_string().as_bytes()).map(|answer| answer.choices[0].finish.clone().unwrap())
    };
    for (word, reason, again) in [
        ("end_turn", FinishReason::Stop, "end_turn"),
        ("tool_use", FinishReason::ToolCalls, "tool_use"),
        ("max_tokens", FinishReason::Length, "max_tokens"),
        ("stop_sequence", FinishReason::StopSequence(None), "stop_sequence"),
        ("guardrail_intervened", FinishReason::Filtered, "content_filtered"),
        ("content_filtered", FinishReason::Filtered, "content_filtered"),
        ("model_context_window_exceeded", FinishReason::Length, "max_tokens"),
        ("new", FinishReason::Other("new".into()), "end_turn"),
    ] {
        assert_eq!(finish(word), Ok(reason.clone()), "{word}");
        let (body, losses) = written(&answered([says("a")], reason));
        assert_eq!(body["stopReason"], again);
        assert_eq!(losses.is_empty(), word != "new");
    }
    for word in ["malformed_model_output", "malformed_tool_use"] {
        assert_eq!(finish(word), Err(TranslateError::Failed(Failure::Server)));
    }
    let (body, losses) = written(&answered([says("a")], FinishReason::Paused));
    assert_eq!((body["stopReason"].as_str(), losses.len()), (Some("max_tokens"), 1));
}

#[test]
fn nothing_is_made_up() {
    let body = json!({"output": {"message": {"content": [{"text": "a"}]}}});
    let answer = read(&body);
    assert_eq!((answer.usage, answer.choices[0].finish.clone()), (None, None));
    let (again, losses) = written(&answer);
    assert_eq!(again.get("stopReason"), None);
    // SDKs take usage for given.
    assert_eq!((again["usage"]["inputTokens"].clone(), losses), (json!(7), vec!["usage".to_owned()]));
    for malformed in
        [json!({}), json!({"output": {}}), json!({"output": {"message": {}}}), json!({"output": {"x": {}}})]
    {
        let refused = decode(malformed.to_string().as_bytes());
        assert!(matches!(refused, Err(TranslateError::Malformed { .. })), "{refused:?}");
    }
}

#[test]
fn what_a_client_cannot_be_told() {
    assert!(encode(&Answer::default(), &about()).is_err());
    let two = Answer { choices: vec![Choice::default(), Choice::default()], ..Answer::default() };
    assert!(encode(&two, &about()).is_err());
    let text = Text {
        text: "a".into(),
        citations: vec![Citation { range: Some((0, 1)), ..Citation::default() }],
        logprobs: vec![TokenLogprob {
            chosen: Logprob { token: "a".into(), logprob: "0".into(), bytes: None },
            top: vec![],
        }],
        proof: Some(Opaque::new(Protocol::Gemini, "thought_signature", "x")),
    };
    let proven = ToolCall {
        proof: text.proof.clone(),
        ..match call("1", "f", "{\"a\"") {
            Content::ToolCall(call) => call,
            _ => panic!(),
        }
    };
    let foreign = Opaque::new(Protocol::AnthropicMessages, "server_tool_use", "{}");
    let forged = Opaque::new(Protocol::BedrockConverse, "toolUse", "{}], \"x\": [");
    let (body, losses) = written(&answered(
        [
            Content::Text(text),
            Content::Refusal("no".into()),
            Content::ToolCall(proven),
            Content::Opaque(foreign),
            Content::Opaque(forged),
        ],
        FinishReason::Length,
    ));
    assert_eq!(
        losses,
        [
            "logprobs",
            "text.proof",
            "citation.range",
            "refusal",
            "tool_call.proof",
            "tool_call.arguments",
            "server_tool_use",
            "toolUse"
        ]
    );
    let content = body["output"]["message"]["content"].as_array().unwrap();
    assert_eq!(content[1], json!({"text": "no"}));
    // A call that was broken off is given as far as it goes, and known again when it comes back.
    assert_eq!(content[2], json!({"toolUse": {"toolUseId": "1", "name": "f", "input": "{\"a\""}}));
    assert_eq!(read(&body).choices[0].blocks[2].content, call("1", "f", "{\"a\""));
    let tools = Usage {
        tool_requests: 1,
        reasoning: 2,
        output_text: 3,
        audio_in: 4,
        image_in: 5,
        ..Usage::default()
    };
    let (body, losses) = written(&Answer { usage: Some(tools), ..answered([says("a")], FinishReason::Stop) });
    assert_eq!(losses, ["usage.tool_requests"]);
    assert_eq!(
        (&body["usage"]["inputTokens"], &body["usage"]["outputTokens"], &body["usage"]["totalTokens"]),
        (&json!(9), &json!(5), &json!(14))
    );
}

#[test]
fn k07_reasoning_always_has_a_text() {
    let (body, _) = written(&answered(
        [thought("", Some(signature("s"))), thought("", None), thought("t", None)],
        FinishReason::Stop,
    ));
    assert_eq!(
        body["output"]["message"]["content"],
        json!([
            {"reasoningContent": {"reasoningText": {"text": "", "signature": "s"}}},
            {"reasoningContent": {"reasoningText": {"text": "t", "signature": unsigned()}}},
        ])
    );
}

fn unsigned() -> String {
    Opaque::unsigned(Protocol::BedrockConverse).seal()
}

proptest! {
    #[test]
    fn what_converse_can_say_comes_back_as_it_was(
        content in prop::collection::vec(said_by_assistant(), 0..6), finish in any_finish(), usage in any_usage(),
    ) {
        let answer = Answer { usage: Some(usage), ..answered(content, finish) };
        let encoded = encode(&answer, &about()).unwrap();
        prop_assert_eq!(encoded.losses, []);
        prop_assert_eq!(decode(&encoded.body).unwrap(), answer);
    }

    #[test]
    fn damaged_answers_never_panic(
        content in prop::collection::vec(said_by_assistant(), 0..6), at in any::<prop::sample::Index>(), byte in any::<u8>(),
        bytes in any::<Vec<u8>>(),
    ) {
        let mut body = encode(&answered(content, FinishReason::Stop), &about()).unwrap().body.to_vec();
        let at = at.index(body.len());
        body[at] = byte;
        for body in [body, bytes] {
            let _ = super::super::reply::read(&body);
            if let Ok(answer) = converse().decode_answer(&body) {
                let encoded = encode(&answer, &about()).unwrap();
                prop_assert!(serde_json::from_slice::<Value>(&encoded.body).is_ok());
            }
        }
    }
}
